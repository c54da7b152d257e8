/** Points at which naive clients fail before real servers, as far as they are CoAP's: E24 to E69. */

import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { Code, type Message } from "../../src/coap/message.ts";
import { OptionNumber, stringOption, uintOption } from "../../src/coap/options.ts";
import type { Answer, Reply } from "../../src/coap/request.ts";
import { asText, block, blockOf, bytesOf, Observable, pathOptions, Stage, show, text, uintOf } from "./peers.ts";

const { Block1, Block2, ETag, Observe } = OptionNumber;
const body = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i * 7);
const REGISTER = {
  code: Code.POST,
  path: ["rd"],
  query: ["ep=a", "lt=60", "lwm2m=1.1"],
  format: 40,
  payload: text("</3/0>"),
};

function observing(): { stage: Stage; resource: Observable } {
  const stage = new Stage();
  const resource = new Observable();
  stage.endpoint.onRequest(resource.handler);
  return { stage, resource };
}

const observe = (messageId: number, token: Uint8Array = Uint8Array.of(5)): Partial<Message> => ({
  code: Code.GET,
  messageId,
  token,
  options: [uintOption(Observe, 0), ...pathOptions("3303/0/5700")],
});

describe("a Register", () => {
  it("E24: leaves byte by byte as it was each time it is retransmitted (RFC 7252 §4.2)", async () => {
    const stage = new Stage();
    const payload = text("</3/0>");
    void stage.endpoint.request({ ...REGISTER, payload });
    await stage.clock.advance(94_000);
    const sent = stage.wire.sent.map(toHex);
    expect(sent).toHaveLength(5);
    expect(new Set(sent).size).toBe(1);
    expect(stage.endpoint.counters).toMatchObject({ retransmissions: 4, timeouts: 1 });
  });

  it("E24: does so in blocks, too, each with a message id and a token of its own", async () => {
    const stage = new Stage({ blockSize: 16 });
    void stage.endpoint.request({ ...REGISTER, payload: body(40) });
    const seen = new Map<string, number>();
    for (let i = 0; i < 3; i++) {
      await stage.clock.advance(7_000);
      const heard = stage.heard();
      const last = heard.at(-1)!;
      for (const bytes of stage.wire.sent.splice(0).map(toHex)) seen.set(bytes, (seen.get(bytes) ?? 0) + 1);
      const options = [block(Block1, blockOf(last, Block1)!)];
      stage.say({ type: "ACK", code: Code.Continue, messageId: last.messageId, token: last.token, options });
    }
    expect([...seen.values()].every((times) => times === 2 || times === 3)).toBe(true);
    expect(seen.size).toBe(3);
  });

  it("E26: does not keep requests waiting that arrive before its answer, and is answered all the same", async () => {
    const { stage, resource } = observing();
    let answer: Answer | undefined;
    void stage.endpoint.request(REGISTER).then((value) => (answer = value));
    const register = stage.only();
    stage.say({ ...observe(1) });
    stage.say({ code: Code.GET, messageId: 2, token: Uint8Array.of(6), options: pathOptions("3/0") });
    expect(stage.heard().map(show)).toEqual(["ACK 2.05 #1", "ACK 2.05 #2"]);
    resource.notify("22", false);
    expect(stage.only()).toMatchObject({ type: "NON", payload: text("22") });
    const options = [stringOption(OptionNumber.LocationPath, "rd"), stringOption(OptionNumber.LocationPath, "7")];
    stage.say({ type: "ACK", code: Code.Created, messageId: register.messageId, token: register.token, options });
    await stage.clock.advance(0);
    expect(answer).toMatchObject({ response: { code: Code.Created, locationPath: ["rd", "7"] } });
    expect(stage.endpoint.observations).toBe(1);
  });
});

describe("an observation", () => {
  it("E43: is answered with the Observe option, at once or late, or it is none (RFC 7641 §3.1)", async () => {
    const { stage, resource } = observing();
    stage.say(observe(1));
    expect(uintOf(stage.only(), Observe)).toBeDefined();
    let answer: (reply: Reply) => void = () => undefined;
    stage.endpoint.onRequest((request) => {
      resource.asked.push(request);
      return new Promise((resolve) => (answer = resolve));
    });
    stage.say(observe(2, Uint8Array.of(9)));
    await stage.clock.advance(200);
    expect(show(stage.only())).toBe("ACK 0.00 #2");
    answer(resource.handler(resource.asked.at(-1)!));
    await stage.clock.advance(0);
    const late = stage.only();
    expect(late).toMatchObject({ type: "CON", token: Uint8Array.of(9) });
    expect(uintOf(late, Observe)).toBeDefined();
  });

  it("E44: tells everything with the option, its own token, and 2.05; what is not so is the last (RFC 7641 §4.2)", () => {
    const { stage, resource } = observing();
    const token = fromHex("0011223344556677");
    stage.say(observe(1, token));
    stage.heard();
    for (let i = 0; i < 20; i++) resource.notify(String(i), false);
    const heard = stage.heard();
    expect(heard).toHaveLength(20);
    for (const message of heard) {
      expect(toHex(message.token)).toBe("0011223344556677");
      expect(message.code).toBe(Code.Content);
      expect(uintOf(message, Observe)).toBeDefined();
    }
    resource.observation?.notify({ code: Code.NotFound }, { confirmable: false });
    const last = stage.only();
    expect(uintOf(last, Observe)).toBeUndefined();
    expect(toHex(last.token)).toBe("0011223344556677");
    resource.notify("more", false);
    expect(stage.heard()).toEqual([]);
  });

  it("E67: stays through an Update, and all are dropped without a word when the owner registers anew", async () => {
    const { stage, resource } = observing();
    stage.say(observe(1));
    stage.heard();
    void stage.endpoint.request({ code: Code.POST, path: ["rd", "7"] });
    const update = stage.only();
    stage.say({ type: "ACK", code: Code.Changed, messageId: update.messageId, token: update.token });
    await stage.clock.advance(0);
    const before = resource.observation;
    resource.notify("still", false);
    expect(asText(stage.only().payload)).toBe("still");
    stage.endpoint.forgetObservations();
    before?.notify({ code: Code.Content, payload: text("late") }, { confirmable: true });
    expect(stage.heard()).toEqual([]);
    expect(stage.endpoint.observations).toBe(0);
  });

  it.each([0, 1, 2, 4, 8])("E69: and every other answer echoes a token of %i bytes", async (length) => {
    const { stage, resource } = observing();
    const token = Uint8Array.from({ length }, (_, i) => 0xf0 + i);
    stage.say(observe(1, token));
    resource.notify("n", false);
    stage.say({ code: Code.GET, messageId: 2, token, options: [{ number: 9_999, value: Uint8Array.of(1) }] });
    stage.say({ code: Code.PUT, messageId: 3, token, options: [block(Block1, "0/1/16")], payload: body(16) });
    expect(stage.heard().map(({ code }) => code)).toEqual([Code.Content, Code.Content, Code.BadOption, Code.Continue]);
    stage.endpoint.onRequest(() => Promise.resolve({ code: Code.Changed }));
    stage.say({ code: Code.POST, messageId: 4, token });
    await stage.clock.advance(0);
    stage.say({ type: "NON", code: Code.GET, messageId: 5, token });
    await stage.clock.advance(0);
    for (const datagram of stage.wire.sent) {
      expect(datagram[0]! & 0x0f).toBe(length);
      expect(toHex(datagram.slice(4, 4 + length))).toBe(toHex(token));
    }
    expect(stage.wire.sent).toHaveLength(6);
  });
});

describe("a message that is no request of the usual kind", () => {
  it("E53: a ping is answered with RST, never with an acknowledgement (RFC 7252 §4.3)", () => {
    const { stage } = observing();
    stage.sayBytes(fromHex("4000abcd"));
    expect(stage.wire.sent.map(toHex)).toEqual(["7000abcd"]);
    stage.sayBytes(fromHex("4000abcd"));
    stage.sayBytes(fromHex("5000abce"));
    expect(stage.wire.sent.map(toHex)).toEqual(["7000abcd", "7000abcd"]);
    expect(stage.endpoint.counters).toMatchObject({ resetsSent: 2, requests: 0 });
  });

  it("E54: an unknown critical option is 4.02 for what must be confirmed, and rejected otherwise (RFC 7252 §5.4.1)", () => {
    const { stage, resource } = observing();
    const options = [...pathOptions("3/0/0"), { number: 9_999, value: Uint8Array.of(1) }];
    stage.say({ code: Code.GET, messageId: 1, options });
    stage.say({ type: "NON", code: Code.GET, messageId: 2, options });
    expect(stage.heard().map(show)).toEqual(["ACK 4.02 #1", "RST 0.00 #2"]);
    stage.say({ code: Code.GET, messageId: 3, options: [...pathOptions("3/0/0"), { number: 9_998, value: body(3) }] });
    expect(show(stage.only())).toBe("ACK 2.05 #3");
    expect(resource.asked).toHaveLength(1);
    expect(stage.endpoint.counters).toMatchObject({ refused: 1, rejected: 1 });
  });
});

describe("a body in blocks", () => {
  /** A resource with a long body that is another one at each look. */
  function changing(): { stage: Stage; get: (figure: string | undefined, messageId: number) => Message } {
    const stage = new Stage();
    let looks = 0;
    stage.endpoint.onRequest(() => ({ code: Code.Content, format: 11_542, payload: body(1_500).fill(++looks, 1_400) }));
    const get = (figure: string | undefined, messageId: number): Message => {
      const options = [...pathOptions("3/0"), ...(figure === undefined ? [] : [block(Block2, figure)])];
      stage.say({ code: Code.GET, messageId, token: Uint8Array.of(messageId), options });
      return stage.only();
    };
    return { stage, get };
  }

  it("E55: comes in the size that the server prefers from the start, 512 or 64 (RFC 7959 §2.4)", () => {
    for (const size of [512, 64]) {
      const { get } = changing();
      const first = get(`0/0/${size}`, 1);
      expect(blockOf(first, Block2)).toBe(`0/1/${size}`);
      expect(first.payload).toHaveLength(size);
    }
  });

  it("E55: is one and the same representation in all its blocks, under one tag, though the resource changes", () => {
    const { get } = changing();
    const parts: Message[] = [];
    for (let i = 0; i < 3; i++) parts.push(get(`${i}/0/512`, i + 1));
    expect(new Set(parts.map((part) => toHex(bytesOf(part, ETag)!))).size).toBe(1);
    const whole = Buffer.concat(parts.map(({ payload }) => payload));
    expect(whole).toEqual(Buffer.from(body(1_500).fill(1, 1_400)));
    expect(uintOf(parts[0]!, OptionNumber.Size2)).toBe(1_500);
  });

  it("E55: may be asked for in smaller blocks after a first large one (RFC 7959 figure 4)", () => {
    const { get } = changing();
    const first = get(undefined, 1);
    expect(blockOf(first, Block2)).toBe("0/1/1024");
    const second = get("16/0/64", 2);
    expect(blockOf(second, Block2)).toBe("16/1/64");
    expect(second.payload).toEqual(body(1_500).subarray(1_024, 1_088));
    expect(toHex(bytesOf(second, ETag)!)).toBe(toHex(bytesOf(first, ETag)!));
  });

  it("E56: out of order is 4.08; beginning anew and another size on the way are not (RFC 7959 §2.5)", () => {
    const stage = new Stage();
    const taken: Uint8Array[] = [];
    stage.endpoint.onRequest(({ payload }) => {
      taken.push(payload);
      return { code: Code.Changed };
    });
    let messageId = 0;
    const put = (figure: string, payload: Uint8Array): number => {
      const options = [...pathOptions("3/0"), block(Block1, figure)];
      stage.say({ code: Code.PUT, messageId: ++messageId, options, payload });
      return stage.only().code;
    };
    expect(put("0/1/64", body(64))).toBe(Code.Continue);
    expect(put("2/1/64", body(64))).toBe(Code.RequestEntityIncomplete);
    expect(put("0/1/64", body(64))).toBe(Code.Continue);
    expect(put("1/1/64", body(64))).toBe(Code.Continue);
    expect(put("0/1/64", body(64))).toBe(Code.Continue);
    expect(put("2/1/32", body(96).subarray(64))).toBe(Code.Continue);
    expect(put("6/0/16", body(100).subarray(96))).toBe(Code.Changed);
    expect(taken).toEqual([body(100)]);
    expect(stage.endpoint.counters.abandoned).toBe(1);
  });
});
