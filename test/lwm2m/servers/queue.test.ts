/** Queue Mode: a client that really sleeps (LwM2M Core 1.2 §6.5), in virtual time. */

import { describe, expect, it, vi } from "vitest";
import { path } from "../../../src/model/path.ts";
import { station, type Station } from "../../support/station.ts";

/** MAX_TRANSMIT_WAIT of the usual parameters. */
const WINDOW = 93_000;
const QUEUE = { account: { queue: true, lifetime: 86_400 } };

async function asleep(): Promise<Station> {
  const here = await station(QUEUE).registered();
  await here.clock.advance(WINDOW + 10);
  return here;
}

/** Whether the client answers a Read. */
async function hears({ server, clock }: Station): Promise<boolean> {
  const token = server.send("GET", { path: "/3303/0/5700", type: "NON" });
  await clock.advance(1);
  return server.answers(token).length > 0;
}

describe("a client in Queue Mode", () => {
  it("hears until MAX_TRANSMIT_WAIT after the last message, and not after", async () => {
    const here = await station(QUEUE).registered();
    await here.clock.advance(WINDOW - 1_000);
    expect(here.client.registration.asleep).toBeUndefined();
    expect(await hears(here)).toBe(true);
    await here.clock.advance(WINDOW - 1_000);
    expect(await hears(here)).toBe(true);
    await here.clock.advance(WINDOW + 10);
    expect(here.client.registration).toMatchObject({ state: "registered", asleep: true });
    expect(await hears(here)).toBe(false);
    await here.clock.advance(10);
    expect(await hears(here)).toBe(false);
  });

  it("wakes with an Update, and sleeps again after the window", async () => {
    const here = await asleep();
    here.tree.addInstance(path(3304, 0));
    await here.clock.advance(1_000);
    expect(here.server.log).toEqual(["POST /rd/r1"]);
    expect(here.client.registration.asleep).toBeUndefined();
    expect(await hears(here)).toBe(true);
    await here.clock.advance(WINDOW + 10);
    expect(here.client.registration.asleep).toBe(true);
  });

  it("wakes in time for the Update that keeps it registered", async () => {
    const here = await station({ account: { queue: true, lifetime: 600 } }).registered();
    await here.clock.advance(7_200_000);
    expect(here.client.registration).toMatchObject({ state: "registered", location: "/rd/r1" });
    expect(here.server.requests.length).toBeGreaterThan(12);
  });

  it("wakes with a notification", async () => {
    const here = await station(QUEUE).registered();
    const token = here.server.send("GET", { path: "/3303/0/5700", observe: 0 });
    await here.clock.advance(300_000);
    expect(here.client.registration.asleep).toBe(true);
    expect(await hears(here)).toBe(false);
    here.set([3303, 0, 5700], 25);
    await here.clock.advance(10);
    expect(here.server.answers(token).at(-1)?.text).toBe("25.0");
    expect(await hears(here)).toBe(true);
    await here.clock.advance(300_000);
    expect(here.client.registration.asleep).toBe(true);
  });

  it("wakes with a Send", async () => {
    const here = await asleep();
    void here.client.send([path(3303, 0, 5700)]);
    await here.clock.advance(10);
    expect(here.server.log).toEqual(["POST /dp"]);
    expect(await hears(here)).toBe(true);
  });

  it("hears the answer to what it has asked itself, also late", async () => {
    const here = await asleep();
    here.server.verdict = () => undefined;
    here.tree.addInstance(path(3304, 0));
    await here.clock.advance(5_000);
    here.server.verdict = (request) => here.server.grant(request);
    await here.clock.advance(20_000);
    expect(here.client.registration).toMatchObject({ state: "registered", location: "/rd/r1" });
  });

  it("sets no timer with a message", async () => {
    const here = await station(QUEUE).registered();
    const after = vi.spyOn(here.clock, "after");
    for (let i = 0; i < 100; i++) await here.server.ask("GET", { path: "/3303/0/5700" });
    expect(after).not.toHaveBeenCalled();
  });

  it("does not sleep while it is not registered", async () => {
    const here = await station(QUEUE).registered();
    await here.server.ask("PUT", { path: "/1/0/5", format: 0, payload: "600" });
    await here.server.ask("POST", { path: "/1/0/4" });
    await here.clock.advance(300_000);
    expect(here.client.registration.asleep).toBeUndefined();
    await here.clock.advance(301_000);
    expect(await hears(here)).toBe(true);
    await here.clock.advance(WINDOW + 10);
    expect(here.client.registration).toMatchObject({ state: "registered", asleep: true });
  });

  it("stays awake when a server of 1.0 takes the Q out of the binding", async () => {
    const here = await station({ account: { queue: true, version: "1.0", lifetime: 86_400 } }).registered();
    expect((await here.server.ask("GET", { path: "/1/0/7" })).text).toBe("UQ");
    await here.server.ask("PUT", { path: "/1/0/7", format: 0, payload: "U" });
    await here.clock.advance(3_600_000);
    expect(here.server.log).toEqual(["POST /rd/r1?b=U"]);
    expect(await hears(here)).toBe(true);
  });

  it("ends with the client", async () => {
    const here = await asleep();
    const stop = here.client.stop();
    await here.clock.advance(100);
    await stop;
    expect(here.server.log).toEqual(["DELETE /rd/r1"]);
    expect(here.client.registration.asleep).toBeUndefined();
  });
});

describe("a client that is not in Queue Mode", () => {
  it("hears at any time", async () => {
    const here = await station({ account: { lifetime: 86_400 } }).registered();
    await here.clock.advance(20 * 3_600_000);
    expect(await hears(here)).toBe(true);
  });
});
