import { describe, expect, it } from "vitest";
import { settle } from "../support/fake-clock.ts";
import { station } from "../support/station.ts";

describe("De-register", () => {
  it("tells the server on stop, waits for its answer, and closes", async () => {
    const here = await station().registered();
    let stopped = false;
    here.server.verdict = () => undefined;
    const stop = here.client.stop().then(() => (stopped = true));
    await here.clock.advance(1_000);
    expect(here.server.log).toEqual(["DELETE /rd/r1"]);
    expect(here.client.registration).toMatchObject({ state: "off" });
    expect(stopped).toBe(false);
    here.server.verdict = (request) => here.server.grant(request);
    await here.clock.advance(3_000);
    await stop;
    expect(here.wires[0]!.near.isOpen).toBe(false);
  });

  it("does not wait longer than it may", async () => {
    const here = await station().registered();
    here.server.verdict = () => undefined;
    let stopped = false;
    void here.client.stop(2_000).then(() => (stopped = true));
    await here.clock.advance(1_990);
    expect(stopped).toBe(false);
    await here.clock.advance(20);
    expect(stopped).toBe(true);
  });

  it("takes a server that does not know us for done (E22)", async () => {
    const here = await station().registered();
    here.server.verdict = () => ({ code: 0x84 });
    await here.client.stop();
    expect(here.client.registration.state).toBe("off");
  });

  it("is safe to ask for twice, and before anything has begun", async () => {
    const here = await station().registered();
    await Promise.all([here.client.stop(), here.client.stop()]);
    expect(here.server.log).toEqual(["DELETE /rd/r1"]);
    const idle = station();
    await idle.client.stop();
    idle.client.start();
    await idle.clock.advance(10_000);
    expect(idle.server.requests).toEqual([]);
  });

  it("undoes a registration whose answer was still to come", async () => {
    const here = station();
    here.server.verdict = () => undefined;
    here.client.start();
    await settle();
    here.server.verdict = (request) => here.server.grant(request);
    const stop = here.client.stop();
    await here.clock.advance(4_000);
    await stop;
    expect(here.server.log.at(-1)).toBe("DELETE /rd/r1");
  });

  it("ends everything: no Update, no notification, no retry comes after it", async () => {
    const here = await station().registered();
    here.server.send("GET", { path: "/3303/0/5700", observe: 0 });
    await here.client.stop();
    const { length } = here.wires[0]!.near.sent;
    here.set([3303, 0, 5700], 5);
    await here.clock.advance(3_600_000);
    expect(here.wires[0]!.near.sent).toHaveLength(length);
    const failing = station();
    failing.server.verdict = () => ({ code: 0x83 });
    failing.client.start();
    await settle();
    await failing.client.stop();
    await failing.clock.advance(3_600_000);
    expect(failing.server.requests).toHaveLength(1);
  });

  it("does not wait for a way to the server that never opens", async () => {
    const here = station();
    here.wires[0]!.near.open = (signal?: AbortSignal) =>
      new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted"))));
    here.client.start();
    await settle();
    const stop = here.client.stop(1_000);
    await here.clock.advance(1_100);
    await stop;
    expect(here.client.registration.state).toBe("off");
  });
});
