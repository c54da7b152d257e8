import { describe, expect, it } from "vitest";
import { Code, type Message } from "../../src/coap/message.ts";
import { OptionNumber, uintOption } from "../../src/coap/options.ts";
import { CoapError, type IncomingRequest, type Reply, type Upload, type UploadHead } from "../../src/coap/request.ts";
import { asText, block, blockOf, NOTHING, pair, pathOptions, Stage, show, text, uintOf } from "./peers.ts";

const { Block1, MaxAge, Size1 } = OptionNumber;

const byteAt = (index: number): number => (index * 17 + (index >> 8)) & 0xff;
const part = (start: number, end: number): Uint8Array =>
  Uint8Array.from({ length: end - start }, (_, i) => byteAt(start + i));

/** What takes a body and keeps no more than a count and what happened. */
class Taker implements Upload {
  readonly events: string[] = [];
  end = 0;
  wrong = 0;
  refusal: Reply | undefined;
  max?: number;
  answer: () => Reply | Promise<Reply> = () => ({ code: Code.Changed });

  chunk(bytes: Uint8Array, offset: number): Reply | undefined {
    if (offset !== this.end) this.wrong += 1;
    for (let i = 0; i < bytes.length; i++) if (bytes[i] !== byteAt(offset + i)) this.wrong += 1;
    this.end = offset + bytes.length;
    return this.refusal;
  }

  done(): Reply | Promise<Reply> {
    this.events.push(`done ${this.end}`);
    return this.answer();
  }

  aborted(): void {
    this.events.push(`aborted ${this.end}`);
  }
}

/** An endpoint that takes what is PUT to /5/0/0 block by block, and a peer that numbers its messages. */
class Push extends Stage {
  readonly takers: Taker[] = [];
  readonly heads: UploadHead[] = [];
  readonly handled: IncomingRequest[] = [];
  make: () => Taker | Reply = () => new Taker();
  #messageId = 0;

  constructor(parameters = {}) {
    super(parameters);
    this.endpoint.onRequest((request) => {
      this.handled.push(request);
      return { code: Code.Content };
    });
    this.endpoint.onUpload((head) => {
      this.heads.push(head);
      if (head.path.join("/") !== "5/0/0") return undefined;
      const made = this.make();
      if (made instanceof Taker) this.takers.push(made);
      return made;
    });
  }

  put(figure: string | undefined, payload: Uint8Array, { path = "5/0/0", size1 = 0, rest = {} } = {}): Message {
    this.#messageId += 1;
    const options = [
      ...pathOptions(path),
      ...(figure === undefined ? [] : [block(Block1, figure)]),
      ...(size1 > 0 ? [uintOption(Size1, size1)] : []),
    ];
    const id = this.#messageId;
    this.say({ code: Code.PUT, messageId: id, token: Uint8Array.of(id & 255), options, payload, ...rest });
    return this.only();
  }

  /** Sends the first blocks of a body, without its last. */
  begin(blocks: number, size = 64): Message[] {
    return Array.from({ length: blocks }, (_, i) => this.put(`${i}/1/${size}`, part(i * size, (i + 1) * size)));
  }
}

describe("a long body that is taken block by block", () => {
  it("is acknowledged with 2.31 for each block and the answer for the last (RFC 7959 figure 7)", () => {
    const stage = new Push();
    const answers = [...stage.begin(3), stage.put("3/0/64", part(192, 200))];
    expect(answers.map(({ code }) => code)).toEqual([Code.Continue, Code.Continue, Code.Continue, Code.Changed]);
    expect(answers.map((answer) => blockOf(answer, Block1))).toEqual(["0/1/64", "1/1/64", "2/1/64", "3/0/64"]);
    expect(stage.takers).toHaveLength(1);
    expect(stage.takers[0]).toMatchObject({ end: 200, wrong: 0, events: ["done 200"] });
    expect(stage.handled).toEqual([]);
  });

  it("may be longer than anything that is kept in memory", () => {
    const stage = new Push({ maxBody: 2_048, remembered: 0 });
    stage.begin(1_000, 1_024);
    stage.put("1000/0/1024", part(1_024_000, 1_024_001));
    expect(stage.takers[0]).toMatchObject({ end: 1_024_001, wrong: 0, events: ["done 1024001"] });
  });

  it("says what it is before it comes: path, query, format, and the length if the peer told it", () => {
    const stage = new Push();
    const options = [
      ...pathOptions("5/0/0"),
      uintOption(OptionNumber.ContentFormat, 42),
      block(Block1, "0/1/16"),
      uintOption(Size1, 100_000),
    ];
    stage.put("0/1/16", part(0, 16), { rest: { options } });
    stage.put("0/1/16", part(0, 16));
    expect(stage.heads).toEqual([
      { code: Code.PUT, path: ["5", "0", "0"], query: [], format: 42, size: 100_000 },
      { code: Code.PUT, path: ["5", "0", "0"], query: [], format: undefined, size: undefined },
    ]);
  });

  it("may fit into one message, with or without a word of blocks", () => {
    for (const figure of [undefined, "0/0/1024"]) {
      const stage = new Push();
      const answer = stage.put(figure, part(0, 500));
      expect(answer.code).toBe(Code.Changed);
      expect(blockOf(answer, Block1)).toBe(figure);
      expect(stage.heads[0]?.size).toBe(500);
      expect(stage.takers[0]).toMatchObject({ end: 500, events: ["done 500"] });
    }
  });

  it("is nobody's if it is empty, or not wanted, or asks for something: then it goes to the handler", () => {
    const stage = new Push();
    stage.put(undefined, NOTHING);
    stage.put(undefined, text("x"), { path: "3/0/14" });
    stage.put("0/1/16", part(0, 16), { path: "3/0/14" });
    stage.put("1/0/16", part(16, 20), { path: "3/0/14" });
    stage.put(undefined, text("q"), { rest: { code: Code.FETCH } });
    expect(stage.takers).toEqual([]);
    expect(stage.handled.map(({ payload }) => payload.length)).toEqual([0, 1, 20, 1]);
  });

  it("may go on in smaller blocks, as the first answer asks (RFC 7959 §2.3)", () => {
    const stage = new Push({ blockSize: 32 });
    expect(blockOf(stage.put("0/1/64", part(0, 64)), Block1)).toBe("0/1/32");
    expect(stage.put("2/1/32", part(64, 96)).code).toBe(Code.Continue);
    expect(stage.put("3/0/32", part(96, 100)).code).toBe(Code.Changed);
    expect(stage.takers[0]).toMatchObject({ end: 100, wrong: 0 });
  });

  it("is answered later if its taker needs time, by a message of its own (RFC 7252 §5.2.2)", async () => {
    const stage = new Push();
    stage.begin(1);
    let answer: (reply: Reply) => void = () => undefined;
    stage.takers[0]!.answer = () => new Promise((resolve) => (answer = resolve));
    stage.say({
      code: Code.PUT,
      messageId: 9,
      token: Uint8Array.of(9),
      options: [...pathOptions("5/0/0"), block(Block1, "1/0/64")],
      payload: text(""),
    });
    stage.clock.tick(200);
    expect(show(stage.only())).toBe("ACK 0.00 #9");
    answer({ code: Code.Changed });
    await stage.clock.advance(0);
    const late = stage.only();
    expect(late).toMatchObject({ type: "CON", code: Code.Changed });
    expect(blockOf(late, Block1)).toBe("1/0/64");
  });

  it("arrives whole from our own client side, whatever its length", async () => {
    const both = pair({ blockSize: 256 });
    const taker = new Taker();
    both.far.onUpload(() => taker);
    both.far.onRequest(() => ({ code: Code.NotFound }));
    const answer = both.near.request({ code: Code.PUT, path: ["5", "0", "0"], payload: part(0, 100_000) });
    await both.clock.advance(100);
    expect(await answer).toMatchObject({ status: "answered", response: { code: Code.Changed } });
    expect(taker).toMatchObject({ end: 100_000, wrong: 0, events: ["done 100000"] });
  });
});

describe("a long body is refused", () => {
  it("with 4.08 when a block is missing, and is over (RFC 7959 §2.9.2)", () => {
    const stage = new Push();
    stage.begin(2);
    expect(stage.put("3/1/64", part(192, 256)).code).toBe(Code.RequestEntityIncomplete);
    expect(stage.takers[0]?.events).toEqual(["aborted 128"]);
    expect(stage.put("2/1/64", part(128, 192)).code).toBe(Code.RequestEntityIncomplete);
    expect(stage.endpoint.counters.abandoned).toBe(1);
  });

  it("with 4.13 and what would do, when its length is told, or when it goes on too long (RFC 7959 §2.9.3)", () => {
    const stage = new Push();
    stage.make = () => Object.assign(new Taker(), { max: 150 });
    const told = stage.put("0/1/64", part(0, 64), { size1: 151 });
    expect(told.code).toBe(Code.RequestEntityTooLarge);
    expect(uintOf(told, Size1)).toBe(150);
    expect(asText(told.payload)).toBe("no more than 150 bytes");
    stage.begin(2);
    const long = stage.put("2/1/64", part(128, 192));
    expect(long.code).toBe(Code.RequestEntityTooLarge);
    expect(uintOf(long, Size1)).toBe(150);
    expect(stage.takers.map(({ events }) => events)).toEqual([["aborted 0"], ["aborted 128"]]);
    const exact = stage.begin(2);
    expect(exact.at(-1)?.code).toBe(Code.Continue);
    expect(stage.put("2/0/64", part(128, 150)).code).toBe(Code.Changed);
  });

  it("in the words of whoever is asked first, or of the taker, which is then over", () => {
    const stage = new Push();
    stage.make = () => ({ code: Code.RequestEntityTooLarge, size1: 77 });
    const first = stage.put("0/1/64", part(0, 64));
    expect(uintOf(first, Size1)).toBe(77);
    stage.make = () => new Taker();
    stage.begin(1);
    stage.takers[0]!.refusal = { code: Code.UnsupportedContentFormat, diagnostic: "no image" };
    const second = stage.put("1/1/64", part(64, 128));
    expect(second).toMatchObject({ code: Code.UnsupportedContentFormat, payload: text("no image") });
    expect(blockOf(second, Block1)).toBe("1/1/64");
    expect(stage.put("2/1/64", part(128, 192)).code).toBe(Code.RequestEntityIncomplete);
    expect(stage.takers[0]?.events).toEqual([]);
  });

  it("with what was thrown at it: the peer's fault in words, ours without", () => {
    for (const [error, code] of [
      [new CoapError(Code.Forbidden, "not now"), Code.Forbidden],
      [new Error("disk"), Code.InternalServerError],
    ] as const) {
      const stage = new Push();
      stage.begin(1);
      stage.takers[0]!.chunk = () => {
        throw error;
      };
      expect(stage.put("1/1/64", part(64, 128)).code).toBe(code);
      expect(stage.put("2/1/64", part(128, 192)).code).toBe(Code.RequestEntityIncomplete);
    }
  });

  it("with 4.00 if a block is not as long as it says (RFC 7959 §2.2)", () => {
    const stage = new Push();
    expect(stage.put("0/1/64", part(0, 63)).code).toBe(Code.BadRequest);
    stage.begin(1);
    expect(stage.put("1/0/64", part(64, 129)).code).toBe(Code.BadRequest);
    expect(stage.takers.map(({ events }) => events)).toEqual([["aborted 0"], ["aborted 64"]]);
  });

  it("with 5.03 and when to come again, while another is being taken", () => {
    const stage = new Push();
    stage.begin(1);
    stage.clock.tick(47_000);
    const other = [...pathOptions("5/0/0"), uintOption(OptionNumber.ContentFormat, 42), block(Block1, "0/1/64")];
    const answer = stage.put(undefined, part(0, 64), { rest: { options: other } });
    expect(answer.code).toBe(Code.ServiceUnavailable);
    expect(uintOf(answer, MaxAge)).toBe(200);
    expect(stage.takers.map(({ events }) => events)).toEqual([[], ["aborted 0"]]);
    // What needs no second message does not stand in its way.
    const short = [...pathOptions("5/0/0"), uintOption(OptionNumber.ContentFormat, 42)];
    expect(stage.put(undefined, part(0, 64), { rest: { options: short } }).code).toBe(Code.Changed);
    expect(stage.put("1/0/64", part(64, 100)).code).toBe(Code.Changed);
    expect(stage.takers[0]?.events).toEqual(["done 100"]);
  });
});

describe("a long body is over", () => {
  it("when it begins anew: the first is told, the second is whole (RFC 7959 §2.5)", () => {
    const stage = new Push();
    stage.begin(3);
    stage.begin(2);
    expect(stage.put("2/0/64", part(128, 140)).code).toBe(Code.Changed);
    expect(stage.takers.map(({ events }) => events)).toEqual([["aborted 192"], ["done 140"]]);
  });

  it("not when its latest block is sent again, long after the message was forgotten", () => {
    const stage = new Push({ remembered: 0 });
    stage.begin(2);
    expect(stage.put("1/1/64", part(64, 128)).code).toBe(Code.Continue);
    expect(stage.put("2/0/64", part(128, 130)).code).toBe(Code.Changed);
    expect(stage.takers[0]).toMatchObject({ end: 130, wrong: 0 });
  });

  it("when the peer has been silent for EXCHANGE_LIFETIME, counted from its latest block", () => {
    const stage = new Push();
    stage.begin(1);
    stage.clock.tick(240_000);
    stage.put("1/1/64", part(64, 128));
    stage.clock.tick(240_000);
    expect(stage.takers[0]?.events).toEqual([]);
    stage.clock.tick(7_100);
    expect(stage.takers[0]?.events).toEqual(["aborted 128"]);
    expect(stage.put("2/0/64", part(128, 130)).code).toBe(Code.RequestEntityIncomplete);
  });

  it("when the endpoint closes", async () => {
    const stage = new Push();
    stage.begin(2);
    await stage.endpoint.close();
    expect(stage.takers[0]?.events).toEqual(["aborted 128"]);
  });

  it("when somebody else takes such bodies from now on", () => {
    const stage = new Push();
    stage.begin(2);
    stage.endpoint.onUpload(() => undefined);
    expect(stage.takers[0]?.events).toEqual(["aborted 128"]);
    expect(stage.put(undefined, text("x")).code).toBe(Code.Content);
  });
});
