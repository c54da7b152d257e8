/** Server-sent events over a real socket. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fields, ruuvi, TAG } from "../gateway/rig.ts";
import { HttpRig, Watcher } from "./rig.ts";

describe("a watcher", () => {
  let rig: HttpRig;
  beforeEach(async () => {
    rig = await HttpRig.start();
  });
  afterEach(() => rig.served.close());

  async function watch(): Promise<Watcher> {
    const watcher = await Watcher.open(rig);
    await watcher.until(() => watcher.of("inbox").length > 0);
    return watcher;
  }

  it("first gets the whole picture", async () => {
    const watcher = await watch();
    expect(watcher.events.map((each) => each.type)).toEqual(["status", "sensors", "inbox"]);
    expect(watcher.of("sensors")).toMatchObject([[{ endpoint: "gw" }, { endpoint: "sim-1" }]]);
    expect(watcher.of("inbox")).toMatchObject([[{ source: `radio/${TAG}` }]]);
    watcher.close();
  });

  it("then gets what changes", async () => {
    const watcher = await watch();
    await rig.gateway.heard("sim/sim-1", fields({ model: "climate", temperature: 25 }));
    await rig.gateway.clock.advance(600);
    await watcher.until(() => watcher.of("sensors").length > 1);
    expect(watcher.of("sensors")[1]).toMatchObject([{ endpoint: "sim-1", values: { "/3303/0/5700": { value: 25 } } }]);
    await rig.gateway.gateway.remove("sim-1");
    await watcher.until(() => watcher.of("removed").length > 0);
    expect(watcher.of("removed")).toEqual([{ endpoint: "sim-1" }]);
    await rig.gateway.heard(`radio/${TAG}`, ruuvi(300));
    await rig.gateway.clock.advance(600);
    await watcher.until(() => watcher.of("inbox").length > 1);
    watcher.close();
  });

  it("hears a heartbeat when nothing happens", async () => {
    const watcher = await watch();
    await rig.gateway.clock.advance(46_000);
    await watcher.until(() => watcher.comments >= 3);
    watcher.close();
  });

  it("is one of a bounded number", async () => {
    const watchers: Watcher[] = [];
    for (let i = 0; i < 32; i++) watchers.push(await Watcher.open(rig));
    const answer = await rig.ask("/api/events");
    expect(answer.status).toBe(503);
    expect(answer.text).toContain("32 watch already");
    watchers[0]?.close();
    await watchers[0]?.until(() => watchers[0]?.ended === true);
    for (;;) {
      const again = await Watcher.open(rig);
      if (again.status === 200) break;
    }
    for (const watcher of watchers) watcher.close();
  });

  it("is let go when the server closes", async () => {
    const watcher = await watch();
    await rig.served.close();
    await watcher.until(() => watcher.ended);
    expect(watcher.ended).toBe(true);
  });

  it("costs the gateway nothing after it has left", async () => {
    const watcher = await watch();
    let asked = 0;
    const { gateway } = rig.gateway;
    const status = gateway.status.bind(gateway);
    gateway.status = () => {
      asked += 1;
      return status();
    };
    await rig.gateway.clock.advance(4_000);
    expect(asked).toBeGreaterThan(0);
    watcher.close();
    await watcher.until(() => watcher.ended);
    // The other end notices with its next look at the socket.
    while ((await rig.ask("/api/inbox")).status !== 200);
    await rig.gateway.clock.advance(1_000);
    const before = asked;
    await rig.gateway.clock.advance(20_000);
    expect(asked).toBe(before);
  });
});
