import { describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { silentLog } from "../../src/base/log.ts";
import { Composer, type Target } from "../../src/coap/blockwise/composer.ts";
import { decodeMessage, encodeMessage } from "../../src/coap/codec.ts";
import { Counters } from "../../src/coap/counters.ts";
import { Code, type Message } from "../../src/coap/message.ts";
import { OptionNumber } from "../../src/coap/options.ts";
import { DEFAULT_PARAMETERS, type Parameters } from "../../src/coap/parameters.ts";
import { bodyOf, draftReply } from "../../src/coap/reply.ts";
import { type Draft, encodeDraft } from "../../src/coap/transmissions.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { VirtualTransport } from "../support/virtual-network.ts";
import { asText, blockOf, bytesOf, NOTHING, text, uintOf } from "./peers.ts";

const TOKEN = Uint8Array.of(1, 2);
const { Block2, ETag, Size2 } = OptionNumber;
const asMessage = (draft: Draft): Message => decodeMessage(encodeDraft(draft, "ACK", 1));

describe("the body of a reply", () => {
  it("is its payload, or the words about an error (RFC 7252 §5.5.2)", () => {
    expect(asText(bodyOf({ code: Code.Content, payload: text("21") }))).toBe("21");
    expect(asText(bodyOf({ code: Code.NotFound, diagnostic: "no such path" }))).toBe("no such path");
    expect(asText(bodyOf({ code: Code.NotFound, payload: text("p"), diagnostic: "d" }))).toBe("p");
    expect(bodyOf({ code: Code.NotFound })).toHaveLength(0);
    expect(bodyOf({ code: Code.Changed, diagnostic: "well done" })).toHaveLength(0);
  });

  it("never says more about an error than a few hundred bytes", () => {
    expect(bodyOf({ code: Code.BadRequest, diagnostic: "x".repeat(200) })).toHaveLength(200);
    expect(bodyOf({ code: Code.BadRequest, diagnostic: "x".repeat(201) })).toHaveLength(64);
    expect(bodyOf({ code: Code.BadRequest, diagnostic: "雪".repeat(9_999) }).length).toBeLessThanOrEqual(200);
  });
});

describe("the message of a reply", () => {
  it("has every option that was said, in ascending order", () => {
    const draft = draftReply(
      { code: Code.Content, format: 110, maxAge: 60, locationPath: ["rd", "7"] },
      TOKEN,
      text("x"),
      {
        etag: Uint8Array.of(9),
        observe: 5,
        block1: { number: 1, more: false, exponent: 2 },
        block2: { number: 0, more: true, exponent: 6 },
        size1: 100,
        size2: 200,
      },
    );
    const numbers = draft.options.map(({ number }) => number);
    expect(numbers).toEqual([4, 6, 8, 8, 12, 14, 23, 27, 28, 60]);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(draft).toMatchObject({ code: Code.Content, token: TOKEN, payload: text("x") });
  });

  it("is the same bytes whichever way it is written", () => {
    const random = new SeededRandom(3);
    const maybe = <T>(value: T): T | undefined => (random.below(2) === 0 ? value : undefined);
    const uint = () => random.pick([0, 1, 12, 255, 256, 65_535, 65_536, 0xff_ffff]);
    const figure = () => ({ number: random.below(0xf_ffff), more: random.below(2) === 0, exponent: random.below(7) });
    for (let round = 0; round < 2_000; round++) {
      const given = {
        code: Code.Content,
        format: maybe(random.below(65_536)),
        maxAge: maybe(random.pick([uint(), 0xffff_ffff, 0x100_0000])),
        size1: random.below(8) === 0 ? uint() : undefined,
        locationPath: random.below(8) === 0 ? ["rd", "x".repeat(random.below(300))] : undefined,
      };
      const reply = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
      const extra = { observe: maybe(uint()), block1: maybe(figure()), block2: maybe(figure()), size2: maybe(uint()) };
      const additions = Object.fromEntries(Object.entries(extra).filter(([, value]) => value !== undefined));
      const payload = random.bytes(random.pick([0, 1, 31, 32, 33, 500]));
      const draft = draftReply({ code: Code.Content, ...reply }, random.bytes(random.below(9)), payload, additions);
      const { code, token, options } = draft;
      const long = encodeMessage({ type: "NON", code, messageId: round, token, options, payload });
      expect(toHex(encodeDraft(draft, "NON", round))).toBe(toHex(long));
    }
  });

  it("has no option that was not said", () => {
    expect(draftReply({ code: Code.Changed }, TOKEN, NOTHING, {}).options).toEqual([]);
  });
});

describe("a composer", () => {
  const composer = (parameters: Partial<Parameters> = {}, maxDatagram = 1_280) => {
    const clock = new FakeClock();
    const transport = new VirtualTransport(maxDatagram);
    const surroundings = {
      transport,
      clock,
      random: new SeededRandom(1),
      log: silentLog,
      parameters: { ...DEFAULT_PARAMETERS, ...parameters },
      counters: new Counters(),
    };
    return { clock, transport, composer: new Composer(surroundings) };
  };
  const target = (key: string, question = ""): Target => ({ key, question: text(question), wanted: undefined });
  const long = { code: Code.Content, payload: new Uint8Array(100).fill(1) };

  it.each([
    [1_280, 6],
    [1_088, 6],
    [1_087, 5],
    [128, 2],
    [80, 0],
    [20, 0],
  ])("cuts blocks so that a datagram of %i bytes holds one and its options", (maxDatagram, exponent) => {
    expect(composer({}, maxDatagram).composer.exponent).toBe(exponent);
  });

  it("cuts no larger than the parameters say", () => {
    expect(composer({ blockSize: 64 }).composer.exponent).toBe(2);
  });

  it("resumes what it began, for the same key, while it is remembered", () => {
    const { clock, composer: it } = composer({ blockSize: 64 });
    const wanted = { number: 1, more: false, exponent: 2 };
    expect(it.resume(wanted, TOKEN, target("a"), {})).toBeUndefined();
    const first = asMessage(it.compose(long, TOKEN, target("a"), {}));
    expect(blockOf(first, Block2)).toBe("0/1/64");
    expect(uintOf(first, Size2)).toBe(100);
    const second = it.resume(wanted, TOKEN, target("a"), {});
    expect(second && blockOf(asMessage(second), Block2)).toBe("1/0/64");
    expect(second && bytesOf(asMessage(second), ETag)).toEqual(bytesOf(first, ETag));
    expect(it.resume(wanted, TOKEN, target("b"), {})).toBeUndefined();
    clock.tick(93_004);
    expect(it.resume(wanted, TOKEN, target("a"), {})).toBeUndefined();
  });

  it("does not take one question's answer for another's", () => {
    const { composer: it } = composer({ blockSize: 64 });
    const wanted = { number: 1, more: false, exponent: 2 };
    it.compose(long, TOKEN, target("a", "these paths"), {});
    expect(it.resume(wanted, TOKEN, target("a", "those paths"), {})).toBeUndefined();
    expect(it.resume(wanted, TOKEN, target("a", "these paths"), {})).toBeDefined();
    expect(it.resume(wanted, TOKEN, target("a"), {})).toBeDefined();
  });

  it("gives the same tag to the same content and another to any other", () => {
    const { composer: it } = composer({ blockSize: 16 });
    const tagOf = (payload: Uint8Array, format?: number) => {
      const reply = format === undefined ? { code: Code.Content, payload } : { code: Code.Content, payload, format };
      return Buffer.from(bytesOf(asMessage(it.compose(reply, TOKEN, target("a"), {})), ETag)!).toString("hex");
    };
    const random = new SeededRandom(6);
    const bodies = Array.from({ length: 300 }, () => random.bytes(40));
    expect(new Set(bodies.map((body) => tagOf(body))).size).toBe(300);
    expect(tagOf(bodies[0]!)).toBe(tagOf(bodies[0]!.slice()));
    expect(tagOf(bodies[0]!, 40)).not.toBe(tagOf(bodies[0]!, 60));
  });

  it("follows a transport that carries less after it was renewed", () => {
    const { transport, composer: it } = composer();
    expect(it.exponent).toBe(6);
    Object.assign(transport, { maxDatagram: 200 });
    expect(it.exponent).toBe(3);
  });
});
