import { describe, expect, it } from "vitest";
import { Code, type Message, type Option } from "../../src/coap/message.ts";
import { OptionNumber, uintOption } from "../../src/coap/options.ts";
import type { Answer, OutgoingRequest, Sink } from "../../src/coap/request.ts";
import { settle } from "../support/fake-clock.ts";
import { block, blockOf, NOTHING, Stage, text, uintOf } from "./peers.ts";

const { Block2, ETag, Size2 } = OptionNumber;

/** Byte i of the one large file that all here is about. */
const byteAt = (index: number): number => (index * 31 + (index >> 8)) & 0xff;
const part = (start: number, end: number): Uint8Array =>
  Uint8Array.from({ length: end - start }, (_, i) => byteAt(start + i));

/** A sink that checks what it is given, and keeps no more than a count. */
class Checked implements Sink {
  readonly sizes: number[] = [];
  chunks = 0;
  end: number;
  wrong = 0;

  constructor(from = 0) {
    this.end = from;
  }

  chunk(bytes: Uint8Array, offset: number): void {
    if (offset !== this.end) this.wrong += 1;
    for (let i = 0; i < bytes.length; i++) if (bytes[i] !== byteAt(offset + i)) this.wrong += 1;
    this.end = offset + bytes.length;
    this.chunks += 1;
  }

  total(size: number): void {
    this.sizes.push(size);
  }
}

interface File {
  readonly length: number;
  readonly maxSize?: number;
  /** Of the block that starts there. */
  readonly tag?: (offset: number) => number | undefined;
  readonly size2?: boolean;
  readonly answer?: (message: Message) => { code: number; payload?: Uint8Array } | undefined;
}

const GET: OutgoingRequest = { code: Code.GET, path: ["fw"] };

/** Asks, and plays a server with that file until it is done. */
async function fetchFile(request: OutgoingRequest, file: File, parameters = {}) {
  const stage = new Stage(parameters);
  const asked: Message[] = [];
  let answer: Answer | undefined;
  void stage.endpoint.request(request).then((value) => (answer = value));
  for (let turn = 0; turn < 5_000 && answer === undefined; turn++) {
    for (const message of stage.heard()) {
      asked.push(message);
      stage.say({ type: "ACK", messageId: message.messageId, token: message.token, ...give(file, message) });
    }
    await settle();
  }
  if (answer === undefined) throw new Error("no answer");
  return { answer, asked };
}

function give(file: File, message: Message): Partial<Message> {
  const { length, maxSize = 1_024, tag = () => 7, size2 = true } = file;
  const special = file.answer?.(message);
  if (special !== undefined) return special;
  const [number = 0, , asked = maxSize] = (blockOf(message, Block2) ?? `0/0/${maxSize}`).split("/").map(Number);
  const size = Math.min(asked, maxSize);
  const start = number * asked;
  if (start >= length) return { code: Code.BadRequest, payload: text("beyond the end") };
  const etag = tag(start);
  const options: Option[] = [
    ...(etag === undefined ? [] : [{ number: ETag, value: Uint8Array.of(etag) }]),
    block(Block2, `${start / size}/${start + size < length ? 1 : 0}/${size}`),
    ...(size2 && uintOf(message, Size2) === 0 ? [uintOption(Size2, length)] : []),
  ];
  return { code: Code.Content, options, payload: part(start, Math.min(length, start + size)) };
}

describe("a long answer with somewhere to go", () => {
  it("is handed on block by block, far beyond what would be kept in memory, and in order", async () => {
    const sink = new Checked();
    const { answer, asked } = await fetchFile({ ...GET, sink }, { length: 300_001 }, { maxBody: 4_096 });
    expect(answer).toMatchObject({ status: "answered", response: { code: Code.Content, payload: NOTHING } });
    expect(sink).toMatchObject({ chunks: 293, end: 300_001, wrong: 0, sizes: [300_001] });
    expect(asked).toHaveLength(293);
  });

  it("is asked for its length once, with a Size2 of no bytes (RFC 7959 §4)", async () => {
    const { asked } = await fetchFile({ ...GET, sink: new Checked() }, { length: 5_000 });
    expect(asked.map((message) => message.options.find(({ number }) => number === Size2)?.value)).toEqual([
      NOTHING,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("need not tell its length", async () => {
    const sink = new Checked();
    await fetchFile({ ...GET, sink }, { length: 5_000, size2: false });
    expect(sink).toMatchObject({ end: 5_000, sizes: [], wrong: 0 });
  });

  it("may turn out to be short: one chunk, or none", async () => {
    for (const length of [1, 500]) {
      const sink = new Checked();
      const whole = { code: Code.Content, payload: part(0, length) };
      const { answer } = await fetchFile({ ...GET, sink }, { length, answer: () => whole });
      expect(answer).toMatchObject({ response: { payload: NOTHING } });
      expect(sink).toMatchObject({ chunks: 1, end: length, sizes: [length] });
    }
    const sink = new Checked();
    await fetchFile({ ...GET, sink }, { length: 0, answer: () => ({ code: Code.Content }) });
    expect(sink).toMatchObject({ chunks: 0, sizes: [0] });
  });

  it("follows a peer that gives smaller blocks than it is asked for (RFC 7959 §2.4)", async () => {
    const sink = new Checked();
    const { asked } = await fetchFile({ ...GET, sink }, { length: 1_000, maxSize: 256 });
    expect(asked.map((message) => blockOf(message, Block2))).toEqual([undefined, "1/0/256", "2/0/256", "3/0/256"]);
    expect(sink).toMatchObject({ end: 1_000, wrong: 0 });
  });

  it("tells the tag that a later request may go on with (RFC 7252 §5.10.6)", async () => {
    const { answer } = await fetchFile({ ...GET, sink: new Checked() }, { length: 3_000, tag: () => 9 });
    expect(answer.status === "answered" && answer.response.etag).toEqual(Uint8Array.of(9));
    const short = await fetchFile(GET, { length: 10, tag: () => 3 });
    expect(short.answer.status === "answered" && short.answer.response.etag).toEqual(Uint8Array.of(3));
  });

  it("is refused like any other, and then the sink hears nothing", async () => {
    const sink = new Checked();
    const refusal = { code: Code.NotFound, payload: text("gone") };
    const { answer } = await fetchFile({ ...GET, sink }, { length: 10, answer: () => refusal });
    expect(answer).toMatchObject({ status: "answered", response: { code: Code.NotFound, payload: text("gone") } });
    expect(sink).toMatchObject({ chunks: 0, sizes: [] });
  });

  it("fails when its tag changes on the way: what was handed on cannot be taken back (RFC 7959 §2.4)", async () => {
    const sink = new Checked();
    const { answer, asked } = await fetchFile(
      { ...GET, sink },
      { length: 9_000, tag: (offset) => (offset < 4_096 ? 1 : 2) },
    );
    expect(answer).toEqual({ status: "failed", reason: "changed while being read" });
    expect(sink).toMatchObject({ end: 4_096, wrong: 0 });
    expect(asked).toHaveLength(5);
  });

  it("fails in the words of a sink that can take no more, and asks no further", async () => {
    const sink = new Checked();
    const full: Sink = {
      chunk: (bytes, offset) => {
        if (offset >= 2_048) throw new Error("no space left");
        sink.chunk(bytes, offset);
      },
    };
    const { answer, asked } = await fetchFile({ ...GET, sink: full }, { length: 90_000 });
    expect(answer).toEqual({ status: "failed", reason: "no space left" });
    expect(asked).toHaveLength(3);
    const modest: Sink = {
      chunk: () => undefined,
      total: (size) => {
        throw new Error(`${size} bytes are too many`);
      },
    };
    const early = await fetchFile({ ...GET, sink: modest }, { length: 90_000 });
    expect(early.answer).toEqual({ status: "failed", reason: "90000 bytes are too many" });
    expect(early.asked).toHaveLength(1);
  });

  it("ends where the server falls silent, and the owner knows how far it came", async () => {
    const stage = new Stage();
    const sink = new Checked();
    let answer: Answer | undefined;
    void stage.endpoint.request({ ...GET, sink }).then((value) => (answer = value));
    const first = stage.only();
    const options = [block(Block2, "0/1/1024")];
    stage.say({
      type: "ACK",
      code: Code.Content,
      messageId: first.messageId,
      token: first.token,
      options,
      payload: part(0, 1_024),
    });
    await stage.clock.advance(94_000);
    expect(answer).toEqual({ status: "timeout" });
    expect(sink.end).toBe(1_024);
    expect(stage.heard()).toHaveLength(5);
  });

  it("stops when it is cancelled", async () => {
    const stage = new Stage();
    const abort = new AbortController();
    let answer: Answer | undefined;
    void stage.endpoint.request({ ...GET, sink: new Checked() }, abort.signal).then((value) => (answer = value));
    abort.abort();
    await settle();
    expect(answer).toEqual({ status: "failed", reason: "cancelled" });
  });
});

describe("a long answer that was begun before", () => {
  it("goes on at the byte where the last reading ended, in its first request (RFC 7959 §2.4)", async () => {
    const sink = new Checked(4_096);
    const { answer, asked } = await fetchFile({ ...GET, sink, from: 4_096, etag: Uint8Array.of(7) }, { length: 6_500 });
    expect(answer).toMatchObject({ status: "answered", response: { code: Code.Content } });
    expect(asked.map((message) => blockOf(message, Block2))).toEqual(["4/0/1024", "5/0/1024", "6/0/1024"]);
    expect(sink).toMatchObject({ end: 6_500, wrong: 0, sizes: [6_500] });
  });

  it("takes smaller blocks where the last reading had them", async () => {
    const sink = new Checked(1_040);
    const { asked } = await fetchFile({ ...GET, sink, from: 1_040 }, { length: 1_100 });
    expect(asked.map((message) => blockOf(message, Block2))).toEqual(["65/0/16", "66/0/16", "67/0/16", "68/0/16"]);
    expect(sink).toMatchObject({ end: 1_100, wrong: 0 });
  });

  it("is not asked for at a byte where no block starts", async () => {
    for (const from of [1, 15, 1_000, 16 * 2 ** 20 + 16]) {
      const { answer, asked } = await fetchFile({ ...GET, sink: new Checked(), from }, { length: 9_000 }).catch(() => ({
        answer: undefined,
        asked: [],
      }));
      expect(answer).toEqual({ status: "failed", reason: `no block starts at byte ${from}` });
      expect(asked).toEqual([]);
    }
  });

  it("fails if it is another one meanwhile", async () => {
    const sink = new Checked(1_024);
    const { answer } = await fetchFile({ ...GET, sink, from: 1_024, etag: Uint8Array.of(8) }, { length: 9_000 });
    expect(answer).toEqual({ status: "failed", reason: "changed while being read" });
    expect(sink.chunks).toBe(0);
    const untagged = await fetchFile(
      { ...GET, sink, from: 1_024, etag: Uint8Array.of(8) },
      { length: 9_000, tag: () => undefined },
    );
    expect(untagged.answer).toEqual({ status: "failed", reason: "changed while being read" });
  });

  it("fails if the peer begins at the start again", async () => {
    const sink = new Checked(1_024);
    const whole = { code: Code.Content, payload: part(0, 100) };
    const { answer } = await fetchFile({ ...GET, sink, from: 1_024 }, { length: 100, answer: () => whole });
    expect(answer).toEqual({ status: "failed", reason: "the answer starts at byte 0, not at 1024" });
    expect(sink.chunks).toBe(0);
  });

  it("was complete already if the peer knows no such block", async () => {
    const { answer } = await fetchFile({ ...GET, sink: new Checked(2_048), from: 2_048 }, { length: 2_048 });
    expect(answer).toMatchObject({ status: "answered", response: { code: Code.BadRequest } });
  });

  it("cannot follow a long body of our own", async () => {
    const request = { ...GET, code: Code.FETCH, payload: part(0, 2_000), sink: new Checked(), from: 1_024 };
    const { answer } = await fetchFile(request, { length: 9_000 });
    expect(answer.status === "failed" && answer.reason).toContain("cannot go on in the middle");
  });
});
