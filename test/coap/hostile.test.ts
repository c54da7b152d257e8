/** A server that means harm, in virtual time: whatever it sends is answered, counted, and bounded. */

import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { encodeMessage } from "../../src/coap/codec.ts";
import { Code, type Message } from "../../src/coap/message.ts";
import { OptionNumber, stringOption, uintOption } from "../../src/coap/options.ts";
import type { Answer, IncomingRequest, Reply, Upload } from "../../src/coap/request.ts";
import { settle } from "../support/fake-clock.ts";
import { block, blockOf, NOTHING, Observable, pathOptions, Stage, show, text, uintOf } from "./peers.ts";

const { Block1, Block2, Observe, Size1, Size2 } = OptionNumber;

class Besieged extends Stage {
  readonly asked: IncomingRequest[] = [];
  reply: Reply = { code: Code.Content, payload: text("21") };

  constructor(parameters = {}) {
    super(parameters);
    this.endpoint.onRequest((request) => {
      this.asked.push(request);
      return this.reply;
    });
  }

  ask(messageId: number, code: number, options: Message["options"], payload: Uint8Array = NOTHING): Message {
    this.say({ code, messageId, token: Uint8Array.of(messageId >> 8, messageId), options, payload });
    return this.only();
  }
}

const put = (path: string, figure: string) => [...pathOptions(path), block(Block1, figure)];

describe("options without end", () => {
  /** A GET with that many more options of one byte, each of the same number as the last of `lead`. */
  function many(type: number, count: number, lead: readonly number[], value: readonly number[] = []): Uint8Array {
    const more = [value.length, ...value];
    const bytes = [(type << 4) | 0x40, Code.GET, 0x12, 0x34, ...lead];
    for (let i = 0; i < count; i++) bytes.push(...more);
    return Uint8Array.from(bytes);
  }

  it.each([
    ["65,535 empty path segments", [0xb0], []],
    ["65,535 empty queries", [0xd0, 0x02], []],
    ["65,535 If-Match", [0x10], []],
    ["30,000 queries of a byte", [0xd1, 0x02, 0x41], [0x41]],
    ["30,000 options that nobody knows and anybody may skip", [0xd1, 0x35, 0x41], [0x41]],
  ])("are refused with 4.02, quickly: %s", (_, lead, value) => {
    const stage = new Besieged();
    const began = performance.now();
    for (let round = 0; round < 5; round++) stage.sayBytes(many(4, value.length === 0 ? 65_535 : 30_000, lead, value));
    expect(performance.now() - began).toBeLessThan(2_000);
    const answers = stage.heard();
    expect(answers.length).toBeGreaterThan(0);
    expect(answers.every(({ code }) => code === Code.BadOption)).toBe(true);
    expect(stage.asked).toEqual([]);
    expect(stage.endpoint.counters.requests).toBe(0);
    expect(stage.endpoint.counters.refused).toBeGreaterThan(0);
  });

  it("are rejected if they came unconfirmed, and 128 are not too many (RFC 7252 §5.4.1)", () => {
    const stage = new Besieged();
    stage.sayBytes(many(5, 200, [0xd1, 0x02, 0x41], [0x41]));
    expect(show(stage.only())).toBe("RST 0.00 #4660");
    const fitting = many(4, 127, [0xd1, 0x02, 0x41], [0x41]);
    fitting[3] = 0x35;
    stage.sayBytes(fitting);
    expect(stage.only().code).toBe(Code.Content);
    expect(stage.asked[0]?.query).toHaveLength(128);
  });

  it("end at 65,535: a number beyond is no message at all (RFC 7252 §3.1)", () => {
    const stage = new Besieged();
    stage.sayBytes(fromHex("40010001 e0fef2"));
    expect(stage.only().code).toBe(Code.BadOption);
    stage.sayBytes(fromHex("40010002 e0fff0 e0fff0"));
    expect(show(stage.only())).toBe("RST 0.00 #2");
    expect(stage.endpoint.counters.malformed).toBe(1);
  });
});

describe("options that must not be passed over", () => {
  it.each([
    ["If-Match", { number: OptionNumber.IfMatch, value: Uint8Array.of(1) }],
    ["If-None-Match", { number: OptionNumber.IfNoneMatch, value: NOTHING }],
  ])("%s is shown to the handler, who alone knows what is there (RFC 7252 §5.10.8)", (_, option) => {
    const stage = new Besieged();
    stage.ask(1, Code.PUT, [option, ...pathOptions("a")]);
    expect(stage.asked[0]?.options).toEqual([option]);
  });

  it("a proxy is refused with 5.05, confirmed or not (RFC 7252 §5.10.2)", () => {
    const stage = new Besieged();
    for (const option of [
      stringOption(OptionNumber.ProxyUri, "coap://elsewhere/x"),
      stringOption(OptionNumber.ProxyScheme, "coap"),
    ]) {
      expect(stage.ask(1, Code.GET, [...pathOptions("a"), option]).code).toBe(Code.ProxyingNotSupported);
      stage.say({ type: "NON", code: Code.GET, messageId: 2, options: [...pathOptions("a"), option] });
      expect(stage.only()).toMatchObject({ type: "NON", code: Code.ProxyingNotSupported });
    }
    expect(stage.asked).toEqual([]);
  });
});

describe("codes that mean nothing here", () => {
  it("are rejected where they must be answered and dropped where not (RFC 7252 §4.2, §4.3)", () => {
    const stage = new Besieged();
    for (const code of [0x20, 0x3f, 0x60, 0xc0, 0xe1, 0xff]) {
      stage.say({ type: "CON", code, messageId: code });
      stage.say({ type: "NON", code, messageId: code });
      stage.say({ type: "ACK", code, messageId: code });
      stage.say({ type: "RST", code, messageId: code });
    }
    expect(stage.heard().map(({ type }) => type)).toEqual(["RST", "RST", "RST", "RST", "RST", "RST"]);
    expect(stage.endpoint.counters).toMatchObject({ rejected: 24, resetsReceived: 0, requests: 0 });
  });

  it("an unknown method is 4.05 (RFC 7252 §5.8); an acknowledgement that asks is dropped", () => {
    const stage = new Besieged();
    expect(stage.ask(1, 0x1f, pathOptions("a")).code).toBe(Code.MethodNotAllowed);
    stage.say({ type: "ACK", code: Code.GET, messageId: 2 });
    stage.say({ type: "RST", code: Code.GET, messageId: 3 });
    expect(stage.heard()).toEqual([]);
    expect(stage.endpoint.counters.rejected).toBe(2);
  });
});

describe("bodies begun and never ended", () => {
  it("are four at most; the one that rested longest gives way, and its next block is 4.08", () => {
    const stage = new Besieged();
    for (let i = 0; i < 1_000; i++)
      expect(stage.ask(i, Code.PUT, put(`a/${i}`, "0/1/1024"), new Uint8Array(1_024)).code).toBe(Code.Continue);
    expect(stage.endpoint.counters.abandoned).toBe(996);
    expect(stage.ask(2_000, Code.PUT, put("a/5", "1/0/1024"), text("x")).code).toBe(Code.RequestEntityIncomplete);
    expect(stage.ask(2_001, Code.PUT, put("a/999", "1/0/1024"), text("x")).code).toBe(Code.Content);
    expect(stage.asked).toHaveLength(1);
  });

  it("are forgotten EXCHANGE_LIFETIME after their latest block, however slowly they came", () => {
    const stage = new Besieged();
    for (let i = 0; i < 10; i++) {
      stage.ask(i, Code.PUT, put("slow", `${i}/1/16`), new Uint8Array(16));
      stage.clock.tick(240_000);
    }
    expect(stage.endpoint.counters.abandoned).toBe(0);
    stage.clock.tick(8_000);
    expect(stage.endpoint.counters.abandoned).toBe(1);
    expect(stage.ask(50, Code.PUT, put("slow", "10/0/16"), text("x")).code).toBe(Code.RequestEntityIncomplete);
  });

  it("never hold more than a body may have: 4.13 with Size1, told early or reached (RFC 7959 §2.9.3)", () => {
    const stage = new Besieged({ maxBody: 4_096 });
    const announced = stage.ask(
      1,
      Code.PUT,
      [...put("a", "0/1/1024"), uintOption(Size1, 0xffff_ffff)],
      new Uint8Array(1_024),
    );
    expect(announced.code).toBe(Code.RequestEntityTooLarge);
    expect(uintOf(announced, Size1)).toBe(4_096);
    for (let i = 0; i < 4; i++) stage.ask(10 + i, Code.PUT, put("a", `${i}/1/1024`), new Uint8Array(1_024));
    const fifth = stage.ask(20, Code.PUT, put("a", "4/1/1024"), new Uint8Array(1_024));
    expect(fifth.code).toBe(Code.RequestEntityTooLarge);
    expect(uintOf(fifth, Size1)).toBe(4_096);
    const far = stage.ask(21, Code.PUT, put("b", "1048575/1/1024"), new Uint8Array(1_024));
    expect(far.code).toBe(Code.RequestEntityTooLarge);
    expect(stage.endpoint.counters).toMatchObject({ abandoned: 1, refused: 3 });
  });

  it("that are taken block by block are one, and the taker hears the end of each", () => {
    const stage = new Besieged();
    const ends: string[] = [];
    const upload = (): Upload => ({
      chunk: () => undefined,
      done: () => ({ code: Code.Changed }),
      aborted: () => void ends.push("aborted"),
    });
    stage.endpoint.onUpload(upload);
    for (let i = 0; i < 500; i++) stage.ask(i, Code.PUT, put(`5/${i}/0`, "0/1/16"), new Uint8Array(16));
    expect(ends).toHaveLength(499);
    for (let i = 0; i < 500; i++) stage.ask(1_000 + i, Code.PUT, put("5/0/0", "0/1/16"), new Uint8Array(16));
    expect(ends).toHaveLength(999);
    stage.clock.tick(300_000);
    expect(ends).toHaveLength(1_000);
  });
});

describe("answers begun and never read to the end", () => {
  it("are four at most, each for MAX_TRANSMIT_WAIT; then a later block is made anew, under its own tag", () => {
    const stage = new Besieged();
    let looks = 0;
    stage.reply = { code: Code.Content, payload: new Uint8Array(5_000).fill(1) };
    stage.endpoint.onRequest(() => {
      looks += 1;
      return stage.reply;
    });
    for (let i = 0; i < 300; i++)
      expect(blockOf(stage.ask(i, Code.GET, pathOptions(`a/${i}`)), Block2)).toBe("0/1/1024");
    expect(looks).toBe(300);
    const again = (messageId: number, path: string) =>
      stage.ask(messageId, Code.GET, [...pathOptions(path), block(Block2, "1/0/1024")]);
    expect(blockOf(again(1_000, "a/299"), Block2)).toBe("1/1/1024");
    expect(looks).toBe(300);
    again(1_001, "a/0");
    expect(looks).toBe(301);
    stage.clock.tick(94_000);
    again(1_002, "a/299");
    expect(looks).toBe(302);
  });

  it("are not begun in the middle of what was done: 4.08 for a POST, done once only (RFC 7959 §2.9.2)", () => {
    const stage = new Besieged();
    const answer = stage.ask(1, Code.POST, [...pathOptions("a"), block(Block2, "3/0/64")]);
    expect(answer.code).toBe(Code.RequestEntityIncomplete);
    expect(stage.asked).toEqual([]);
    stage.reply = { code: Code.Content, payload: new Uint8Array(100) };
    expect(stage.ask(2, Code.GET, [...pathOptions("a"), block(Block2, "1048575/0/1024")]).code).toBe(Code.BadRequest);
  });
});

describe("observations without end", () => {
  it("are 64; each further request is answered without the option, and counted (RFC 7641 §4.1)", () => {
    const stage = new Stage();
    const resource = new Observable();
    stage.endpoint.onRequest(resource.handler);
    const options = [uintOption(Observe, 0), ...pathOptions("3303/0/5700")];
    for (let i = 0; i < 5_000; i++)
      stage.say({ code: Code.GET, messageId: i, token: Uint8Array.of(i >> 8, i), options });
    const told = stage.heard().filter((message) => uintOf(message, Observe) !== undefined);
    expect(told).toHaveLength(64);
    expect(stage.endpoint.observations).toBe(64);
    expect(stage.endpoint.counters.unobserved).toBe(4_936);
    stage.say({
      code: Code.GET,
      messageId: 6_000,
      token: Uint8Array.of(0, 3),
      options: [uintOption(Observe, 1), ...pathOptions("3303/0/5700")],
    });
    stage.say({ code: Code.GET, messageId: 6_001, token: Uint8Array.of(9, 9, 9), options });
    expect(uintOf(stage.heard()[1]!, Observe)).toBeDefined();
    expect(stage.endpoint.observations).toBe(64);
  });

  it("of one token are one, however often it is asked for", () => {
    const stage = new Stage();
    const resource = new Observable();
    stage.endpoint.onRequest(resource.handler);
    const options = [uintOption(Observe, 0), ...pathOptions("3303/0/5700")];
    for (let i = 0; i < 500; i++) stage.say({ code: Code.GET, messageId: i, token: Uint8Array.of(1), options });
    expect(stage.endpoint.observations).toBe(1);
    expect(resource.ends).toHaveLength(499);
  });
});

describe("a flood", () => {
  it("of requests that take their time is answered 5.03 from the 33rd on, and ends when those are answered", async () => {
    const stage = new Stage();
    const waiting: ((reply: Reply) => void)[] = [];
    stage.endpoint.onRequest(() => new Promise((resolve) => waiting.push(resolve)));
    for (let i = 0; i < 1_000; i++) stage.say({ code: Code.PUT, messageId: i, options: pathOptions("a") });
    const busy = stage.heard();
    expect(busy).toHaveLength(968);
    expect(busy.every(({ code }) => code === Code.ServiceUnavailable)).toBe(true);
    expect(waiting).toHaveLength(32);
    for (const answer of waiting.splice(0)) answer({ code: Code.Changed });
    await settle();
    expect(stage.heard()).toHaveLength(32);
    stage.say({ code: Code.PUT, messageId: 2_000, options: pathOptions("a") });
    expect(waiting).toHaveLength(1);
    expect(stage.endpoint.counters).toMatchObject({ requests: 33, refused: 968 });
  });

  it("of one message again and again is handled once and answered each time alike (RFC 7252 §4.5)", () => {
    const stage = new Besieged();
    for (let i = 0; i < 2_000; i++) stage.say({ code: Code.PUT, messageId: 7, options: pathOptions("a") });
    expect(stage.asked).toHaveLength(1);
    expect(new Set(stage.wire.sent.map(toHex)).size).toBe(1);
    expect(stage.endpoint.counters).toMatchObject({ duplicates: 1_999, requests: 1 });
  });

  it("of malformed datagrams is counted and told rarely, and nothing but the confirmable is answered", () => {
    const stage = new Besieged();
    for (let i = 0; i < 3_000; i++) stage.sayBytes(Uint8Array.of(0x50 | 9, 1, i >> 8, i));
    expect(stage.heard()).toEqual([]);
    for (let i = 0; i < 30; i++) stage.sayBytes(Uint8Array.of(0x40 | 9, 1, i >> 8, i));
    expect(stage.heard().every(({ type }) => type === "RST")).toBe(true);
    expect(stage.endpoint.counters.malformed).toBe(3_030);
  });

  it("of acknowledgements, resets and responses to nothing changes nothing", () => {
    const stage = new Besieged();
    for (let i = 0; i < 1_000; i++) {
      stage.say({ type: "ACK", messageId: i });
      stage.say({ type: "RST", messageId: i });
      stage.say({ type: "NON", code: Code.Content, messageId: i, token: Uint8Array.of(i >> 8, i) });
    }
    expect(stage.heard()).toEqual([]);
    expect(stage.endpoint.counters.unmatched).toBe(3_000);
  });
});

describe("ids and tokens that clash", () => {
  it("are told apart by direction: the peer may use the very id and token that we are using", async () => {
    const stage = new Besieged();
    let answer: Answer | undefined;
    void stage.endpoint.request({ code: Code.POST, path: ["rd"] }).then((value) => (answer = value));
    const ours = stage.only();
    stage.say({ code: Code.GET, messageId: ours.messageId, token: ours.token, options: pathOptions("a") });
    expect(stage.only()).toMatchObject({ type: "ACK", code: Code.Content, messageId: ours.messageId });
    expect(answer).toBeUndefined();
    stage.say({ type: "ACK", code: Code.Created, messageId: ours.messageId, token: ours.token });
    await settle();
    expect(answer).toMatchObject({ response: { code: Code.Created } });
  });

  it("an answer must have both right: id and token, or the token alone if it comes by itself (RFC 7252 §5.3.2)", async () => {
    const stage = new Besieged();
    let answer: Answer | undefined;
    void stage.endpoint.request({ code: Code.POST, path: ["rd"] }).then((value) => (answer = value));
    const { messageId, token } = stage.only();
    const wrong = Uint8Array.from(token, (byte) => byte ^ 1);
    stage.say({ type: "ACK", code: Code.Created, messageId, token: wrong });
    stage.say({ type: "ACK", code: Code.Created, messageId: messageId ^ 1, token });
    stage.say({ type: "CON", code: Code.Created, messageId: 5, token: wrong });
    stage.say({ type: "CON", code: Code.Created, messageId: 6, token: token.subarray(0, 7) });
    await settle();
    expect(answer).toBeUndefined();
    expect(stage.heard().map(show)).toEqual(["RST 0.00 #5", "RST 0.00 #6"]);
    expect(stage.endpoint.counters.unmatched).toBe(4);
    stage.say({ type: "NON", code: Code.Created, messageId: 7, token });
    await settle();
    expect(answer).toMatchObject({ status: "answered" });
  });
});

describe("a server that gives without end", () => {
  it("is stopped at the longest body that is kept, and at once if it tells the length", async () => {
    for (const size2 of [undefined, 1_000_000]) {
      const stage = new Stage({ maxBody: 8_192 });
      let answer: Answer | undefined;
      void stage.endpoint.request({ code: Code.GET, path: ["a"] }).then((value) => (answer = value));
      let given = 0;
      for (; given < 100 && answer === undefined; given++) {
        const { messageId, token } = stage.only();
        const options = [block(Block2, `${given}/1/1024`), ...(size2 === undefined ? [] : [uintOption(Size2, size2)])];
        stage.say({ type: "ACK", code: Code.Content, messageId, token, options, payload: new Uint8Array(1_024) });
        await settle();
      }
      expect(given).toBe(size2 === undefined ? 9 : 1);
      expect(answer?.status === "failed" && answer.reason).toContain("too long");
    }
  });

  it("cannot make us ask on for nothing: a block of nothing with more to come ends it", async () => {
    const stage = new Stage();
    let answer: Answer | undefined;
    void stage.endpoint.request({ code: Code.GET, path: ["a"] }).then((value) => (answer = value));
    const { messageId, token } = stage.only();
    stage.say({ type: "ACK", code: Code.Content, messageId, token, options: [block(Block2, "0/1/16")] });
    await settle();
    expect(answer?.status).toBe("failed");
    expect(stage.heard()).toEqual([]);
  });
});

describe("a datagram of the largest size", () => {
  it("with a body longer than any that is taken is 4.13 with Size1, confirmed or not", () => {
    const stage = new Besieged({ maxBody: 1_024 });
    const bytes = encodeMessage({
      type: "CON",
      code: Code.PUT,
      messageId: 1,
      token: NOTHING,
      options: pathOptions("a"),
      payload: new Uint8Array(60_000),
    });
    stage.sayBytes(bytes);
    const answer = stage.only();
    expect(answer.code).toBe(Code.RequestEntityTooLarge);
    expect(uintOf(answer, Size1)).toBe(1_024);
    expect(stage.asked).toEqual([]);
  });
});
