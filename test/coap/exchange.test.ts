import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { decodeMessage, encodeMessage } from "../../src/coap/codec.ts";
import { Code, type Message } from "../../src/coap/message.ts";
import { OptionNumber, uintOption } from "../../src/coap/options.ts";
import type { Answer, Reply } from "../../src/coap/request.ts";
import { NOTHING, Observable, pathOptions, Stage, show, text } from "./peers.ts";

const GET_TEMPERATURE: Partial<Message> = {
  code: Code.GET,
  messageId: 0x7d34,
  token: Uint8Array.of(0x20),
  options: pathOptions("temperature"),
};

const PUT_TEMPERATURE: Partial<Message> = { ...GET_TEMPERATURE, code: Code.PUT };

/** An endpoint whose handler answers "22.3 C" and counts. */
function served(): Stage & { asked: number } {
  const stage = Object.assign(new Stage(), { asked: 0 });
  stage.endpoint.onRequest(() => {
    stage.asked += 1;
    return { code: Code.Content, payload: text(`${stage.asked}`) };
  });
  return stage;
}

/** A handler that answers when the test says so. */
function slow(): { stage: Stage; answer: (reply: Reply) => void; asked: () => number } {
  const stage = new Stage();
  const waiting: ((reply: Reply) => void)[] = [];
  let asked = 0;
  stage.endpoint.onRequest(() => {
    asked += 1;
    return new Promise((resolve) => waiting.push(resolve));
  });
  return { stage, answer: (reply) => waiting.shift()?.(reply), asked: () => asked };
}

describe("a request of the peer", () => {
  it("is answered on its acknowledgement (RFC 7252 figure 16)", () => {
    const stage = served();
    stage.say(GET_TEMPERATURE);
    expect(stage.only()).toEqual({
      type: "ACK",
      code: Code.Content,
      messageId: 0x7d34,
      token: Uint8Array.of(0x20),
      options: [],
      payload: text("1"),
    });
  });

  it("that need not be confirmed is answered by a message that need not be either (RFC 7252 §5.2.3)", () => {
    const stage = served();
    stage.say({ ...GET_TEMPERATURE, type: "NON" });
    const answer = stage.only();
    expect(answer).toMatchObject({ type: "NON", code: Code.Content, token: Uint8Array.of(0x20) });
    stage.say({ ...GET_TEMPERATURE, type: "NON", messageId: 0x7d35 });
    expect(stage.only().messageId).toBe((answer.messageId + 1) & 0xffff);
  });

  it.each([0, 1, 4, 8])("gets its token of %i bytes back", (length) => {
    const stage = served();
    const token = new Uint8Array(length).fill(0xa5);
    stage.say({ ...GET_TEMPERATURE, token });
    expect(stage.only().token).toEqual(token);
  });

  it("with a method nobody knows is answered 4.05 (RFC 7252 §5.8)", () => {
    const stage = served();
    stage.say({ ...GET_TEMPERATURE, code: 0x08 });
    expect(stage.only()).toMatchObject({ type: "ACK", code: Code.MethodNotAllowed });
    stage.say({ ...GET_TEMPERATURE, code: 0x1f, messageId: 2 });
    expect(stage.only()).toMatchObject({ type: "ACK", code: Code.MethodNotAllowed });
    expect(stage.asked).toBe(0);
  });

  it.each([Code.FETCH, Code.PATCH, Code.iPATCH])("with method %i of RFC 8132 reaches the handler", (code) => {
    const stage = served();
    stage.say({ ...GET_TEMPERATURE, code });
    expect(stage.only().code).toBe(Code.Content);
    expect(stage.asked).toBe(1);
  });

  it("with a critical option nobody knows is answered 4.02 (RFC 7252 §5.4.1)", () => {
    const stage = served();
    stage.say({ ...GET_TEMPERATURE, options: [...pathOptions("temperature"), { number: 9_999, value: NOTHING }] });
    expect(stage.only()).toMatchObject({
      type: "ACK",
      code: Code.BadOption,
      payload: text("option 9999 is not understood"),
    });
    expect(stage.asked).toBe(0);
    expect(stage.endpoint.counters.refused).toBe(1);
  });

  it("with a critical option nobody knows is rejected if it need not be confirmed (RFC 7252 §5.4.1)", () => {
    const stage = served();
    stage.say({ ...GET_TEMPERATURE, type: "NON", options: [{ number: 9_999, value: NOTHING }] });
    expect(show(stage.only())).toBe("RST 0.00 #32052");
    expect(stage.asked).toBe(0);
  });

  it("with an elective option nobody knows is answered as if it were not there", () => {
    const stage = served();
    stage.say({ ...GET_TEMPERATURE, options: [...pathOptions("temperature"), { number: 2_048, value: text("?") }] });
    expect(stage.only().code).toBe(Code.Content);
  });

  it("is answered 5.03 while nobody is there to handle it", () => {
    const stage = new Stage();
    stage.say(GET_TEMPERATURE);
    expect(stage.only()).toMatchObject({ type: "ACK", code: Code.ServiceUnavailable });
  });

  it("is answered 5.03 while too many others wait for their handlers", async () => {
    const { stage, answer } = slow();
    for (let id = 0; id < 32; id++) stage.say({ ...GET_TEMPERATURE, messageId: id });
    expect(stage.heard()).toEqual([]);
    stage.say({ ...GET_TEMPERATURE, messageId: 99 });
    expect(stage.only()).toMatchObject({ code: Code.ServiceUnavailable, messageId: 99 });
    answer({ code: Code.Content });
    await stage.clock.advance(0);
    expect(stage.only()).toMatchObject({ code: Code.Content, messageId: 0 });
    stage.say({ ...GET_TEMPERATURE, messageId: 100 });
    expect(stage.heard()).toEqual([]);
  });

  it("with a body longer than any may be is answered 4.13 with the size that may (RFC 7959 §2.9.3)", () => {
    const stage = new Stage({ maxBody: 100 });
    stage.endpoint.onRequest(() => ({ code: Code.Changed }));
    stage.say({ ...GET_TEMPERATURE, code: Code.PUT, payload: new Uint8Array(101) });
    const answer = stage.only();
    expect(answer.code).toBe(Code.RequestEntityTooLarge);
    expect(answer.options).toEqual([uintOption(OptionNumber.Size1, 100)]);
  });
});

describe("a duplicate", () => {
  it("of a request is answered byte by byte as before, and not handled again (RFC 7252 §4.5)", () => {
    const stage = served();
    stage.say(PUT_TEMPERATURE);
    stage.say(PUT_TEMPERATURE);
    stage.say(PUT_TEMPERATURE);
    expect(stage.asked).toBe(1);
    const [first, ...others] = stage.wire.sent.map(toHex);
    expect(others).toEqual([first, first]);
    expect(stage.endpoint.counters.duplicates).toBe(2);
  });

  it("of a request that need not be confirmed is ignored", () => {
    const stage = served();
    stage.say({ ...PUT_TEMPERATURE, type: "NON" });
    stage.say({ ...PUT_TEMPERATURE, type: "NON" });
    expect(stage.heard()).toHaveLength(1);
    expect(stage.asked).toBe(1);
  });

  it("is none after EXCHANGE_LIFETIME, when the id may mean something new (RFC 7252 §4.8.2)", () => {
    const stage = served();
    stage.say(PUT_TEMPERATURE);
    stage.clock.tick(246_999);
    stage.say(PUT_TEMPERATURE);
    expect(stage.asked).toBe(1);
    stage.clock.tick(1);
    stage.say(PUT_TEMPERATURE);
    expect(stage.asked).toBe(2);
  });

  it("is none after NON_LIFETIME if it need not be confirmed", () => {
    const stage = served();
    const request: Partial<Message> = { ...PUT_TEMPERATURE, type: "NON" };
    stage.say(request);
    stage.clock.tick(144_999);
    stage.say(request);
    expect(stage.asked).toBe(1);
    stage.clock.tick(1);
    stage.say(request);
    expect(stage.asked).toBe(2);
  });

  it("is known among the last few only: memory is bounded", () => {
    const stage = served();
    for (let id = 0; id < 17; id++) stage.say({ ...PUT_TEMPERATURE, messageId: id });
    stage.say({ ...PUT_TEMPERATURE, messageId: 1 });
    expect(stage.asked).toBe(17);
    stage.say({ ...PUT_TEMPERATURE, messageId: 0 });
    expect(stage.asked).toBe(18);
  });

  it("is none if a restarted peer happens to choose the same id for another question", () => {
    const stage = served();
    stage.say(PUT_TEMPERATURE);
    stage.say({ ...PUT_TEMPERATURE, token: Uint8Array.of(0x21) });
    expect(stage.asked).toBe(2);
    expect(stage.heard().map(({ token }) => token[0])).toEqual([0x20, 0x21]);
  });

  it("of a request that only reads is a request like any other: no answer is kept (RFC 7252 §4.5)", () => {
    for (const code of [Code.GET, Code.FETCH]) {
      const stage = served();
      stage.say({ ...GET_TEMPERATURE, code });
      stage.say({ ...GET_TEMPERATURE, code });
      expect(stage.asked).toBe(2);
      expect(stage.heard().map(({ type, messageId }) => `${type} ${messageId}`)).toEqual(["ACK 32052", "ACK 32052"]);
      expect(stage.endpoint.counters.duplicates).toBe(0);
    }
  });

  it("of a request to observe is none: it is not observed anew", () => {
    const stage = new Stage();
    const resource = new Observable();
    stage.endpoint.onRequest(resource.handler);
    const observe = {
      ...GET_TEMPERATURE,
      options: [uintOption(OptionNumber.Observe, 0), ...pathOptions("temperature")],
    };
    stage.say(observe);
    stage.say(observe);
    expect(stage.wire.sent.map(toHex)[1]).toBe(toHex(stage.wire.sent[0]!));
    expect(resource.asked).toHaveLength(1);
    expect(resource.ends).toEqual([]);
  });

  it("of a request still handled is ignored, and acknowledged once the first was", () => {
    const { stage, asked } = slow();
    stage.say(PUT_TEMPERATURE);
    stage.say(PUT_TEMPERATURE);
    expect(stage.heard()).toEqual([]);
    stage.clock.tick(200);
    expect(show(stage.only())).toBe("ACK 0.00 #32052");
    stage.say(PUT_TEMPERATURE);
    expect(show(stage.only())).toBe("ACK 0.00 #32052");
    expect(asked()).toBe(1);
  });
});

describe("an answer that takes a while", () => {
  it("rides on the acknowledgement if it comes within the window", async () => {
    const { stage, answer } = slow();
    stage.say(GET_TEMPERATURE);
    await stage.clock.advance(190);
    answer({ code: Code.Changed });
    await stage.clock.advance(0);
    expect(stage.only()).toMatchObject({ type: "ACK", code: Code.Changed, messageId: 0x7d34 });
    await stage.clock.advance(10_000);
    expect(stage.heard()).toEqual([]);
  });

  it("follows by itself after an empty acknowledgement, until it is acknowledged (RFC 7252 figure 20)", async () => {
    const { stage, answer } = slow();
    stage.say(GET_TEMPERATURE);
    await stage.clock.advance(5_000);
    expect(show(stage.only())).toBe("ACK 0.00 #32052");
    answer({ code: Code.Content, payload: text("22.3 C") });
    await stage.clock.advance(0);
    const separate = stage.only();
    expect(separate).toMatchObject({
      type: "CON",
      code: Code.Content,
      token: Uint8Array.of(0x20),
      payload: text("22.3 C"),
    });
    await stage.clock.advance(3_100);
    expect(stage.only()).toEqual(separate);
    stage.say({ type: "ACK", messageId: separate.messageId });
    await stage.clock.advance(100_000);
    expect(stage.heard()).toEqual([]);
    stage.say(GET_TEMPERATURE);
    expect(show(stage.only())).toBe("ACK 0.00 #32052");
  });

  it("is given up when the peer rejects it", async () => {
    const { stage, answer } = slow();
    stage.say(GET_TEMPERATURE);
    await stage.clock.advance(200);
    answer({ code: Code.Content });
    await stage.clock.advance(0);
    const [, separate] = stage.heard();
    stage.say({ type: "RST", messageId: separate!.messageId });
    await stage.clock.advance(100_000);
    expect(stage.heard()).toEqual([]);
    expect(stage.endpoint.counters.resetsReceived).toBe(1);
  });

  it("to a request that need not be confirmed follows without any acknowledgement", async () => {
    const { stage, answer } = slow();
    stage.say({ ...GET_TEMPERATURE, type: "NON" });
    await stage.clock.advance(5_000);
    expect(stage.heard()).toEqual([]);
    answer({ code: Code.Content });
    await stage.clock.advance(0);
    expect(stage.only()).toMatchObject({ type: "NON", code: Code.Content });
  });

  it("is not sent any more once the endpoint is closed, and the handler's signal says so", async () => {
    const stage = new Stage();
    let signal: AbortSignal | undefined;
    stage.endpoint.onRequest((request) => {
      ({ signal } = request);
      return new Promise(() => undefined);
    });
    stage.say(GET_TEMPERATURE);
    expect(signal?.aborted).toBe(false);
    await stage.endpoint.close();
    expect(signal?.aborted).toBe(true);
    await stage.clock.advance(1_000);
    expect(stage.heard()).toEqual([]);
  });
});

describe("a message that cannot be processed", () => {
  it("is a ping if it is an empty CON: answered by RST, once (RFC 7252 §4.3)", () => {
    const stage = served();
    stage.say({ type: "CON", messageId: 0x1234 });
    expect(toHex(encodeMessage(stage.only()))).toBe("70001234");
    stage.clock.tick(1_000);
    expect(stage.heard()).toEqual([]);
    expect(stage.endpoint.counters).toMatchObject({ rejected: 0, resetsSent: 1 });
  });

  it.each([
    ["a token too long", "49 01 1234 010203040506070809"],
    ["a marker without payload", "40 01 1234 ff"],
    ["an option cut short", "40 01 1234 b561"],
    ["an empty message with content", "41 00 1234 01"],
  ])("is rejected by RST if it must be confirmed and has %s (RFC 7252 §4.2)", (_, hex) => {
    const stage = served();
    stage.sayBytes(fromHex(hex));
    expect(show(stage.only())).toBe("RST 0.00 #4660");
    expect(stage.endpoint.counters.malformed).toBe(1);
  });

  it.each([
    ["another version", "80 01 1234"],
    ["no header", "40 01 12"],
    ["a broken NON", "50 01 1234 ff"],
    ["a broken ACK", "60 45 1234 ff"],
    ["a broken RST", "71 00 1234 01"],
  ])("is dropped in silence and counted: %s (RFC 7252 §3, §4.3)", (_, hex) => {
    const stage = served();
    stage.sayBytes(fromHex(hex));
    expect(stage.heard()).toEqual([]);
    expect(stage.endpoint.counters.malformed).toBe(1);
  });

  it.each([0x20, 0x3f, 0x60, 0xc0, 0xe1])("is rejected for its reserved code %i (RFC 7252 §4.2)", (code) => {
    const stage = served();
    stage.say({ type: "CON", code, messageId: 9 });
    expect(show(stage.only())).toBe("RST 0.00 #9");
    stage.say({ type: "NON", code, messageId: 10 });
    stage.say({ type: "ACK", code, messageId: 11 });
    expect(stage.heard()).toEqual([]);
    expect(stage.endpoint.counters.rejected).toBe(3);
  });

  it("is dropped if it is an empty NON, a request as acknowledgement, or a reset with a code (RFC 7252 §4.2, §4.3)", () => {
    const stage = served();
    stage.say({ type: "NON", messageId: 1 });
    stage.say({ type: "ACK", code: Code.GET, messageId: 2 });
    stage.say({ type: "RST", code: Code.Content, messageId: 3 });
    expect(stage.heard()).toEqual([]);
    expect(stage.asked).toBe(0);
    expect(stage.endpoint.counters.rejected).toBe(3);
  });

  it("is rejected if it is an answer to nothing that was asked, and dropped if it need not be confirmed", () => {
    const stage = served();
    stage.say({ type: "CON", code: Code.Content, messageId: 5, token: Uint8Array.of(1) });
    expect(show(stage.only())).toBe("RST 0.00 #5");
    stage.say({ type: "NON", code: Code.Content, messageId: 6, token: Uint8Array.of(1) });
    stage.say({ type: "ACK", code: Code.Content, messageId: 7, token: Uint8Array.of(1) });
    stage.say({ type: "ACK", messageId: 8 });
    stage.say({ type: "RST", messageId: 9 });
    expect(stage.heard()).toEqual([]);
    expect(stage.endpoint.counters.unmatched).toBe(5);
  });
});

describe("a confirmable message of ours", () => {
  it("is sent again after 2 to 3 s, then ever later, byte by byte the same, and given up (RFC 7252 §4.2)", async () => {
    const stage = new Stage();
    const times: number[] = [];
    let answer: Answer | undefined;
    void stage.endpoint.request({ code: Code.GET, path: ["rd"] }).then((value) => (answer = value));
    let seen = 0;
    while (answer === undefined && stage.clock.monotonic() < 200_000) {
      if (stage.wire.sent.length > seen) times.push(stage.clock.monotonic());
      seen = stage.wire.sent.length;
      await stage.clock.advance(4);
    }
    const [first = 0, ...gaps] = times.slice(1).map((time, i) => time - times[i]!);
    expect(times).toHaveLength(5);
    expect(first).toBeGreaterThanOrEqual(2_000);
    expect(first).toBeLessThanOrEqual(3_008);
    gaps.forEach((gap, i) => {
      expect(Math.abs(gap - first * 2 ** (i + 1))).toBeLessThan(40);
    });
    expect(new Set(stage.wire.sent.map(toHex)).size).toBe(1);
    expect(answer).toEqual({ status: "timeout" });
    expect(stage.clock.monotonic()).toBeGreaterThanOrEqual(62_000);
    expect(stage.clock.monotonic()).toBeLessThanOrEqual(93_100);
    expect(stage.endpoint.counters).toMatchObject({ sent: 5, retransmissions: 4, timeouts: 1 });
  });

  it("waits until no more than NSTART others are under way (RFC 7252 §4.7)", async () => {
    const stage = new Stage();
    const answers = ["a", "b", "c"].map((path) => stage.endpoint.request({ code: Code.GET, path: [path] }));
    const first = stage.only();
    stage.say({ type: "ACK", messageId: first.messageId });
    const second = stage.only();
    expect(second.messageId).toBe((first.messageId + 1) & 0xffff);
    stage.say({ type: "ACK", code: Code.Content, messageId: second.messageId, token: second.token });
    const third = stage.only();
    stage.say({ type: "ACK", code: Code.Changed, messageId: third.messageId, token: third.token });
    stage.say({ type: "NON", code: Code.Deleted, messageId: 1, token: first.token });
    expect((await Promise.all(answers)).map((answer) => answer.status === "answered" && answer.response.code)).toEqual([
      Code.Deleted,
      Code.Content,
      Code.Changed,
    ]);
  });

  it("may have as many others under way as the parameters say", () => {
    const stage = new Stage({ nstart: 3 });
    for (const path of ["a", "b", "c", "d"]) void stage.endpoint.request({ code: Code.GET, path: [path] });
    expect(stage.heard()).toHaveLength(3);
  });

  it("goes before notifications that wait: what is asked is wanted sooner than news", () => {
    const stage = new Stage();
    const resources = [new Observable(), new Observable()];
    stage.endpoint.onRequest((request) => resources[Number(request.path[0])]!.handler(request));
    for (const [i] of resources.entries())
      stage.say({
        code: Code.GET,
        messageId: i,
        token: Uint8Array.of(i),
        options: [uintOption(OptionNumber.Observe, 0), ...pathOptions(String(i))],
      });
    stage.heard();
    resources[0]!.notify("first");
    resources[1]!.notify("second");
    void stage.endpoint.request({ code: Code.POST, path: ["rd", "1"] });
    const first = stage.only();
    stage.say({ type: "ACK", messageId: first.messageId });
    const next = stage.only();
    expect(next.code).toBe(Code.POST);
    stage.say({ type: "ACK", messageId: next.messageId });
    expect(stage.only().payload).toEqual(text("second"));
  });

  it("is refused in words when too many wait already", async () => {
    const stage = new Stage();
    const answers = Array.from({ length: 130 }, () => stage.endpoint.request({ code: Code.GET, path: ["a"] }));
    expect(await answers[129]).toEqual({ status: "failed", reason: "too many messages wait to be sent" });
    expect(stage.endpoint.counters.overflows).toBe(1);
    await stage.endpoint.close();
    expect(new Set((await Promise.all(answers.slice(0, 129))).map((answer) => answer.status))).toEqual(
      new Set(["failed"]),
    );
  });

  it("is not settled by an acknowledgement of another id", async () => {
    const stage = new Stage();
    const answer = stage.endpoint.request({ code: Code.GET, path: ["a"] });
    const { messageId, token } = stage.only();
    stage.say({ type: "ACK", messageId: messageId ^ 1 });
    stage.say({ type: "ACK", code: Code.Content, messageId: messageId ^ 1, token });
    await stage.clock.advance(3_100);
    expect(stage.only().messageId).toBe(messageId);
    stage.say({ type: "ACK", code: Code.Content, messageId, token });
    expect(await answer).toMatchObject({ status: "answered" });
    expect(stage.endpoint.counters.unmatched).toBe(2);
  });

  it("takes ids from all 65536 in turn, from a random start", () => {
    const stage = served();
    const ids = new Set<number>();
    for (let i = 0; i < 65_536; i++) {
      stage.sayBytes(
        encodeMessage({ type: "NON", code: 1, messageId: i, token: NOTHING, options: [], payload: NOTHING }),
      );
      ids.add(stage.only().messageId);
      stage.wire.sent.length = 0;
    }
    expect(ids.size).toBe(65_536);
  });
});

describe("what the endpoint sends", () => {
  it("is what a decoder can read, every time", () => {
    const stage = served();
    for (let i = 0; i < 20; i++) stage.say({ ...GET_TEMPERATURE, messageId: i });
    expect(stage.wire.sent.map((datagram) => decodeMessage(datagram).messageId)).toEqual([...Array(20).keys()]);
  });
});
