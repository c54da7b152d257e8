/** Watchers who do not listen, and many of them, without a socket: nothing drains here unless the test says so. */

import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import type { GatewayEvent, GatewayListener } from "../../src/gateway/index.ts";
import { EventStream, type WatchedGateway } from "../../src/http/event-stream.ts";
import { Rig } from "../gateway/rig.ts";
import { FakeClock } from "../support/fake-clock.ts";

const NEWS: GatewayEvent = { type: "removed", endpoint: "sim-1" };

async function scene() {
  const clock = new FakeClock();
  const listeners = new Set<GatewayListener>();
  const status = (await Rig.start()).gateway.status();
  const gateway: WatchedGateway = {
    status: () => status,
    sensors: () => [],
    inbox: () => [],
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const stream = new EventStream(gateway, clock);
  const tell = (event: GatewayEvent) => {
    for (const listener of [...listeners]) listener(event);
  };
  /** A watcher whose bytes stay where they are. */
  const add = () => {
    const response = new ServerResponse(new IncomingMessage(new Socket()));
    stream.add(response);
    return response;
  };
  return { clock, listeners, stream, tell, add };
}

/** Words enough to fill any buffer. */
const flood = (endpoint = "x".repeat(200_000)): GatewayEvent => ({ type: "removed", endpoint });

describe("a stream of events", () => {
  it("asks the gateway once for all watchers, and no more when the last has left", async () => {
    const { listeners, add, stream } = await scene();
    const [one, two] = [add(), add()];
    expect(listeners.size).toBe(1);
    one.emit("close");
    expect(listeners.size).toBe(1);
    two.emit("close");
    expect(listeners.size).toBe(0);
    add();
    expect(listeners.size).toBe(1);
    stream.close();
    expect(listeners.size).toBe(0);
  });

  it("lets a watcher go whose line has been full for long", async () => {
    const { clock, tell, add } = await scene();
    const deaf = add();
    tell(flood());
    tell(NEWS);
    clock.tick(15_000);
    tell(NEWS);
    expect(deaf.destroyed).toBe(false);
    clock.tick(10_000);
    tell(NEWS);
    expect(deaf.destroyed).toBe(true);
  });

  it("lets a watcher go for whom too much has piled up, at once", async () => {
    const { tell, add, listeners } = await scene();
    const deaf = add();
    for (let i = 0; i < 60 && !deaf.destroyed; i++) tell(flood());
    expect(deaf.destroyed).toBe(true);
    expect(deaf.writableLength).toBeLessThan(12_000_000);
    expect(listeners.size).toBe(0);
  });

  it("does not let one deaf watcher cost the others a word", async () => {
    const { clock, tell, add } = await scene();
    const deaf = add();
    const good = add();
    const written: string[] = [];
    Object.defineProperty(good, "writableNeedDrain", { get: () => false });
    good.write = (chunk: unknown) => {
      written.push(String(chunk));
      return true;
    };
    tell(flood());
    tell(NEWS);
    clock.tick(30_000);
    tell(NEWS);
    expect([deaf.destroyed, good.destroyed]).toEqual([true, false]);
    expect(written.filter((text) => text === 'event: removed\ndata: {"endpoint":"sim-1"}\n\n')).toHaveLength(2);
  });

  it("takes no more than so many, and says so", async () => {
    const { add } = await scene();
    for (let i = 0; i < 32; i++) add();
    expect(() => add()).toThrow("32 watch already");
  });

  it("beats while somebody watches, and rests when nobody does", async () => {
    const { clock, add } = await scene();
    const watcher = add();
    const written: string[] = [];
    watcher.write = (chunk: unknown) => {
      written.push(String(chunk));
      return true;
    };
    clock.tick(31_000);
    expect(written).toEqual([":\n\n", ":\n\n"]);
    watcher.emit("close");
    clock.tick(60_000);
    expect(written).toHaveLength(2);
  });
});
