/** A server that is reached over a stream: what it is told, and what comes of a line that breaks (LwM2M Core 1.2 §6.2.1.2). */

import { describe, expect, it } from "vitest";
import { silentLog } from "../../../src/base/log.ts";
import { decodeMessage } from "../../../src/coap/codec.ts";
import { Code, type Message } from "../../../src/coap/message.ts";
import { FrameReader, encodeFrame } from "../../../src/coap/stream/frame.ts";
import { encodePong, encodeSettings, SignalCode } from "../../../src/coap/stream/signal.ts";
import { StreamTransport } from "../../../src/coap/stream/transport.ts";
import { type Account, Lwm2mClient, ObjectTree } from "../../../src/lwm2m/index.ts";
import { bindingOf, unusable } from "../../../src/lwm2m/servers/schemes.ts";
import { path } from "../../../src/model/path.ts";
import { FakeClock, settle } from "../../support/fake-clock.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { ACCOUNT, models, thermometer } from "../../support/station.ts";
import { line, type VirtualStream } from "../../support/virtual-stream.ts";

const NOTHING = new Uint8Array(0);
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
const TCP: Account = { ...ACCOUNT, uri: "coap+tcp://server:5683" };

/** A client, and a server that grants everything on each line that is opened. */
class Scene {
  readonly clock = new FakeClock();
  readonly tree = new ObjectTree();
  readonly client: Lwm2mClient;
  /** Near ends, in the order in which they were opened. */
  readonly lines: VirtualStream[] = [];
  readonly requests: string[] = [];
  readonly answers: Message[] = [];
  /** Nobody listens. */
  away = false;
  /** Each line breaks as soon as the Register on it has been answered. */
  hangsUp = false;
  #registered = 0;

  constructor(account: Partial<Account> = {}) {
    thermometer(this.tree, this.clock);
    this.client = new Lwm2mClient({
      endpoint: "tag",
      tree: this.tree,
      provision: { accounts: [{ ...TCP, ...account }] },
      models,
      clock: this.clock,
      random: new SeededRandom(1),
      log: silentLog,
      connect: () => this.#connect(),
    });
  }

  async started(): Promise<this> {
    this.client.start();
    await settle();
    return this;
  }

  get line(): VirtualStream {
    return this.lines.at(-1)!;
  }

  /** A request of the server; its answer is the newest of `answers`. */
  async ask(
    code: number,
    segments: readonly string[],
    more: { payload?: string; observe?: boolean } = {},
  ): Promise<Message> {
    const options = [
      ...(more.observe === true ? [Buffer.of(0x60)] : []),
      ...segments.map((segment, i) =>
        Buffer.concat([
          Buffer.of(((i > 0 ? 0 : more.observe === true ? 5 : 11) << 4) | segment.length),
          Buffer.from(segment),
        ]),
      ),
      ...(more.payload === undefined ? [] : [Buffer.of(0x10, 0xff), Buffer.from(more.payload)]),
    ];
    this.line.peer?.write(encodeFrame(code, Uint8Array.of(7), Buffer.concat(options)));
    await settle();
    return this.answers.at(-1)!;
  }

  #connect(): StreamTransport {
    const { near, far } = line();
    if (this.away) near.refuse = "nobody listens there (TCP)";
    this.lines.push(near);
    const reader = new FrameReader(100_000, (datagram) => this.#hear(far, datagram));
    far.onBytes((bytes) => reader.push(bytes));
    void far.open();
    return new StreamTransport(near, { clock: this.clock, random: new SeededRandom(2), log: silentLog });
  }

  #hear(far: VirtualStream, datagram: Uint8Array): void {
    const message = decodeMessage(datagram);
    const { code, token, options } = message;
    if (code === SignalCode.CSM) far.write(encodeSettings(8_000));
    if (code === SignalCode.Ping) far.write(encodePong(token));
    if (code > 31 && code >> 5 !== 7) this.answers.push(message);
    if (code === 0 || code > 31) return;
    const all = (wanted: number) => options.filter(({ number }) => number === wanted).map(({ value }) => text(value));
    const query = all(15).join("&");
    this.requests.push(`${code === Code.DELETE ? "DELETE" : "POST"} /${all(11).join("/")}${query && `?${query}`}`);
    const isRegister = all(11).length === 1;
    if (isRegister) this.#registered += 1;
    const name = `r${this.#registered}`;
    const location = Buffer.from(`\x82rd${String.fromCharCode(name.length)}${name}`, "latin1");
    far.write(isRegister ? encodeFrame(Code.Created, token, location) : encodeFrame(Code.Changed, token, NOTHING));
    if (isRegister && this.hangsUp) void far.close();
  }
}

describe("a server over TCP", () => {
  it("is told in Register that the binding is T, which nobody assumes (LwM2M Core 1.2 Table 6.2.1-1)", async () => {
    const scene = await new Scene().started();
    expect(scene.requests).toEqual(["POST /rd?lwm2m=1.1&ep=tag&lt=300&b=T"]);
    expect(scene.client.registration.state).toBe("registered");
  });

  it("is told of Queue Mode beside it, and in the binding by the oldest version", async () => {
    expect((await new Scene({ queue: true }).started()).requests).toEqual(["POST /rd?lwm2m=1.1&ep=tag&lt=300&b=T&Q"]);
    const oldest = await new Scene({ queue: true, version: "1.0" }).started();
    expect(oldest.requests).toEqual(["POST /rd?lwm2m=1.0&ep=tag&lt=300&b=TQ"]);
  });

  it("finds T in its own Server Object and in the Device Object", async () => {
    const scene = await new Scene().started();
    expect(text((await scene.ask(Code.GET, ["1", "0", "7"])).payload)).toBe("T");
    expect(text((await scene.ask(Code.GET, ["3", "0", "16"])).payload)).toBe("T");
  });

  it("may allow further bindings, but not take away the one by which it is reached", async () => {
    const scene = await new Scene().started();
    expect((await scene.ask(Code.PUT, ["1", "0", "7"], { payload: "UT" })).code).toBe(Code.Changed);
    expect(text((await scene.ask(Code.GET, ["1", "0", "7"])).payload)).toBe("UT");
    const refused = await scene.ask(Code.PUT, ["1", "0", "7"], { payload: "U" });
    expect([refused.code, text(refused.payload)]).toEqual([
      Code.BadRequest,
      "/1/0/7: T must be part of the binding: the server is reached by coap+tcp://server:5683",
    ]);
  });

  it("observes, and hears every value", async () => {
    const scene = await new Scene().started();
    await scene.ask(Code.GET, ["3303", "0", "5700"], { observe: true });
    for (const value of [23, 24, 25]) {
      scene.tree.set(path(3303, 0, 5700), value, scene.clock.now());
      await scene.clock.advance(1_000);
    }
    expect(scene.answers.map(({ payload }) => text(payload))).toEqual(["22.0", "23.0", "24.0", "25.0"]);
  });

  it("hears Updates on the same line for as long as that holds", async () => {
    const scene = await new Scene().started();
    await scene.clock.advance(900_000);
    expect(scene.requests.length).toBeGreaterThan(3);
    expect(scene.requests.slice(1).every((request) => request === "POST /rd/r1")).toBe(true);
    expect(scene.lines).toHaveLength(1);
  });

  it("hears the farewell before the line is closed", async () => {
    const scene = await new Scene().started();
    await scene.client.stop();
    expect(scene.requests.at(-1)).toBe("DELETE /rd/r1");
    expect(scene.line.isOpen).toBe(false);
  });
});

describe("a line that breaks", () => {
  it("is replaced at once by another, with a Register: what was observed ended with it (RFC 8323 §6)", async () => {
    const scene = await new Scene().started();
    await scene.ask(Code.GET, ["3303", "0", "5700"], { observe: true });
    expect(scene.client.registration.observations).toBe(1);
    await scene.clock.advance(120_000);
    scene.line.fail("the server closed the connection");
    await settle();
    expect(scene.requests.at(-1)).toBe("POST /rd?lwm2m=1.1&ep=tag&lt=300&b=T");
    expect(scene.lines).toHaveLength(2);
    expect(scene.client.registration).toMatchObject({ state: "registered", location: "/rd/r2", observations: 0 });
  });

  it("is tried again ever later while nobody listens there, and the reason can be read", async () => {
    const scene = await new Scene().started();
    scene.away = true;
    await scene.clock.advance(120_000);
    scene.line.fail("the server closed the connection");
    await scene.clock.advance(600_000);
    expect(scene.client.registration).toMatchObject({ state: "waiting", lastError: "nobody listens there (TCP)" });
    expect(scene.lines.length).toBeGreaterThan(4);
    expect(scene.lines.length).toBeLessThan(20);
    scene.away = false;
    await scene.clock.advance(300_000);
    expect(scene.client.registration).toMatchObject({ state: "registered", location: "/rd/r2" });
  });

  it("is not replaced without end where the server hangs up on everybody at once", async () => {
    const scene = new Scene();
    scene.hangsUp = true;
    await scene.started();
    await scene.clock.advance(600_000);
    expect(scene.lines.length).toBeGreaterThan(4);
    expect(scene.lines.length).toBeLessThan(20);
    expect(scene.client.registration).toMatchObject({
      state: "waiting",
      lastError: "the line breaks soon after each Register",
    });
    scene.hangsUp = false;
    await scene.clock.advance(300_000);
    expect(scene.client.registration.state).toBe("registered");
    const { length } = scene.lines;
    // It has held for a while: the next break is mended at once, as if nothing had been.
    await scene.clock.advance(120_000);
    scene.line.fail("the server broke the connection");
    await settle();
    expect(scene.lines).toHaveLength(length + 1);
    expect(scene.client.registration.state).toBe("registered");
  });

  it("is left alone for as long as the server asks for (RFC 8323 §5.5)", async () => {
    const scene = await new Scene().started();
    await scene.clock.advance(120_000);
    scene.line.peer?.write(encodeFrame(SignalCode.Release, NOTHING, Uint8Array.of(0x41, 60)));
    await scene.clock.advance(59_000);
    expect(scene.lines).toHaveLength(1);
    await scene.clock.advance(2_000);
    expect(scene.lines).toHaveLength(2);
    expect(scene.client.registration.state).toBe("registered");
  });

  it("is noticed although nobody says so: an Update meets silence, a Ping does, and another line is opened", async () => {
    const scene = await new Scene().started();
    await scene.clock.advance(100_000);
    scene.line.deaf = true;
    await scene.clock.advance(300_000);
    expect(scene.lines).toHaveLength(2);
    expect(scene.client.registration).toMatchObject({ state: "registered", location: "/rd/r2" });
  });
});

describe("schemes", () => {
  it.each([
    ["coap://a", "U"],
    ["coaps://a", "U"],
    ["coap+tcp://a", "T"],
    ["COAPS+TCP://a", "T"],
    ["gopher://a", "U"],
    ["", "U"],
  ])("%s is reached by %s", (uri, binding) => {
    expect(bindingOf({ uri })).toBe(binding);
  });

  it("of streams are no reason to give up", () => {
    expect(unusable(TCP)).toBeUndefined();
    expect(unusable({ ...TCP, uri: "coaps+tcp://server" })).toContain("needs a key or a certificate");
  });
});
