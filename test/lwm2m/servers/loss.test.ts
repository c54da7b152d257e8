/** A server that has lost its memory, a port that has been lost, and how soon everything is back. */

import { describe, expect, it } from "vitest";
import { path } from "../../../src/model/path.ts";
import { settle } from "../../support/fake-clock.ts";
import type { Heard, Verdict } from "../../support/fake-server.ts";
import { station, type Station } from "../../support/station.ts";

/** The server starts again and knows nobody: Updates are refused, notifications rejected. */
function restart({ server }: Station): void {
  let known = false;
  server.rejects = true;
  server.receipt = "RST";
  server.verdict = (request: Heard): Verdict => {
    if (request.path !== "/rd") return { code: known ? 0x44 : 0x84 };
    known = true;
    server.rejects = false;
    server.receipt = "ACK";
    return server.grant(request);
  };
}

function observe({ server }: Station, where: string): Uint8Array {
  return server.send("GET", { path: where, observe: 0 });
}

describe("a notification that is rejected", () => {
  it("ends its observation, and an Update at once finds out whether we are still known", async () => {
    const here = await station().registered();
    observe(here, "/3303/0/5700");
    here.server.rejects = true;
    here.set([3303, 0, 5700], 5);
    await here.clock.advance(100);
    expect(here.server.log).toEqual(["POST /rd/r1"]);
    expect(here.client.registration).toMatchObject({ state: "registered", location: "/rd/r1", observations: 0 });
  });

  it("is no cause for alarm while others are taken", async () => {
    const here = await station().registered();
    for (const where of ["/3303/0/5700", "/3303/0/5701", "/3/0/9"]) observe(here, where);
    here.server.rejects = true;
    here.set([3303, 0, 5700], 5);
    here.server.rejects = false;
    await here.clock.advance(10_000);
    expect(here.client.registration.observations).toBe(2);
    expect(here.server.log).toEqual([]);
  });

  it("is one when it happens several times", async () => {
    const here = await station().registered();
    for (const where of ["/3303/0/5700", "/3303/0/5701", "/3/0/9", "/3/0/0", "/3/0/1"]) observe(here, where);
    here.server.rejects = true;
    here.set([3303, 0, 5700], 5);
    here.set([3303, 0, 5701], "K");
    await here.clock.advance(100);
    expect(here.server.log).toEqual([]);
    here.set([3, 0, 9], 50);
    await here.clock.advance(100);
    expect(here.server.log).toEqual(["POST /rd/r1"]);
  });

  it("never leads to more than one Update at a time", async () => {
    const here = await station().registered();
    for (let i = 0; i < 20; i++) observe(here, "/3303/0/5700");
    here.server.rejects = true;
    here.server.verdict = () => undefined;
    for (let i = 0; i < 20; i++) {
      observe(here, "/3303/0/5700");
      here.set([3303, 0, 5700], i);
      await here.clock.advance(10);
    }
    expect(new Set(here.server.requests.map(({ message }) => message.messageId)).size).toBe(1);
  });
});

describe("a server that starts again empty", () => {
  it("has every client that notifies back within 5 s", async () => {
    const here = await station().registered();
    observe(here, "/3303/0/5700");
    restart(here);
    const from = here.clock.monotonic();
    here.set([3303, 0, 5700], 5);
    while (here.client.registration.location !== "/rd/r2" && here.clock.monotonic() - from < 10_000)
      await here.clock.advance(50);
    expect(here.clock.monotonic() - from).toBeLessThan(5_000);
    expect(here.server.log).toEqual(["POST /rd/r1", expect.stringMatching(/^POST \/rd\?lwm2m=/)]);
    const token = observe(here, "/3303/0/5700");
    here.set([3303, 0, 5700], 6);
    expect(here.server.answers(token).map(({ text }) => text)).toEqual(["5.0", "6.0"]);
  });

  it("has those that are silent back with their next Update (E21)", async () => {
    const here = await station().registered();
    restart(here);
    await here.clock.advance(300_000);
    expect(here.client.registration).toMatchObject({ state: "registered", location: "/rd/r2" });
  });
});

describe("what a server observes", () => {
  it("E67: stays through Updates, whatever they tell", async () => {
    const here = await station().registered();
    const token = observe(here, "/3303/0/5700");
    here.tree.addInstance(path(3304, 0));
    await here.clock.advance(3_600_000);
    here.set([3303, 0, 5700], 5);
    expect(here.server.log.length).toBeGreaterThan(10);
    expect(here.client.registration.observations).toBe(1);
    expect(here.server.answers(token).at(-1)).toMatchObject({ text: "5.0" });
  });

  it("E67: ends with a new Register, and begins anew when the server says so", async () => {
    const here = await station().registered();
    const token = observe(here, "/3303/0/5700");
    restart(here);
    await here.clock.advance(300_000);
    expect(here.client.registration).toMatchObject({ location: "/rd/r2", observations: 0 });
    const before = here.server.answers(token).length;
    here.set([3303, 0, 5700], 5);
    await here.clock.advance(10);
    expect(here.server.answers(token)).toHaveLength(before);
  });

  it("E26: may be set up before the answer to Register has arrived, and stays", async () => {
    const here = station();
    let token: Uint8Array | undefined;
    here.server.verdict = (request) => {
      token = observe(here, "/3303/0/5700");
      return here.server.grant(request);
    };
    here.client.start();
    await settle();
    here.set([3303, 0, 5700], 5);
    expect(here.server.answers(token!).map(({ code, text }) => `${code} ${text}`)).toEqual(["2.05 22.0", "2.05 5.0"]);
  });

  it("E23: is never told to an old location again", async () => {
    const here = await station().registered();
    restart(here);
    await here.clock.advance(300_000);
    here.server.requests.length = 0;
    await here.clock.advance(3_600_000);
    expect(new Set(here.server.requests.map(({ path: at }) => at))).toEqual(new Set(["/rd/r2"]));
  });
});

describe("a way to the server that breaks", () => {
  it("E45: means a new Register, since the server would not know us by another port", async () => {
    const here = await station().registered();
    here.server.verdict = () => undefined;
    void here.client.send([path(3303, 0, 5700)]);
    await here.clock.advance(100);
    expect(here.server.log).toEqual(["POST /dp"]);
    here.server.verdict = (request) => here.server.grant(request);
    here.wires[0]!.near.fail("address gone");
    await here.clock.advance(1_000);
    expect(here.connected()).toBe(2);
    expect(here.server.log.filter((line) => line.startsWith("POST /rd/"))).toEqual([]);
    expect(here.client.registration).toMatchObject({ state: "registered", location: "/rd/r2" });
  });
});

describe("De-register", () => {
  it.each([0x80, 0x84])("E22: of a location that the server does not know is done (%s)", async (code) => {
    const here = await station().registered();
    here.server.verdict = () => ({ code });
    await here.client.stop();
    expect(here.client.registration.state).toBe("off");
    expect(here.client.registration.lastError).toBeUndefined();
  });
});
