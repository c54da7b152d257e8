/** What a client does when a server will not have it, cannot be reached, or does not want to hear of it for a while. */

import { describe, expect, it } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import type { Account } from "../../../src/lwm2m/index.ts";
import { Provisioned } from "../../../src/lwm2m/provisioned.ts";
import { Session, type SessionOutcome } from "../../../src/lwm2m/servers/session.ts";
import { unusable } from "../../../src/lwm2m/servers/schemes.ts";
import { ObjectTree } from "../../../src/lwm2m/tree.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeServer } from "../../support/fake-server.ts";
import { MemoryLog } from "../../support/memory-log.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { ACCOUNT, models, station } from "../../support/station.ts";
import { wire } from "../../support/virtual-network.ts";
import { path } from "../../../src/model/path.ts";

const MAX_AGE = 14;

/** Seconds at which each Register came, to the nearest. */
async function attempts(account: Partial<Account>, seconds: number): Promise<number[]> {
  const { client, server, clock } = station({ account });
  const times: number[] = [];
  server.verdict = () => {
    times.push(Math.round(clock.monotonic() / 1_000));
    return { code: 0x83 };
  };
  client.start();
  await clock.advance(seconds * 1_000);
  return times;
}

/** One session by itself, as those see it who order sessions. */
function session(account: Partial<Account> = {}) {
  const clock = new FakeClock();
  const tree = new ObjectTree();
  tree.addInstance(path(3303, 0));
  const { near, far } = wire();
  const server = new FakeServer(far);
  const provisioned = new Provisioned({ accounts: [{ ...ACCOUNT, ...account }] });
  const options = {
    endpoint: "tag",
    tree,
    models,
    clock,
    random: new SeededRandom(3),
    log: new MemoryLog(),
    connect: () => near,
  };
  const outcomes: SessionOutcome[] = [];
  const nothing = () => undefined;
  const client = {
    bootstrap: nothing,
    update: nothing,
    disable: nothing,
    registrationChanged: nothing,
    came: (_: Session, outcome: SessionOutcome) => void outcomes.push(outcome),
  };
  const one = new Session(options, { provisioned, shortServerId: ACCOUNT.shortServerId, client });
  return { clock, server, session: one, outcomes, near };
}

describe("a server that refuses", () => {
  it("is asked in sequences, the waits doubled, where the account says so (LwM2M Core 1.2 §6.2.1.2)", async () => {
    const account = { retryCount: 3, retryTimer: 100, sequenceDelay: 5_000, sequenceCount: 2 };
    const times = await attempts(account, 12_000);
    const waits = times.slice(1).map((time, i) => time - times[i]!);
    expect(waits.length).toBeGreaterThanOrEqual(5);
    for (const [i, nominal] of [100, 200, 5_000, 100, 200].entries()) {
      expect(waits[i]).toBeGreaterThanOrEqual(nominal - 1);
      expect(waits[i]).toBeLessThanOrEqual(nominal * 1.1 + 1);
    }
  });

  it("is never given up for good", async () => {
    const account = { retryCount: 1, sequenceDelay: 1_000, sequenceCount: 1 };
    expect((await attempts(account, 50_000)).length).toBeGreaterThan(40);
    expect((await attempts({}, 50_000)).length).toBeGreaterThan(150);
  });

  it("is given up in words to those who know another way, and taken back when it relents", async () => {
    const { clock, server, session: one, outcomes } = session({ retryCount: 2, retryTimer: 10, sequenceDelay: 100 });
    server.verdict = () => ({ code: 0x83 });
    one.start();
    await clock.advance(11_500);
    expect(outcomes).toEqual(["attempt-failed", "given-up"]);
    server.verdict = (request) => server.grant(request);
    await clock.advance(110_000);
    expect(outcomes).toEqual(["attempt-failed", "given-up", "registered"]);
    const stop = one.stop();
    await clock.advance(100);
    await stop;
    expect(outcomes.at(-1)).toBe("stopped");
  });

  it.each([0xa3, 0x9d])("is left alone for as long as it asks (%s with Max-Age)", async (code) => {
    const { client, server, clock } = station();
    server.verdict = () => ({ code, options: [{ number: MAX_AGE, value: Uint8Array.of(2, 88) }] });
    client.start();
    await clock.advance(599_000);
    expect(server.requests).toHaveLength(1);
    await clock.advance(2_000);
    expect(server.requests).toHaveLength(2);
  });
});

describe("the first Register", () => {
  it("waits for the initial delay of the account (/1/x/14)", async () => {
    const { client, server, clock } = station({ account: { initialDelay: 60 } });
    client.start();
    await clock.advance(59_000);
    expect(client.registration).toMatchObject({ state: "waiting", nextAttemptAt: clock.now().ms + 1_000 });
    expect(server.requests).toEqual([]);
    await clock.advance(1_100);
    expect(client.registration.state).toBe("registered");
  });

  it("is not made while the session is paused, which the server does not hear of", async () => {
    const { clock, server, session: one } = session();
    one.start();
    await clock.advance(10);
    one.pause();
    await clock.advance(3_600_000);
    expect(server.log).toHaveLength(1);
    expect(one.registration.state).toBe("off");
    expect((await server.ask("GET", { path: "/1/0/0" })).text).toBe("123");
    one.start();
    await clock.advance(10);
    expect(server.log).toHaveLength(2);
    expect(one.registration.state).toBe("registered");
  });
});

describe("an answer that comes after its time", () => {
  it("does not pass for the one that is awaited", async () => {
    const { clock, server, session: one } = session();
    server.verdict = () => undefined;
    one.start();
    await clock.advance(100);
    one.pause();
    one.start();
    // The first is answered at last, the second not yet.
    const first = server.requests[0]!.message.messageId;
    server.verdict = (request) => (request.message.messageId === first ? server.grant(request) : undefined);
    await clock.advance(5_000);
    expect(new Set(server.requests.map(({ message }) => message.messageId)).size).toBe(2);
    expect(one.registration.state).toBe("registering");
    server.verdict = (request) => server.grant(request);
    await clock.advance(10_000);
    expect(one.registration).toMatchObject({ state: "registered", location: "/rd/r2" });
  });
});

describe("a server that there is no way to", () => {
  const credentials = { mode: "psk", identity: Uint8Array.of(1), secretKey: new Secret("00ff", "key") } as const;

  it.each([
    ["coaps://server:5684", "coaps needs a key or a certificate, and none is given"],
    ["coaps+tcp://server", "coaps+tcp needs a key or a certificate, and none is given"],
    ["http://server", "http is no way to an LwM2M server"],
    ["server:5683", '"server:5683" is no address of a server: coap://host:port is wanted'],
  ])("%s is refused in words, once, and not tried", async (uri, words) => {
    const log = new MemoryLog();
    const here = station({ account: { uri }, log });
    here.client.start();
    await here.clock.advance(7 * 86_400_000);
    const { state, lastError, nextAttemptAt } = here.client.registration;
    expect({ state, lastError, nextAttemptAt }).toEqual({
      state: "waiting",
      lastError: words,
      nextAttemptAt: undefined,
    });
    expect(here.connected()).toBe(0);
    expect(log.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
    await here.client.stop();
  });

  it("E49: is one with a key and no way to use it: nothing is said in the clear to a server that has to be proven", async () => {
    expect(unusable({ ...ACCOUNT, credentials })).toContain("coaps is wanted");
    expect(unusable({ ...ACCOUNT, uri: "coap+tcp://server", credentials })).toContain("coaps+tcp is wanted");
    const here = station({ account: { credentials } });
    here.client.start();
    await here.clock.advance(86_400_000);
    expect(here.connected()).toBe(0);
    expect(here.client.registration).toMatchObject({ state: "waiting" });
  });

  it("is one with no key in a table of keys, though coap asks for none: OSCORE was wanted, and nothing is said without", async () => {
    const lacking = "the table !file keys has no key for device-1: add it there, and start again";
    expect(unusable({ ...ACCOUNT, lacking })).toBe(lacking);
    const here = station({ account: { lacking } });
    here.client.start();
    await here.clock.advance(86_400_000);
    expect(here.connected()).toBe(0);
    expect(here.client.registration).toMatchObject({ state: "waiting", lastError: lacking });
  });

  it("is given up at once, for those who know another way", async () => {
    const { clock, session: one, outcomes } = session({ uri: "coaps://server" });
    one.start();
    await clock.advance(86_400_000);
    expect(outcomes).toEqual(["given-up"]);
  });

  it("is none with coap, in whatever case that is written", () => {
    for (const uri of ["coap://h", "COAP://h:1", "coap://[::1]:5683", "coap+tcp://h"])
      expect(unusable({ ...ACCOUNT, uri })).toBeUndefined();
  });

  it("is none with coaps where there is a key to it", () => {
    for (const uri of ["coaps://h", "CoAPS://h:1", "coaps+tcp://[::1]:5684"])
      expect(unusable({ ...ACCOUNT, uri, credentials })).toBeUndefined();
  });
});

describe("Disable (/1/x/4)", () => {
  it("E66: is answered first; then the client takes its leave, and there is no connection for the time (/1/x/5)", async () => {
    const here = await station({ account: { disableTimeout: 600 } }).registered();
    const sent = here.wires[0]!.near.sent;
    const answer = await here.server.ask("POST", { path: "/1/0/4" });
    expect(answer.code).toBe("2.04");
    await here.clock.advance(240);
    // A server that saw both at once might take the farewell for the end of the Execute as well.
    expect(here.server.log).toEqual([]);
    expect((await here.server.ask("GET", { path: "/3303/0/5700" })).text).toBe("22.0");
    await here.clock.advance(20);
    expect(here.server.log).toEqual(["DELETE /rd/r1"]);
    // The answer went out before the De-register: ACK 2.04, 2.05 of the Read, then CON DELETE.
    expect(sent.map((datagram) => datagram[1])).toEqual([0x44, 0x45, 0x04]);
    expect(here.wires[0]!.near.isOpen).toBe(false);
    const token = here.server.send("GET", { path: "/3303/0/5700" });
    await here.clock.advance(590_000);
    expect(here.server.answers(token)).toEqual([]);
    expect(sent).toHaveLength(3);
    expect(here.client.registration).toMatchObject({ state: "waiting" });
    expect(here.client.registration.lastError).toBeUndefined();
    await here.clock.advance(11_000);
    expect(here.client.registration).toMatchObject({ state: "registered", location: "/rd/r2" });
    expect((await here.server.ask("GET", { path: "/3303/0/5700" })).text).toBe("22.0");
  });

  it("hears nothing from the moment of the farewell, also where that is not answered", async () => {
    const here = await station({ account: { disableTimeout: 600 } }).registered();
    here.server.verdict = () => undefined;
    await here.server.ask("POST", { path: "/1/0/4" });
    await here.clock.advance(300);
    const token = here.server.send("GET", { path: "/3303/0/5700" });
    await here.clock.advance(590_000);
    expect(here.server.answers(token)).toEqual([]);
    expect(here.wires[0]!.near.isOpen).toBe(false);
    here.server.verdict = (request) => here.server.grant(request);
    await here.clock.advance(11_000);
    expect(here.client.registration.state).toBe("registered");
  });

  it("lasts a day where nothing is said, and no time at all where that is said", async () => {
    const here = await station().registered();
    await here.server.ask("POST", { path: "/1/0/4" });
    await here.clock.advance(86_300_000);
    expect(here.client.registration.state).toBe("waiting");
    await here.clock.advance(200_000);
    expect(here.client.registration.state).toBe("registered");
    const brief = await station({ account: { disableTimeout: 0 } }).registered();
    await brief.server.ask("POST", { path: "/1/0/4" });
    await brief.clock.advance(350);
    expect(brief.server.log).toEqual(["DELETE /rd/r1", expect.stringMatching(/^POST \/rd\?lwm2m=/)]);
    expect(brief.client.registration.state).toBe("registered");
  });

  it("waits for the farewell when the client is stopped right after", async () => {
    const here = await station().registered();
    let stopped = false;
    here.server.verdict = () => undefined;
    await here.server.ask("POST", { path: "/1/0/4" });
    void here.client.stop(2_000).then(() => (stopped = true));
    await here.clock.advance(1_000);
    expect(stopped).toBe(false);
    await here.clock.advance(1_010);
    expect(stopped).toBe(true);
  });
});
