/** The whole of CoAP over a stream: requests, answers, Observe and long bodies between two endpoints (RFC 8323 §6, §7). */

import { describe, expect, it } from "vitest";
import { BERT, blockFrom } from "../../../src/coap/blockwise/block.ts";
import { Code, type Option } from "../../../src/coap/message.ts";
import { OptionNumber, readUint } from "../../../src/coap/options.ts";
import type { NotificationFate, Observation, OutgoingRequest } from "../../../src/coap/request.ts";
import { encodeFrame, FrameReader } from "../../../src/coap/stream/frame.ts";
import { encodeSettings } from "../../../src/coap/stream/signal.ts";
import { StreamTransport } from "../../../src/coap/stream/transport.ts";
import { Endpoint } from "../../../src/coap/endpoint.ts";
import { silentLog } from "../../../src/base/log.ts";
import { FakeClock, settle } from "../../support/fake-clock.ts";
import { FUZZ_INPUTS, FUZZ_TIMEOUT_MS, mutate } from "../../support/mutate.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { line } from "../../support/virtual-stream.ts";
import { type StreamPair, streamPair, traffic } from "./stages.ts";

const body = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff);
const get = (path: string): OutgoingRequest => ({ code: Code.GET, path: [path] });

/** "2:8/0/BERT(4711)", as RFC 8323 §6 writes it, for each message that a stream has carried. */
function figures(stream: StreamPair["nearStream"]): string[] {
  return traffic(stream).map(({ options, payload }) =>
    [
      [1, OptionNumber.Block1],
      [2, OptionNumber.Block2],
    ]
      .flatMap(([name, number]) => {
        const found = options.find((option) => option.number === number);
        return found === undefined ? [] : [`${name}:${figure(found, payload)}`];
      })
      .join(" "),
  );
}

function figure(option: Option, payload: number): string {
  const { number, more, exponent } = blockFrom(readUint(option.value));
  const size = exponent === BERT ? `BERT(${payload})` : 16 << exponent;
  return `${number}/${more ? 1 : 0}/${size}`;
}

describe("two endpoints on a stream", () => {
  it("ask and answer each other", async () => {
    const { near, far } = await streamPair();
    near.onRequest(({ path }) => ({ code: Code.Content, payload: Buffer.from(`near ${path[0]}`) }));
    far.onRequest(({ path }) => ({ code: Code.Content, payload: Buffer.from(`far ${path[0]}`) }));
    const [a, b] = await Promise.all([near.request(get("a")), far.request(get("b"))]);
    expect(a.status === "answered" && Buffer.from(a.response.payload).toString()).toBe("far a");
    expect(b.status === "answered" && Buffer.from(b.response.payload).toString()).toBe("near b");
  });

  it("ask many things at once: nothing waits for an acknowledgement (§3.4)", async () => {
    const { near, far } = await streamPair();
    far.onRequest(({ path }) => ({ code: Code.Content, payload: Buffer.from(path[0] ?? "") }));
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => near.request(get(String(i)))));
    expect(
      answers.map((answer) => answer.status === "answered" && String(Buffer.from(answer.response.payload))),
    ).toEqual(Array.from({ length: 100 }, (_, i) => String(i)));
    expect(near.counters.retransmissions).toBe(0);
  });

  it("answer late without a word before it", async () => {
    const { clock, near, far, farStream } = await streamPair();
    let answer: () => void = () => undefined;
    far.onRequest(() => new Promise((resolve) => (answer = () => resolve({ code: Code.Changed }))));
    const asked = near.request({ code: Code.POST, path: ["slow"] });
    await clock.advance(20_000);
    expect(traffic(farStream)).toEqual([]);
    answer();
    expect(await asked).toMatchObject({ status: "answered", response: { code: Code.Changed } });
  });

  it("are told 4.02 of an option that must be understood, where a datagram might be rejected (RFC 7252 §5.4.1)", async () => {
    const { far, nearStream, farStream } = await streamPair();
    far.onRequest(() => ({ code: Code.Content }));
    nearStream.write(encodeFrame(Code.GET, Uint8Array.of(1), Uint8Array.of(0x90)));
    expect(traffic(farStream).map(({ code }) => code)).toEqual([Code.BadOption]);
  });

  it("hear at once that what they asked will not be answered when the line breaks", async () => {
    const { near, far, nearStream } = await streamPair();
    far.onRequest(() => new Promise(() => undefined));
    const asked = near.request(get("never"));
    await settle();
    nearStream.fail("the server broke the connection");
    expect(await asked).toEqual({ status: "failed", reason: "connection lost: the server broke the connection" });
  });

  it("hear within minutes if the line is dead without a word", async () => {
    const { clock, near, nearStream } = await streamPair();
    nearStream.deaf = true;
    let answer: unknown;
    void near.request(get("x")).then((found) => (answer = found));
    await clock.advance(66_000);
    expect(answer).toEqual({ status: "failed", reason: "connection lost: the server did not answer a ping in 30 s" });
  });
});

describe("Observe on a stream (RFC 8323 §7)", () => {
  async function observed() {
    const pair = await streamPair();
    const fates: NotificationFate[] = [];
    const ends: string[] = [];
    let observation: Observation | undefined;
    pair.near.onRequest(() => ({
      code: Code.Content,
      payload: Buffer.from("0"),
      observer: { started: (begun) => (observation = begun), ended: (why) => ends.push(why) },
    }));
    const observe = encodeFrame(Code.GET, Uint8Array.of(9), Uint8Array.of(0x60, 0x51, 0x61));
    pair.farStream.write(observe);
    await settle();
    const notify = (value: string, confirmable: boolean) =>
      observation?.notify(
        { code: Code.Content, payload: Buffer.from(value) },
        { confirmable, settled: (fate) => fates.push(fate) },
      );
    return { ...pair, fates, ends, notify };
  }

  it("tells every value in order, with an Observe option that has no value (§7.1)", async () => {
    const { notify, nearStream } = await observed();
    for (let i = 1; i <= 5; i++) notify(String(i), i % 2 === 0);
    await settle();
    const told = traffic(nearStream);
    expect(told).toHaveLength(6);
    for (const { options } of told)
      expect(options.find(({ number }) => number === OptionNumber.Observe)?.value).toHaveLength(0);
  });

  it("takes a confirmable notification for delivered when the peer has answered the Ping behind it", async () => {
    const { notify, fates } = await observed();
    notify("1", true);
    await settle();
    expect(fates).toEqual(["acknowledged"]);
  });

  it("does not take it for delivered if the line breaks before, so that it can be told again", async () => {
    const { clock, notify, fates, nearStream, near } = await observed();
    nearStream.deaf = true;
    notify("1", true);
    await clock.advance(10_000);
    expect(fates).toEqual([]);
    nearStream.fail("gone");
    near.forgetObservations();
    expect(fates).toEqual(["cancelled"]);
  });

  it("says a value once, however long its Pong takes, and what is newer in its place", async () => {
    const { clock, notify, nearStream, farStream } = await observed();
    farStream.deaf = true;
    notify("1", true);
    await clock.advance(1_000);
    notify("2", true);
    await clock.advance(20_000);
    expect(traffic(nearStream).map(({ payload }) => payload)).toEqual([1, 1, 1]);
  });
});

describe("bodies that are longer than a block (BERT, RFC 8323 §6)", () => {
  it("come in messages of many blocks, whose numbers count blocks of 1,024", async () => {
    const { near, far, nearStream, farStream } = await streamPair({}, { maxMessage: 3_200 });
    const whole = body(7_783);
    far.onRequest(() => ({ code: Code.Content, payload: whole }));
    const answer = await near.request(get("status"));
    expect(answer.status === "answered" && Buffer.compare(answer.response.payload, whole)).toBe(0);
    expect(figures(farStream)).toEqual(["2:0/1/BERT(3072)", "2:3/1/BERT(3072)", "2:6/0/BERT(1639)"]);
    expect(figures(nearStream).slice(1)).toEqual(["2:3/0/BERT(0)", "2:6/0/BERT(0)"]);
  });

  it("go in messages of many blocks", async () => {
    const { near, far, nearStream, farStream } = await streamPair({}, {}, { maxMessage: 8_400 });
    const whole = body(22_067);
    let taken: Uint8Array | undefined;
    far.onRequest(({ payload }) => {
      taken = payload;
      return { code: Code.Changed };
    });
    const answer = await near.request({ code: Code.PUT, path: ["options"], payload: whole });
    expect(answer).toMatchObject({ status: "answered", response: { code: Code.Changed } });
    expect(Buffer.compare(taken ?? new Uint8Array(0), whole)).toBe(0);
    expect(figures(nearStream)).toEqual(["1:0/1/BERT(8192)", "1:8/1/BERT(8192)", "1:16/0/BERT(5683)"]);
    expect(figures(farStream)).toEqual(["1:0/1/BERT(0)", "1:8/1/BERT(0)", "1:16/0/BERT(0)"]);
  });

  it("need no blocks at all where one message has room for them", async () => {
    const { near, far, nearStream, farStream } = await streamPair();
    far.onRequest(({ payload }) => ({ code: Code.Content, payload }));
    const whole = body(15_360);
    const answer = await near.request({ code: Code.POST, path: ["echo"], payload: whole });
    expect(answer.status === "answered" && Buffer.compare(answer.response.payload, whole)).toBe(0);
    expect([figures(nearStream), figures(farStream)]).toEqual([[""], [""]]);
  });

  it("are taken block by block as they come, by who takes uploads", async () => {
    const { near, far } = await streamPair();
    const chunks: [number, number][] = [];
    far.onRequest(() => ({ code: Code.NotFound }));
    far.onUpload(() => ({
      chunk: (bytes, offset) => void chunks.push([bytes.length, offset]),
      done: () => ({ code: Code.Changed }),
      aborted: () => undefined,
    }));
    const answer = await near.request({ code: Code.PUT, path: ["firmware"], payload: body(40_000) });
    expect(answer).toMatchObject({ status: "answered", response: { code: Code.Changed } });
    expect(chunks).toEqual([
      [15_360, 0],
      [15_360, 15_360],
      [9_280, 30_720],
    ]);
  });

  it.each([
    ["that has not said that it knows blocks", encodeFrame(0xe1, new Uint8Array(0), Uint8Array.of(0x22, 0x20, 0x00))],
    ["that takes no long messages", encodeSettings(1_152)],
  ])("come in plain blocks to a peer %s", async (_, settings) => {
    const clock = new FakeClock();
    const { near, far } = line();
    const options = { clock, random: new SeededRandom(1), log: silentLog };
    const endpoint = new Endpoint({ transport: new StreamTransport(near, options), ...options });
    endpoint.onRequest(() => ({ code: Code.Content, payload: body(3_000) }));
    void far.open();
    const opening = endpoint.open();
    await settle();
    far.write(settings);
    await opening;
    far.write(encodeFrame(Code.GET, Uint8Array.of(1), new Uint8Array(0)));
    expect(figures(near)).toEqual(["2:0/1/1024"]);
    // It may ask with BERT all the same (§6), and is answered as it can be answered.
    far.write(encodeFrame(Code.GET, Uint8Array.of(2), Uint8Array.of(0xd1, 10, 0x17)));
    expect(figures(near)[1]).toBe("2:1/1/1024");
  });

  it.each([
    ["not a multiple of 1,024 with more to come", 0x0f, 1_500, Code.BadRequest],
    ["nothing with more to come", 0x0f, 0, Code.BadRequest],
    ["a multiple of 1,024 with more to come", 0x0f, 2_048, Code.Continue],
    ["any length at the end", 0x07, 1_500, Code.Changed],
  ])("are refused or taken: %s", async (_, option, length, code) => {
    const { far, nearStream, farStream } = await streamPair();
    far.onRequest(() => ({ code: Code.Changed }));
    const rest = Buffer.concat(
      [Uint8Array.of(0xd1, 14, option), length > 0 ? [0xff, ...body(length)] : []].map(Buffer.from),
    );
    nearStream.write(encodeFrame(Code.PUT, Uint8Array.of(1), rest));
    expect(traffic(farStream).map((message) => message.code)).toEqual([code]);
  });

  it("that are longer than they may be are refused", async () => {
    const { near, far } = await streamPair({ maxBody: 20_000 });
    far.onRequest(() => ({ code: Code.Changed }));
    const answer = await near.request({ code: Code.PUT, path: ["x"], payload: body(20_001) });
    expect(answer).toMatchObject({ status: "answered", response: { code: Code.RequestEntityTooLarge } });
  });
});

describe("whatever a stream brings", () => {
  it("nothing is thrown, nothing piles up, and the next stream works", { timeout: 2 * FUZZ_TIMEOUT_MS }, async () => {
    const random = new SeededRandom(8_323);
    const clock = new FakeClock();
    const options = { clock, random: new SeededRandom(1), log: silentLog };
    const { near, far } = line();
    const transport = new StreamTransport(near, options);
    const endpoint = new Endpoint({ transport, ...options });
    endpoint.onRequest(({ payload }) => ({ code: Code.Content, payload }));
    let longest = 0;
    let answers = 0;
    const listen = () => {
      const reader = new FrameReader(100_000, (datagram) => {
        longest = Math.max(longest, datagram.length);
        if (datagram[1] === Code.Content) answers += 1;
      });
      far.onBytes((bytes) => reader.push(bytes));
    };
    const seed = Buffer.concat([
      encodeFrame(Code.GET, Uint8Array.of(1, 2), Uint8Array.of(0xb1, 0x61, 0x61, 0x65)),
      encodeFrame(0xe2, Uint8Array.of(7), Uint8Array.of(0x20)),
      encodeFrame(Code.PUT, Uint8Array.of(3), Uint8Array.of(0xb1, 0x61, 0xd1, 3, 0x0f, 0xff, 1, 2)),
      encodeFrame(0xe1, new Uint8Array(0), Uint8Array.of(0x22, 0x08, 0x00, 0x20)),
      encodeFrame(Code.Content, Uint8Array.of(9), Uint8Array.of(0xff, 1)),
      encodeFrame(0xe3, Uint8Array.of(0, 1), new Uint8Array(0)),
    ]);
    const reopen = async () => {
      listen();
      void far.open();
      const opening = endpoint.open();
      await settle();
      far.write(encodeSettings(16_640));
      await opening;
    };
    await reopen();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < FUZZ_INPUTS; i++) {
      if (!near.isOpen) await reopen();
      near.written.length = 0;
      far.written.length = 0;
      far.write(i % 4 === 0 ? random.bytes(random.below(30)) : mutate(seed, random));
      if (i % 1_000 === 0) await clock.advance(60_000);
    }
    if (near.isOpen) await transport.close();
    await reopen();
    answers = 0;
    far.write(encodeFrame(Code.GET, Uint8Array.of(1), new Uint8Array(0)));
    expect(answers).toBe(1);
    expect(longest).toBeLessThan(16_640);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(60e6);
  });
});
