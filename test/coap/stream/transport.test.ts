/** CoAP on a stream as a Transport: what the layers above see of it, and what the peer does (RFC 8323). */

import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { alertOf } from "../../../src/base/errors.ts";
import { encodeMessage } from "../../../src/coap/codec.ts";
import { Code } from "../../../src/coap/message.ts";
import { OptionNumber, stringOption, uintOption } from "../../../src/coap/options.ts";
import { encodeAbort, encodePing, encodePong, encodeSettings, SignalCode } from "../../../src/coap/stream/signal.ts";
import { encodeFrame } from "../../../src/coap/stream/frame.ts";
import { bytesOf, StreamStage } from "./stages.ts";

const NOTHING = new Uint8Array(0);
const TOKEN = fromHex("a1b2");

describe("a stream that opens", () => {
  it("begins with our CSM, whether the peer has said its own or not (RFC 8323 §5.3)", async () => {
    const stage = new StreamStage();
    const opening = stage.begin();
    await Promise.resolve();
    await Promise.resolve();
    await stage.clock.advance(1);
    expect(toHex(stage.near.written[0]!)).toBe(toHex(encodeSettings(16_384)));
    stage.far.write(encodeSettings(1_152));
    await opening;
  });

  it("is open when the peer has introduced itself, and not before", async () => {
    const stage = new StreamStage();
    let isOpen = false;
    const opening = stage.begin().then(() => (isOpen = true));
    await stage.clock.advance(9_000);
    expect(isOpen).toBe(false);
    stage.far.write(encodeSettings(1_152));
    await opening;
    expect(isOpen).toBe(true);
  });

  it("introduces us first even where the peer is quicker than we are", async () => {
    const stage = new StreamStage();
    stage.near.open = () => {
      stage.near.isOpen = true;
      stage.near.arrive(Buffer.concat([encodeSettings(2_000), encodePing(TOKEN, false)]));
      return Promise.resolve();
    };
    await stage.begin();
    expect(stage.signals().map(({ kind }) => kind)).toEqual(["csm", "pong"]);
  });

  it("fails in words when nobody there speaks CoAP", async () => {
    const stage = new StreamStage();
    const opening = stage.begin();
    const failed = expect(opening).rejects.toThrow("did not speak CoAP in 10 s");
    await stage.clock.advance(10_004);
    await failed;
    expect(stage.near.isOpen).toBe(false);
    expect(stage.closed).toEqual([]);
  });

  it("fails in the words of the stream that does not open, and with the reason for which it closes again", async () => {
    const stage = new StreamStage();
    stage.near.refuse = "nobody listens there (TCP)";
    await expect(stage.begin()).rejects.toThrow("nobody listens there");
    stage.near.refuse = undefined;
    const opening = expect(stage.begin()).rejects.toThrow("the server closed the connection");
    await stage.clock.advance(1);
    await stage.far.close();
    await opening;
  });

  it("fails with the alert by which a server of TLS has ended it, behind the handshake as well", async () => {
    const stage = new StreamStage();
    const opening = stage.begin().catch((error: unknown) => error);
    await stage.clock.advance(1);
    Object.assign(stage.near, { alert: 48 });
    await stage.far.close();
    const failed = await opening;
    expect(alertOf(failed)).toBe(48);
    expect(String(failed)).toContain("the server closed the connection");
  });

  it("fails in the peer's words when it aborts at once", async () => {
    const stage = new StreamStage();
    const opening = expect(stage.begin()).rejects.toThrow("the server aborted the connection: too many clients");
    await stage.clock.advance(1);
    stage.far.write(encodeAbort("too many clients"));
    await opening;
  });

  it("is over when it is closed meanwhile, or the signal says so", async () => {
    const stage = new StreamStage();
    const closed = expect(stage.begin()).rejects.toThrow("closed while opening");
    await stage.clock.advance(1);
    await stage.transport.close();
    await closed;
    const controller = new AbortController();
    void stage.far.open();
    const aborted = expect(stage.transport.open(controller.signal)).rejects.toThrow("closed while opening");
    await stage.clock.advance(1);
    controller.abort();
    await aborted;
  });

  it.each([
    ["a request", encodeFrame(Code.GET, TOKEN, NOTHING)],
    ["a Ping", encodePing(TOKEN, false)],
  ])("is aborted when %s comes before the CSM", async (_, frame) => {
    const stage = new StreamStage();
    const opening = expect(stage.begin()).rejects.toThrow("a message before the CSM");
    await stage.clock.advance(1);
    stage.far.write(frame);
    await opening;
    expect(stage.signals().at(-1)).toEqual({ kind: "abort", words: "a message before the CSM" });
    expect(stage.up).toEqual([]);
  });

  it("can be closed twice, and opened again", async () => {
    const stage = await new StreamStage().open();
    await stage.transport.close();
    await stage.transport.close();
    await stage.open();
    stage.send({ code: Code.GET });
    expect(stage.messages()).toHaveLength(1);
    expect(stage.near.opened).toBe(2);
  });
});

describe("what the layers above say", () => {
  it("travels without type and id", async () => {
    const stage = await new StreamStage().open();
    const options = [stringOption(OptionNumber.UriPath, "rd")];
    stage.send({ code: Code.POST, messageId: 7, token: TOKEN, options, payload: fromHex("01") });
    expect(toHex(stage.near.written.at(-1)!)).toBe("52" + "02" + "a1b2" + "b27264" + "ff01");
  });

  it("is acknowledged at once if it is a request: the answer tells the rest", async () => {
    const stage = await new StreamStage().open();
    stage.send({ code: Code.POST, messageId: 0x0107, token: TOKEN });
    expect(stage.up).toMatchObject([{ type: "ACK", code: 0, messageId: 0x0107 }]);
    expect(stage.signals()).toEqual([]);
  });

  it("is acknowledged when the peer has dealt with it if it is a notification (§5.4.1)", async () => {
    const stage = await new StreamStage().open();
    stage.send({ code: Code.Content, messageId: 0x0108, token: TOKEN, options: [uintOption(OptionNumber.Observe, 5)] });
    expect(stage.messages()).toHaveLength(1);
    expect(toHex(stage.near.written.at(-1)!)).toBe("12e2010820");
    expect(stage.up).toEqual([]);
    stage.far.write(encodePong(fromHex("0108")));
    expect(stage.up).toMatchObject([{ type: "ACK", messageId: 0x0108 }]);
  });

  it("is not sent again while it waits for that: the stream repeats by itself (§3.4)", async () => {
    const stage = await new StreamStage().open();
    const notification = { code: Code.Content, messageId: 9, token: TOKEN };
    stage.send(notification);
    stage.send(notification);
    stage.send(notification);
    expect(stage.messages()).toHaveLength(1);
    expect(stage.signals()).toHaveLength(1);
    stage.far.write(encodePong(fromHex("0009")));
    stage.far.write(encodePong(fromHex("0009")));
    expect(stage.up).toHaveLength(1);
  });

  it("is neither confirmed nor asked after if it need not be", async () => {
    const stage = await new StreamStage().open();
    stage.send({ type: "NON", code: Code.Content, messageId: 9 });
    stage.send({ type: "ACK", code: Code.Content, messageId: 10 });
    expect(stage.messages()).toHaveLength(2);
    expect(stage.signals()).toEqual([]);
    expect(stage.up).toEqual([]);
  });

  it("stays here if it is an acknowledgement, a reset or a ping of datagrams (§3.4)", async () => {
    const stage = await new StreamStage().open();
    for (const type of ["ACK", "RST", "CON"] as const) stage.send({ type, messageId: 3 });
    expect(stage.near.written).toHaveLength(1);
  });

  it("remembers no more than sixteen that wait, however many are sent", async () => {
    const stage = await new StreamStage().open();
    for (let messageId = 1; messageId <= 100; messageId++) stage.send({ code: Code.Content, messageId });
    for (let messageId = 1; messageId <= 100; messageId++) stage.far.write(encodePong(Uint8Array.of(0, messageId)));
    expect(stage.up.map(({ messageId }) => messageId)).toEqual(Array.from({ length: 16 }, (_, i) => 85 + i));
  });

  it("is dropped and counted if the stream does not take it, or the peer would not", async () => {
    const stage = await new StreamStage().open(encodeSettings(2_000));
    stage.near.full = true;
    stage.send({ code: Code.POST, messageId: 1 });
    stage.near.full = false;
    stage.send({ code: Code.POST, messageId: 2, payload: new Uint8Array(1_996) });
    expect(stage.transport.dropped).toBe(2);
    expect(stage.up).toEqual([]);
    // Sent again, it goes.
    stage.send({ code: Code.POST, messageId: 1 });
    expect(stage.up).toHaveLength(1);
  });

  it("never makes it throw, whatever the bytes, open or not", async () => {
    const stage = new StreamStage();
    const send = () => {
      for (const bytes of ["", "40", "4801", "48010000", "4f010000ff"]) stage.transport.send(fromHex(bytes));
      stage.transport.send(new Uint8Array(100_000));
    };
    expect(send).not.toThrow();
    await stage.open();
    expect(send).not.toThrow();
    await stage.transport.close();
    expect(send).not.toThrow();
  });
});

describe("what the peer says", () => {
  it("reaches the layers above as datagrams: requests confirmable, answers not, ids counted by us", async () => {
    const stage = await new StreamStage().open();
    stage.say({ code: Code.GET, token: TOKEN, options: [stringOption(OptionNumber.UriPath, "3")] });
    stage.say({ code: Code.Content, token: TOKEN, payload: fromHex("2a") });
    expect(stage.up).toMatchObject([
      { type: "CON", code: Code.GET, messageId: 1, token: TOKEN },
      { type: "NON", code: Code.Content, messageId: 2, token: TOKEN, payload: fromHex("2a") },
    ]);
  });

  it("is answered by a Pong with the same token if it is a Ping (§5.4)", async () => {
    const stage = await new StreamStage().open();
    stage.far.write(encodePing(TOKEN, true));
    expect(stage.signals()).toEqual([{ kind: "pong", token: TOKEN }]);
  });

  it("means nothing if it is Empty (§3.4), a Pong nobody waits for, or a signal nobody knows", async () => {
    const stage = await new StreamStage().open();
    stage.far.write(encodeFrame(Code.Empty, NOTHING, NOTHING));
    stage.far.write(encodeFrame(Code.Empty, TOKEN, fromHex("00")));
    stage.far.write(encodePong(fromHex("7777")));
    stage.far.write(encodePong(NOTHING));
    stage.far.write(encodeFrame(0xf0, TOKEN, NOTHING));
    expect([stage.up, stage.messages(), stage.signals(), stage.closed]).toEqual([[], [], [], []]);
  });

  it("may change how much it takes at any time, one setting at a time (§5.3)", async () => {
    const stage = await new StreamStage().open(encodeFrame(SignalCode.CSM, NOTHING, NOTHING));
    expect([stage.transport.maxDatagram, stage.transport.bert]).toEqual([1_150, false]);
    stage.far.write(encodeFrame(SignalCode.CSM, NOTHING, fromHex("221000")));
    expect([stage.transport.maxDatagram, stage.transport.bert]).toEqual([4_094, false]);
    stage.far.write(encodeFrame(SignalCode.CSM, NOTHING, fromHex("40")));
    expect([stage.transport.maxDatagram, stage.transport.bert]).toEqual([4_094, true]);
    stage.far.write(encodeFrame(SignalCode.CSM, NOTHING, fromHex("23800100")));
    expect(stage.transport.maxDatagram).toBe(16_382);
  });

  it("ends the stream if it has an option that must be understood, which a CSM is told by its number (§5.6)", async () => {
    const stage = await new StreamStage().open();
    stage.far.write(encodeFrame(SignalCode.CSM, NOTHING, fromHex("5161")));
    expect(stage.closed).toEqual(["the server broke RFC 8323: option 5 is not understood"]);
    expect(toHex(stage.near.written.at(-1)!).slice(0, 10)).toBe("d010e52105");
  });

  it.each([
    ["a token that is too long", "0f"],
    ["a message that is too long", "f0ffffffff"],
    ["a signal that cannot be read", "10e1f0"],
  ])("ends the stream if it is %s", async (_, hex) => {
    const stage = await new StreamStage().open();
    stage.far.write(fromHex(hex));
    expect(stage.closed).toHaveLength(1);
    expect(stage.signals().map(({ kind }) => kind)).toEqual(["abort"]);
    expect(stage.near.isOpen).toBe(false);
  });

  it("is answered 4.00 if it is a request that cannot be read: there is no Reset to say so", async () => {
    const stage = await new StreamStage().open();
    stage.transport.onDatagram((datagram) =>
      stage.transport.send(encodeMessage({ ...EMPTY_RESET, messageId: (datagram[2]! << 8) | datagram[3]! })),
    );
    stage.far.write(encodeFrame(Code.GET, TOKEN, fromHex("f0")));
    stage.far.write(encodeFrame(Code.Content, TOKEN, fromHex("f0")));
    expect(stage.messages()).toMatchObject([{ code: Code.BadRequest, token: TOKEN }]);
    expect(stage.closed).toEqual([]);
  });
});

const EMPTY_RESET = { type: "RST", code: 0, token: NOTHING, options: [], payload: NOTHING } as const;

describe("a stream that ends", () => {
  it("is told once, with the reason, and sends nothing any more", async () => {
    const stage = await new StreamStage().open();
    await stage.far.close();
    await stage.far.close();
    stage.send({ code: Code.GET });
    expect(stage.closed).toEqual(["the server closed the connection"]);
    expect(stage.messages()).toEqual([]);
  });

  it("is no news if it was we who closed it; the peer hears a Release (§5.5)", async () => {
    const stage = await new StreamStage().open();
    await stage.transport.close();
    expect(stage.signals().map(({ kind }) => kind)).toEqual(["release"]);
    expect(stage.closed).toEqual([]);
  });

  it("is told in the words of an Abort (§5.6)", async () => {
    const stage = await new StreamStage().open();
    stage.far.write(encodeAbort("I am full"));
    expect(stage.closed).toEqual(["the server aborted the connection: I am full"]);
  });

  it("is told at once after a Release that says no more", async () => {
    const stage = await new StreamStage().open();
    stage.far.write(encodeFrame(SignalCode.Release, NOTHING, NOTHING));
    expect(stage.closed).toEqual(["the server released the connection"]);
    expect(stage.near.isOpen).toBe(false);
  });

  it("is told when the time is over for which a Release asks us to stay away, an hour at most", async () => {
    for (const [hex, seconds] of [
      ["411e", 30],
      ["43ffffff", 3_600],
    ] as const) {
      const stage = await new StreamStage().open();
      stage.far.write(encodeFrame(SignalCode.Release, NOTHING, fromHex(hex)));
      expect(stage.near.isOpen).toBe(false);
      await stage.clock.advance(seconds * 1_000 - 10);
      expect(stage.closed).toEqual([]);
      await stage.clock.advance(20);
      expect(stage.closed).toEqual(["the server released the connection"]);
    }
  });

  it("is not told after all if it is closed while it stays away", async () => {
    const stage = await new StreamStage().open();
    stage.far.write(encodeFrame(SignalCode.Release, NOTHING, fromHex("411e")));
    await stage.transport.close();
    await stage.clock.advance(60_000);
    expect(stage.closed).toEqual([]);
  });

  it("names another address that a Release offers, and does not follow it (§11.2)", async () => {
    const stage = await new StreamStage().open();
    stage.far.write(encodeFrame(SignalCode.Release, NOTHING, fromHex("25" + "612e623a31")));
    expect(stage.log.lines.map(({ event }) => event)).toContain("stream-released");
    expect(stage.near.opened).toBe(1);
  });

  it("is another one after a renewal, with all forgotten that was agreed on the old one", async () => {
    const stage = await new StreamStage().open(encodeSettings(8_000));
    stage.send({ code: Code.Content, messageId: 1 });
    const renewing = stage.transport.renew();
    await stage.clock.advance(1);
    void stage.far.open();
    stage.far.write(encodeFrame(SignalCode.CSM, NOTHING, NOTHING));
    await renewing;
    expect([stage.near.opened, stage.transport.maxDatagram, stage.transport.bert]).toEqual([2, 1_150, false]);
    expect(stage.closed).toEqual([]);
    // What waited on the old stream may be said again on the new one.
    stage.messages();
    stage.send({ code: Code.Content, messageId: 1 });
    expect(stage.messages()).toHaveLength(1);
  });

  it("need not be renewed where it is not open", async () => {
    const stage = new StreamStage();
    await stage.transport.renew();
    expect(stage.near.opened).toBe(0);
  });
});

describe("a peer that falls silent", () => {
  it("is asked after half a minute whether it is there, and given up half a minute later", async () => {
    const stage = await new StreamStage().open();
    stage.send({ type: "NON", code: Code.Content });
    await stage.clock.advance(33_001);
    expect(stage.signals()).toEqual([{ kind: "ping", token: NOTHING }]);
    await stage.clock.advance(30_004);
    expect(stage.closed).toEqual(["the server did not answer a ping in 30 s"]);
    expect(stage.near.isOpen).toBe(false);
  });

  it("is not given up if it answers, or says anything else", async () => {
    const stage = await new StreamStage().open();
    for (const frame of [encodePong(NOTHING), encodeFrame(Code.Empty, NOTHING, NOTHING)]) {
      stage.send({ type: "NON", code: Code.Content });
      await stage.clock.advance(33_001);
      expect(stage.signals()).toHaveLength(1);
      stage.far.write(frame);
      // Something said between the answer and the next look is no reason to give up either.
      stage.send({ type: "NON", code: Code.Content });
      await stage.clock.advance(30_004);
      expect(stage.closed).toEqual([]);
      stage.far.write(frame);
      await stage.clock.advance(100_000);
      stage.signals();
    }
    expect(stage.closed).toEqual([]);
  });

  it("is not asked while nothing is said, nor if it has answered", async () => {
    const stage = await new StreamStage().open();
    stage.send({ code: Code.GET, messageId: 1, token: TOKEN });
    stage.say({ code: Code.Content, token: TOKEN });
    await stage.clock.advance(3_600_000);
    expect(stage.signals()).toEqual([]);
    expect(stage.closed).toEqual([]);
  });

  it("leaves no timer behind when the stream is closed", async () => {
    const stage = await new StreamStage().open();
    stage.send({ type: "NON", code: Code.Content });
    await stage.transport.close();
    stage.signals();
    await stage.clock.advance(200_000);
    expect([stage.signals(), stage.closed]).toEqual([[], []]);
  });
});

describe("bytesOf", () => {
  it("makes datagrams of the form that the transport is given by the layers above", () => {
    expect(toHex(bytesOf({ code: Code.GET, messageId: 1 }))).toBe("40010001");
  });
});
