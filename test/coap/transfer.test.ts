import { describe, expect, it } from "vitest";
import { Code, type Message, type Option } from "../../src/coap/message.ts";
import { OptionNumber, uintOption } from "../../src/coap/options.ts";
import type { Answer, OutgoingRequest } from "../../src/coap/request.ts";
import { settle } from "../support/fake-clock.ts";
import { asText, block, blockOf, NOTHING, Stage, text, uintOf } from "./peers.ts";

const { Block1, Block2, ETag, Size1, Size2 } = OptionNumber;

interface Line {
  readonly code: number;
  readonly options?: readonly Option[];
  readonly payload?: Uint8Array;
}

/** Answers each request of the endpoint as `play` says, until the endpoint is done. */
async function converse(
  request: OutgoingRequest,
  play: (asked: Message, turn: number) => Line,
  parameters = {},
): Promise<{ answer: Answer; asked: Message[] }> {
  const stage = new Stage(parameters);
  const asked: Message[] = [];
  let answer: Answer | undefined;
  void stage.endpoint.request(request).then((value) => (answer = value));
  for (let turn = 0; turn < 200 && answer === undefined; turn++) {
    for (const message of stage.heard()) {
      asked.push(message);
      const { code, options = [], payload = NOTHING } = play(message, asked.length - 1);
      stage.say({ type: "ACK", code, messageId: message.messageId, token: message.token, options, payload });
    }
    await settle();
  }
  if (answer === undefined) throw new Error("no answer");
  return { answer, asked };
}

const body = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i * 7);
const blocks1 = (asked: readonly Message[]) => asked.map((message) => blockOf(message, Block1));
const blocks2 = (asked: readonly Message[]) => asked.map((message) => blockOf(message, Block2));
const put = (length: number): OutgoingRequest => ({ code: Code.PUT, path: ["options"], payload: body(length) });
const GET: OutgoingRequest = { code: Code.GET, path: ["status"] };

/** A peer that takes a body block by block, each answered as RFC 7959 figure 7 has it. */
function taker(maxSize = 1_024): { play: (message: Message) => Line; taken: () => Uint8Array } {
  const parts: Uint8Array[] = [];
  return {
    play: (message) => {
      const [number = 0, more = 0, size = 16] = (blockOf(message, Block1) ?? "").split("/").map(Number);
      parts.push(message.payload);
      const answered = block(Block1, `${number}/${more}/${Math.min(size, maxSize)}`);
      return { code: more ? Code.Continue : Code.Changed, options: [answered] };
    },
    taken: () => Buffer.concat(parts),
  };
}

/** A peer that gives `whole` block by block. */
const giver =
  (whole: (turn: number) => { body: Uint8Array; tag?: number }, maxSize = 1_024) =>
  (message: Message, turn: number): Line => {
    const { body: bytes, tag } = whole(turn);
    const [number = 0, , asked = maxSize] = (blockOf(message, Block2) ?? `0/0/${maxSize}`).split("/").map(Number);
    const size = Math.min(asked, maxSize);
    const start = number * asked;
    const more = start + size < bytes.length ? 1 : 0;
    const options = [block(Block2, `${start / size}/${more}/${size}`)];
    if (tag !== undefined) options.unshift({ number: ETag, value: Uint8Array.of(tag) });
    return { code: Code.Content, options, payload: bytes.subarray(start, start + size) };
  };

describe("a body that fits into one message", () => {
  it("goes as it is, without a word of blocks", async () => {
    const { answer, asked } = await converse(put(1_024), () => ({ code: Code.Changed }));
    expect(asked).toHaveLength(1);
    expect(blocks1(asked)).toEqual([undefined]);
    expect(answer).toMatchObject({ status: "answered", response: { code: Code.Changed } });
  });
});

describe("a body longer than a block", () => {
  it("goes block by block, each with a token of its own (RFC 7959 figure 7)", async () => {
    const peer = taker();
    const { answer, asked } = await converse(put(300), peer.play, { blockSize: 128 });
    expect(blocks1(asked)).toEqual(["0/1/128", "1/1/128", "2/0/128"]);
    expect(asked.map((message) => uintOf(message, Size1))).toEqual([300, undefined, undefined]);
    expect(new Set(asked.map(({ token }) => Buffer.from(token).toString("hex"))).size).toBe(3);
    expect(peer.taken()).toEqual(Buffer.from(body(300)));
    expect(answer).toMatchObject({ response: { code: Code.Changed } });
  });

  it("ends with a full block if it ends there", async () => {
    const { asked } = await converse(put(2_048), taker().play);
    expect(blocks1(asked)).toEqual(["0/1/1024", "1/0/1024"]);
  });

  it("goes on in smaller blocks if the peer asks for them (RFC 7959 figure 9)", async () => {
    const peer = taker(32);
    const { asked } = await converse(put(300), peer.play, { blockSize: 128 });
    expect(blocks1(asked)).toEqual(["0/1/128", "4/1/32", "5/1/32", "6/1/32", "7/1/32", "8/1/32", "9/0/32"]);
    expect(peer.taken()).toEqual(Buffer.from(body(300)));
  });

  it("goes on in smaller blocks though the peer counts in those before it has one", async () => {
    const { answer, asked } = await converse(
      put(300),
      (message, turn) => {
        const line = taker().play(message);
        return turn === 1 ? { ...line, options: [block(Block1, "4/1/32")] } : line;
      },
      { blockSize: 128 },
    );
    expect(blocks1(asked)).toEqual(["0/1/128", "1/1/128", "8/1/32", "9/0/32"]);
    expect(answer).toMatchObject({ response: { code: Code.Changed } });
  });

  it("goes in smaller blocks from the start if the first is too large (RFC 7959 §2.9.3)", async () => {
    const peer = taker(64);
    const { answer, asked } = await converse(
      put(150),
      (message, turn) =>
        turn === 0 ? { code: Code.RequestEntityTooLarge, options: [block(Block1, "0/1/64")] } : peer.play(message),
      { blockSize: 128 },
    );
    expect(blocks1(asked)).toEqual(["0/1/128", "0/1/64", "1/1/64", "2/0/64"]);
    expect(answer).toMatchObject({ response: { code: Code.Changed } });
  });

  it("goes in blocks if it was too large in one piece, and the peer says what would do", async () => {
    const { asked } = await converse(put(100), (message, turn) =>
      turn === 0 ? { code: Code.RequestEntityTooLarge, options: [block(Block1, "0/0/64")] } : taker().play(message),
    );
    expect(blocks1(asked)).toEqual([undefined, "0/1/64", "1/0/64"]);
  });

  it("is not sent for ever to a peer that finds everything too large", async () => {
    const { answer, asked } = await converse(put(2_000), (message) => {
      const [, , size = 16] = (blockOf(message, Block1) ?? "").split("/").map(Number);
      return { code: Code.RequestEntityTooLarge, options: [block(Block1, `0/1/${Math.max(16, size / 2)}`)] };
    });
    expect(blocks1(asked)).toEqual(["0/1/1024", "0/1/512", "0/1/256", "0/1/128", "0/1/64", "0/1/32", "0/1/16"]);
    expect(answer).toMatchObject({ status: "answered", response: { code: Code.RequestEntityTooLarge } });
  });

  it("is over when the peer refuses in the middle", async () => {
    const { answer, asked } = await converse(put(3_000), (message, turn) =>
      turn === 1 ? { code: Code.Forbidden, payload: text("no") } : taker().play(message),
    );
    expect(asked).toHaveLength(2);
    expect(answer).toMatchObject({ response: { code: Code.Forbidden, payload: text("no") } });
  });

  it.each([
    [
      "has lost the blocks before (4.08)",
      { code: Code.RequestEntityIncomplete },
      "4.08: the peer lost the blocks before",
    ],
    ["speaks of another block", { code: Code.Continue, options: [block(Block1, "5/1/1024")] }, "speaks of block 5"],
    ["takes the first block for the whole", { code: Code.Changed }, "as if it were the whole"],
  ])("fails in words if the peer %s", async (_, line, words) => {
    const { answer } = await converse(put(3_000), () => line);
    expect(answer.status === "failed" && answer.reason).toContain(words);
  });

  it("fails in words if the peer wants more after the last block", async () => {
    const { answer } = await converse(put(1_500), (message) => ({ ...taker().play(message), code: Code.Continue }));
    expect(answer).toEqual({ status: "failed", reason: "2.31 to the last block 1 of the body" });
  });

  it("is cut to what the transport carries, options included", async () => {
    const stage = new Stage({}, 128);
    void stage.endpoint.request(put(300));
    expect(blockOf(stage.only(), Block1)).toBe("0/1/64");
    expect(stage.wire.sent.every(({ length }) => length <= 128)).toBe(true);
  });

  it("ends with the timeout of any of its blocks", async () => {
    const stage = new Stage();
    let answer: Answer | undefined;
    void stage.endpoint.request(put(3_000)).then((value) => (answer = value));
    const first = stage.only();
    stage.say({
      type: "ACK",
      code: Code.Continue,
      messageId: first.messageId,
      token: first.token,
      options: [block(Block1, "0/1/1024")],
    });
    await stage.clock.advance(94_000);
    expect(answer).toEqual({ status: "timeout" });
  });
});

describe("an answer longer than a block", () => {
  it("is fetched block by block, each with a token of its own (RFC 7959 figure 2)", async () => {
    const { answer, asked } = await converse(
      GET,
      giver(() => ({ body: body(300), tag: 1 }), 128),
    );
    expect(blocks2(asked)).toEqual([undefined, "1/0/128", "2/0/128"]);
    expect(new Set(asked.map(({ token }) => Buffer.from(token).toString("hex"))).size).toBe(3);
    expect(answer.status === "answered" && Buffer.from(answer.response.payload)).toEqual(Buffer.from(body(300)));
  });

  it("is asked for in small blocks from the start by whoever has no room (RFC 7959 figure 3)", async () => {
    const { answer, asked } = await converse(
      GET,
      giver(() => ({ body: body(200) })),
      { blockSize: 64 },
    );
    expect(blocks2(asked)).toEqual(["0/0/64", "1/0/64", "2/0/64", "3/0/64"]);
    expect(answer.status === "answered" && answer.response.payload).toHaveLength(200);
  });

  it("is fetched on in smaller blocks if the first is larger than wanted (RFC 7959 figure 4)", async () => {
    const play = giver(() => ({ body: body(200) }));
    const { answer, asked } = await converse(
      GET,
      (message, turn) =>
        turn === 0
          ? { code: Code.Content, options: [block(Block2, "0/1/128")], payload: body(128) }
          : play(message, turn),
      { blockSize: 64 },
    );
    expect(blocks2(asked)).toEqual(["0/0/64", "2/0/64", "3/0/64"]);
    expect(answer.status === "answered" && Buffer.from(answer.response.payload)).toEqual(Buffer.from(body(200)));
  });

  it("follows the answer to a body in blocks (RFC 7959 figure 11)", async () => {
    const peer = taker();
    const give = giver(() => ({ body: body(1_500) }));
    const { answer, asked } = await converse({ ...put(1_500), code: Code.POST }, (message, turn) => {
      const line = blockOf(message, Block1) === undefined ? { code: Code.Changed } : peer.play(message);
      return line.code === Code.Continue
        ? line
        : { ...give(message, turn), options: [...(line.options ?? []), ...(give(message, turn).options ?? [])] };
    });
    expect(blocks1(asked)).toEqual(["0/1/1024", "1/0/1024", undefined]);
    expect(blocks2(asked)).toEqual([undefined, undefined, "1/0/1024"]);
    expect(asked[2]?.payload).toHaveLength(0);
    expect(answer.status === "answered" && answer.response.payload).toHaveLength(1_500);
  });

  it("is asked for again with the body where a FETCH needs it (RFC 8132 §2)", async () => {
    const { asked } = await converse(
      { code: Code.FETCH, path: [], format: 112, payload: text("paths") },
      giver(() => ({ body: body(2_000) })),
    );
    expect(asked.map(({ payload }) => asText(payload))).toEqual(["paths", "paths"]);
  });

  it("is fetched once more from the start if it changes meanwhile, never mixed (RFC 7959 §2.4)", async () => {
    const old = body(2_500);
    const fresh = body(2_500).map((byte) => byte ^ 0xff);
    const { answer, asked } = await converse(
      GET,
      giver((turn) => (turn < 2 ? { body: old, tag: 1 } : { body: fresh, tag: 2 })),
    );
    expect(blocks2(asked)).toEqual([undefined, "1/0/1024", "2/0/1024", "0/0/1024", "1/0/1024", "2/0/1024"]);
    expect(answer.status === "answered" && Buffer.from(answer.response.payload)).toEqual(Buffer.from(fresh));
  });

  it("fails in words if it changes all the time", async () => {
    const { answer } = await converse(
      GET,
      giver((turn) => ({ body: body(2_500), tag: turn })),
    );
    expect(answer).toEqual({ status: "failed", reason: "the answer changed while being read, twice" });
  });

  it("is the refusal if a later block is refused", async () => {
    const { answer } = await converse(GET, (message, turn) =>
      turn === 1 ? { code: Code.NotFound } : giver(() => ({ body: body(2_000) }))(message, turn),
    );
    expect(answer).toMatchObject({ status: "answered", response: { code: Code.NotFound } });
  });

  it.each([
    ["starts in the middle", [block(Block2, "1/1/64")], 64, "starts at byte 64, not at 0"],
    ["has a block shorter than it says", [block(Block2, "0/1/64")], 63, "not as long as it says"],
    [
      "announces more than is accepted",
      [block(Block2, "0/1/64"), uintOption(Size2, 70_000)],
      64,
      "70000 bytes is too long",
    ],
  ])("fails in words if it %s", async (_, options, length, words) => {
    const { answer } = await converse(GET, () => ({ code: Code.Content, options, payload: body(length) }));
    expect(answer.status === "failed" && answer.reason).toContain(words);
  });

  it("fails in words if the peer sends another block than it was asked for", async () => {
    const { answer } = await converse(GET, () => ({
      code: Code.Content,
      options: [block(Block2, "0/1/64")],
      payload: body(64),
    }));
    expect(answer).toEqual({ status: "failed", reason: "the answer holds another block than number 1" });
  });

  it("fails in words if it never ends: no more is put together than may be", async () => {
    const { answer, asked } = await converse(
      GET,
      (message) => {
        const [number = 0] = (blockOf(message, Block2) ?? "0").split("/").map(Number);
        return { code: Code.Content, options: [block(Block2, `${number}/1/64`)], payload: body(64) };
      },
      { maxBody: 640 },
    );
    expect(asked).toHaveLength(11);
    expect(answer).toEqual({ status: "failed", reason: "an answer of more than 640 bytes is too long" });
  });
});
