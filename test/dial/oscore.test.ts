/** An LwM2M client whose account has OSCORE, against a server that speaks nothing else: all of it in virtual time (RFC 8613, LwM2M Transport 1.2 §5.5). */

import { describe, expect, it } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import { type Answer, Code, type Message } from "../../src/coap/index.ts";
import { Format } from "../../src/content/index.ts";
import { oscoreOf } from "../../src/dial/security.ts";
import { SequenceBook } from "../../src/dial/sequences.ts";
import { type Account, Lwm2mClient, ObjectTree, type SendOutcome } from "../../src/lwm2m/index.ts";
import { path } from "../../src/model/path.ts";
import type { ResourceValue } from "../../src/model/value.ts";
import { type OscoreSecrets, OscoreTransport } from "../../src/oscore/index.ts";
import { MemoryStore } from "../gateway/rig.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { OscoreServer } from "../support/oscore-server.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { models, thermometer } from "../support/station.ts";
import { wire } from "../support/virtual-network.ts";

const MASTER = "0102030405060708090a0b0c0d0e0f10";
const OTHER = "ff02030405060708090a0b0c0d0e0f10";
const LONG = "the quick brown fox jumps over the lazy dog, and back. ".repeat(60);

const material = (masterSecret = MASTER) => ({
  masterSecret: new Secret(masterSecret, "master secret of the test"),
  senderId: Uint8Array.of(1),
  recipientId: Uint8Array.of(2),
  masterSalt: Buffer.from("salt"),
});
const mirrored = (masterSecret = MASTER): OscoreSecrets => {
  const { senderId: recipientId, recipientId: senderId, ...more } = oscoreOf(material(masterSecret));
  return { ...more, senderId, recipientId };
};
const account = (oscore = material()): Account => ({
  uri: "coap://server:5683",
  lifetime: 3_600,
  shortServerId: 1,
  oscore,
});

/** One client and one server; the client can be started again with its disk, or another. */
class Scene {
  readonly clock = new FakeClock();
  readonly line = wire();
  readonly log = new MemoryLog();
  readonly server = new OscoreServer({ clock: this.clock, secrets: mirrored(), line: this.line.far });
  readonly tree = new ObjectTree();
  disk = new MemoryStore();
  transport: OscoreTransport | undefined;
  #starts = 0;
  client = this.made();

  constructor() {
    thermometer(this.tree, this.clock);
  }

  made(oscore = material()): Lwm2mClient {
    this.#starts += 1;
    const { clock, log } = this;
    const random = new SeededRandom(this.#starts);
    // As after a restart: what stands on the disk is all that is known.
    const book = new SequenceBook(this.disk);
    return new Lwm2mClient({
      endpoint: "tag",
      tree: this.tree,
      provision: { accounts: [account(oscore)] },
      models,
      connect: (to) => {
        if (!to.oscore) throw new Error("no OSCORE");
        const secrets = oscoreOf(to.oscore);
        this.transport = new OscoreTransport(this.line.near, {
          secrets,
          sequence: book.of(secrets),
          clock,
          random,
          log,
        });
        return this.transport;
      },
      clock,
      random,
      log,
    });
  }

  async registered(): Promise<this> {
    await this.server.start();
    this.client.start();
    await this.clock.advance(100);
    if (this.client.registration.state !== "registered") throw new Error(this.client.registration.lastError);
    return this;
  }

  set(value: ResourceValue, at = path(3303, 0, 5700)): void {
    this.tree.set(at, value, this.clock.now());
  }

  async read(at = "/3303/0/5700"): Promise<string> {
    return told(await this.server.ask({ code: Code.GET, path: at, accept: Format.Text }));
  }

  /** Killed without a word, and started again. */
  async restarted(oscore?: ReturnType<typeof material>): Promise<void> {
    this.client = this.made(oscore);
    this.client.start();
    await this.clock.advance(1_000);
  }
}

function told(answer: Answer): string {
  return answer.status === "answered" ? Buffer.from(answer.response.payload).toString() : answer.status;
}
const texts = (heard: readonly Message[]) => heard.map(({ payload }) => Buffer.from(payload).toString());

describe("an account with OSCORE", () => {
  it("registers, and what travels shows neither path, nor name, nor value (RFC 8613 §4)", async () => {
    const { server, line, client } = await new Scene().registered();
    expect(server.heard).toHaveLength(1);
    expect(server.heard[0]).toContain("POST /rd?");
    expect(client.registration.security).toEqual({ protocol: "OSCORE", suite: "AES-CCM-16-64-128" });
    const travelled = [...line.near.sent, ...line.far.sent].map((datagram) => Buffer.from(datagram).toString("latin1"));
    expect(travelled.length).toBeGreaterThanOrEqual(2);
    for (const datagram of travelled) expect(datagram).not.toMatch(/rd|ep=|tag|3303/);
  });

  it("is read, written, executed, and told what is not there", async () => {
    const scene = await new Scene().registered();
    const { server } = scene;
    expect(await scene.read()).toBe("22.0");
    scene.set(23.5);
    expect(await scene.read()).toBe("23.5");
    const payload = Buffer.from("1800");
    const written = await server.ask({ code: Code.PUT, path: "/1/0/1", format: Format.Text, payload });
    expect(written).toMatchObject({ status: "answered", response: { code: Code.Changed } });
    expect(await scene.read("/1/0/1")).toBe("1800");
    const executed = await server.ask({ code: Code.POST, path: "/3303/0/5605" });
    expect(executed).toMatchObject({ status: "answered", response: { code: Code.Changed } });
    const missing = await server.ask({ code: Code.GET, path: "/3303/7" });
    expect(missing).toMatchObject({ status: "answered", response: { code: Code.NotFound } });
  });

  it("is observed: notifications in order, until they are cancelled", async () => {
    const scene = await new Scene().registered();
    const heard = await scene.server.observe("/3303/0/5700", Format.Text);
    for (const value of [23, 24, 25]) {
      await scene.clock.advance(2_000);
      scene.set(value);
      await scene.clock.advance(1_000);
    }
    expect(texts(heard)).toEqual(["22.0", "23.0", "24.0", "25.0"]);
    await scene.server.observe("/3303/0/5700", Format.Text, false);
    scene.set(26);
    await scene.clock.advance(60_000);
    // The cancellation is answered with the value, as a Read is.
    expect(texts(heard).slice(4)).toEqual(["25.0"]);
    expect(scene.client.registration.observations).toBe(0);
  });

  it("is observed for a day through four hundred Reads that have nothing to do with it", async () => {
    const scene = await new Scene().registered();
    const heard = await scene.server.observe("/3303/0/5700", Format.Text);
    for (let i = 0; i < 400; i++) await scene.read("/3/0/9");
    scene.set(30);
    await scene.clock.advance(5_000);
    expect(texts(heard)).toEqual(["22.0", "30.0"]);
  });

  it("hands out a long value in blocks, each of which fits a datagram with all that protects it", async () => {
    const scene = await new Scene().registered();
    scene.set(LONG, path(3, 0, 0));
    const before = scene.line.near.sent.length;
    expect(await scene.read("/3/0/0")).toBe(LONG);
    const answers = scene.line.near.sent.slice(before);
    expect(answers.length).toBeGreaterThan(3);
    expect(Math.max(...answers.map(({ length }) => length))).toBeLessThanOrEqual(scene.line.near.maxDatagram);
  });

  it("sends unasked, what is short and what needs blocks", async () => {
    const scene = await new Scene().registered();
    const sent = async (at: ReturnType<typeof path>): Promise<SendOutcome | undefined> => {
      const outcomes = scene.client.send([at]);
      await scene.clock.advance(1_000);
      return (await outcomes).get(1);
    };
    scene.set(LONG, path(3, 0, 0));
    expect(await sent(path(3303, 0, 5700))).toEqual({ status: "sent" });
    expect(await sent(path(3, 0, 0))).toEqual({ status: "sent" });
    const posted = scene.server.requests.filter(({ what }) => what === "POST /dp");
    expect(posted).toHaveLength(2);
    expect(Buffer.from(posted[1]!.payload).includes(LONG)).toBe(true);
  });

  it("goes on over a way that loses every third datagram", async () => {
    const scene = await new Scene().registered();
    let count = 0;
    for (const end of [scene.line.near, scene.line.far]) end.fate = () => (++count % 3 === 0 ? "drop" : "deliver");
    for (const value of [31, 32, 33, 34]) {
      scene.set(value);
      const reading = scene.read();
      await scene.clock.advance(30_000);
      expect(await reading).toBe(`${value}.0`);
    }
  });

  it("says goodbye", async () => {
    const scene = await new Scene().registered();
    const stopped = scene.client.stop();
    await scene.clock.advance(5_000);
    await stopped;
    expect(scene.server.heard.at(-1)).toMatch(/^DELETE \/rd\//);
    expect(scene.server.registered.size).toBe(0);
  });
});

describe("after a restart of a client with OSCORE", () => {
  it("it registers with numbers that were never used, and asks the server for an Echo before it believes it", async () => {
    const scene = await new Scene().registered();
    await scene.read();
    await scene.restarted();
    expect(scene.client.registration.state).toBe("registered");
    expect(scene.server.counters?.replayed).toBe(0);
    const before = scene.line.far.sent.length;
    expect(await scene.read()).toBe("22.0");
    // The question, and the question again with what was to be echoed (RFC 9175 §2.3).
    expect(scene.line.far.sent.length - before).toBe(2);
    expect(await scene.read()).toBe("22.0");
    expect(scene.line.far.sent.length - before).toBe(3);
  });

  it("what was recorded before it is not done again", async () => {
    const scene = await new Scene().registered();
    const payload = Buffer.from("1800");
    const before = scene.line.far.sent.length;
    await scene.server.ask({ code: Code.PUT, path: "/1/0/1", format: Format.Text, payload });
    const recorded = scene.line.far.sent[before]!;
    await scene.restarted();
    expect(await scene.read("/1/0/1")).toBe("3600");
    scene.line.near.receive(recorded);
    await scene.clock.advance(1_000);
    expect(await scene.read("/1/0/1")).toBe("3600");
    expect(scene.transport?.counters.replayed).toBe(1);
  });

  it("the disk may have lost everything: it registers all the same, and is read", async () => {
    const scene = await new Scene().registered();
    for (let i = 0; i < 20; i++) await scene.read();
    scene.disk = new MemoryStore();
    await scene.clock.advance(10_000);
    await scene.restarted();
    expect(scene.client.registration.state).toBe("registered");
    expect(await scene.read()).toBe("22.0");
    expect(scene.server.counters?.replayed).toBe(0);
  });

  it("waits, and says why, where neither the disk nor the clock knows which numbers were used", async () => {
    const scene = await new Scene().registered();
    scene.disk = new MemoryStore();
    scene.clock.trusted = false;
    await scene.restarted();
    expect(scene.client.registration).toMatchObject({ state: "waiting" });
    expect(scene.client.registration.lastError).toContain("once the clock is set");
    scene.clock.trusted = true;
    await scene.clock.advance(600_000);
    expect(scene.client.registration.state).toBe("registered");
  });

  it("does not register while the disk refuses to set numbers aside, says why, and does once it takes them", async () => {
    const scene = await new Scene().registered();
    scene.disk = new MemoryStore(scene.disk.text);
    scene.disk.fails = true;
    const sent = scene.line.near.sent.length;
    await scene.restarted();
    expect(scene.client.registration.lastError).toContain("no space left on device");
    expect(scene.line.near.sent).toHaveLength(sent);
    scene.disk.fails = false;
    await scene.clock.advance(600_000);
    expect(scene.client.registration.state).toBe("registered");
  });
});

describe("after a restart of a server with OSCORE", () => {
  it("the next Update is echoed, refused, and answered by a new Register: the endpoint is back by itself", async () => {
    const scene = await new Scene().registered();
    await scene.server.start();
    expect(scene.server.registered.size).toBe(0);
    const before = scene.line.near.sent.length;
    await scene.clock.advance(3_600_000);
    expect(scene.client.registration.state).toBe("registered");
    expect(scene.server.registered.size).toBe(1);
    // Register, Update and Register; besides, the Update once more, with what the server wanted to see echoed.
    expect(scene.server.heard.map((what) => what.replace(/[?].*/, ""))).toEqual([
      "POST /rd",
      "POST /rd/r1",
      "POST /rd",
    ]);
    expect(scene.line.near.sent.length - before).toBe(3);
    expect(await scene.read()).toBe("22.0");
  });

  it("it may have lost its numbers: the endpoint believes it all the same, as they begin at the clock", async () => {
    const scene = await new Scene().registered();
    await scene.read();
    scene.server.disk.text = undefined;
    await scene.clock.advance(60_000);
    await scene.server.start();
    expect(await scene.read()).toBe("22.0");
    expect(scene.transport?.counters.replayed).toBe(0);
  });
});

describe("an account whose OSCORE does not fit the server's", () => {
  it("has another master secret: the registration says so, and who says it", async () => {
    const scene = new Scene();
    await scene.server.start(mirrored(OTHER));
    scene.client.start();
    await scene.clock.advance(1_000);
    const { state, lastError } = scene.client.registration;
    expect(state).toBe("waiting");
    expect(lastError).toContain("OSCORE");
    expect(lastError).toContain("Decryption failed");
    expect(scene.server.heard).toEqual([]);
    expect(JSON.stringify([scene.log.lines, lastError])).not.toContain(MASTER);
    expect(scene.log.events("warn")).toContain("oscore-refused");
    await scene.server.start(mirrored());
    await scene.clock.advance(3_600_000);
    expect(scene.client.registration.state).toBe("registered");
  });

  it("has other ids: the server knows no such context, and the registration says so", async () => {
    const scene = new Scene();
    await scene.server.start({ ...mirrored(), recipientId: Uint8Array.of(9) });
    scene.client.start();
    await scene.clock.advance(1_000);
    expect(scene.client.registration.lastError).toContain("OSCORE");
    expect(scene.client.registration.lastError).toContain("Security context not found");
  });

  it("says without protection what it would not be told: nothing of LwM2M's is concluded from that", async () => {
    const scene = new Scene();
    await scene.server.start(mirrored(OTHER));
    scene.client.start();
    await scene.clock.advance(1_000);
    const versions = scene.server.heard.map((what) => /lwm2m=([0-9.]+)/.exec(what)?.[1]);
    expect(versions).toEqual([]);
    // One attempt is one Register: a 4.00 that anybody can have said is no reason for an older version (LwM2M Core 1.2 §6.2.1).
    expect(scene.line.near.sent).toHaveLength(1);
  });
});
