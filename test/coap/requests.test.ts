import { describe, expect, it } from "vitest";
import { Code } from "../../src/coap/message.ts";
import { OptionNumber, stringOption, uintOption } from "../../src/coap/options.ts";
import type { Answer } from "../../src/coap/request.ts";
import { asText, NOTHING, Stage, show, text } from "./peers.ts";

/** An answer that has perhaps not come yet. */
function pending(answer: Promise<Answer>): { now: Answer | undefined } {
  const state: { now: Answer | undefined } = { now: undefined };
  void answer.then((value) => (state.now = value));
  return state;
}

describe("a request of ours", () => {
  it("says where it goes, what it wants and what it brings", () => {
    const stage = new Stage();
    void stage.endpoint.request({
      code: Code.POST,
      path: ["rd"],
      query: ["ep=sensor-1", "lt=300", "lwm2m=1.1"],
      format: 40,
      accept: 0,
      payload: text("</3/0>"),
    });
    const message = stage.only();
    expect(message).toMatchObject({ type: "CON", code: Code.POST, payload: text("</3/0>") });
    expect(message.token).toHaveLength(8);
    expect(message.options).toEqual([
      stringOption(OptionNumber.UriPath, "rd"),
      uintOption(OptionNumber.ContentFormat, 40),
      stringOption(OptionNumber.UriQuery, "ep=sensor-1"),
      stringOption(OptionNumber.UriQuery, "lt=300"),
      stringOption(OptionNumber.UriQuery, "lwm2m=1.1"),
      uintOption(OptionNumber.Accept, 0),
    ]);
  });

  it("is answered on the acknowledgement, location and all (RFC 7252 §5.2.1)", async () => {
    const stage = new Stage();
    const answer = stage.endpoint.request({ code: Code.POST, path: ["rd"] });
    const { messageId, token } = stage.only();
    stage.say({
      type: "ACK",
      code: Code.Created,
      messageId,
      token,
      options: [stringOption(OptionNumber.LocationPath, "rd"), stringOption(OptionNumber.LocationPath, "wP8n92Cnaa")],
    });
    expect(await answer).toEqual({
      status: "answered",
      response: {
        code: Code.Created,
        format: undefined,
        maxAge: undefined,
        locationPath: ["rd", "wP8n92Cnaa"],
        locationQuery: [],
        payload: NOTHING,
      },
    });
    await stage.clock.advance(100_000);
    expect(stage.heard()).toEqual([]);
  });

  it("is answered by a message that comes later, which is acknowledged, as are its duplicates (RFC 7252 §5.2.2)", async () => {
    const stage = new Stage();
    const answer = stage.endpoint.request({ code: Code.GET, path: ["slow"] });
    const { messageId, token } = stage.only();
    stage.say({ type: "ACK", messageId });
    await stage.clock.advance(30_000);
    expect(stage.heard()).toEqual([]);
    const late = { type: "CON", code: Code.Content, messageId: 77, token, payload: text("late") } as const;
    stage.say(late);
    stage.say(late);
    expect(stage.heard().map(show)).toEqual(["ACK 0.00 #77", "ACK 0.00 #77"]);
    expect(await answer).toMatchObject({ status: "answered", response: { payload: text("late") } });
  });

  it("takes an answer that overtakes its acknowledgement, and is not sent again (RFC 7252 §5.2.2)", async () => {
    const stage = new Stage();
    const answer = stage.endpoint.request({ code: Code.GET, path: ["a"] });
    const { messageId, token } = stage.only();
    stage.say({ type: "NON", code: Code.Content, messageId: 78, token });
    expect(await answer).toMatchObject({ status: "answered" });
    stage.say({ type: "ACK", messageId });
    await stage.clock.advance(100_000);
    expect(stage.heard()).toEqual([]);
    expect(stage.endpoint.counters.timeouts).toBe(0);
  });

  it("takes no answer with another token, on the acknowledgement or off it (RFC 7252 §5.3.2)", async () => {
    const stage = new Stage();
    const answer = pending(stage.endpoint.request({ code: Code.GET, path: ["a"] }));
    const { messageId, token } = stage.only();
    const other = token.map((byte) => byte ^ 1);
    stage.say({ type: "ACK", code: Code.Content, messageId, token: other });
    stage.say({ type: "ACK", code: Code.Content, messageId, token: token.subarray(0, 4) });
    stage.say({ type: "CON", code: Code.Content, messageId: 5, token: other });
    await stage.clock.advance(0);
    expect(answer.now).toBeUndefined();
    expect(stage.heard().map(show)).toEqual(["RST 0.00 #5"]);
    stage.say({ type: "ACK", code: Code.Content, messageId, token });
    await stage.clock.advance(0);
    expect(answer.now).toMatchObject({ status: "answered" });
  });

  it("is reset when the peer rejects it", async () => {
    const stage = new Stage();
    const answer = stage.endpoint.request({ code: Code.GET, path: ["a"] });
    stage.say({ type: "RST", messageId: stage.only().messageId });
    expect(await answer).toEqual({ status: "reset" });
  });

  it("ends in a timeout if the answer never follows the acknowledgement: every wait has an end", async () => {
    const stage = new Stage();
    const answer = pending(stage.endpoint.request({ code: Code.GET, path: ["a"] }));
    stage.say({ type: "ACK", messageId: stage.only().messageId });
    await stage.clock.advance(246_000);
    expect(answer.now).toBeUndefined();
    await stage.clock.advance(1_010);
    expect(answer.now).toEqual({ status: "timeout" });
  });

  it("may be sent once, and then ends by an answer, a reset or a timeout", async () => {
    const stage = new Stage();
    const ask = () => stage.endpoint.request({ code: Code.GET, path: ["a"], confirmable: false });
    const answered = ask();
    const first = stage.only();
    expect(first.type).toBe("NON");
    stage.say({ type: "NON", code: Code.Content, messageId: 1, token: first.token, payload: text("one") });
    expect(await answered).toMatchObject({ response: { payload: text("one") } });

    const reset = ask();
    stage.say({ type: "RST", messageId: stage.only().messageId });
    expect(await reset).toEqual({ status: "reset" });

    const lost = pending(ask());
    expect(stage.heard()).toHaveLength(1);
    await stage.clock.advance(144_000);
    expect(lost.now).toBeUndefined();
    await stage.clock.advance(1_010);
    expect(lost.now).toEqual({ status: "timeout" });
    expect(stage.heard()).toEqual([]);
  });

  it("can be cancelled before, while it waits for its turn, and while it is under way", async () => {
    const stage = new Stage();
    const early = AbortSignal.abort();
    expect(await stage.endpoint.request({ code: Code.GET, path: ["a"] }, early)).toEqual({
      status: "failed",
      reason: "cancelled",
    });
    expect(stage.heard()).toEqual([]);

    const underWay = new AbortController();
    const waiting = new AbortController();
    const first = stage.endpoint.request({ code: Code.GET, path: ["a"] }, underWay.signal);
    const second = stage.endpoint.request({ code: Code.GET, path: ["b"] }, waiting.signal);
    waiting.abort();
    underWay.abort();
    expect(await Promise.all([first, second])).toEqual([
      { status: "failed", reason: "cancelled" },
      { status: "failed", reason: "cancelled" },
    ]);
    expect(stage.heard()).toHaveLength(1);
    await stage.clock.advance(100_000);
    expect(stage.heard()).toEqual([]);
  });

  it("fails in words when the answer carries a critical option nobody knows (RFC 7252 §5.4.1)", async () => {
    const stage = new Stage();
    const answer = stage.endpoint.request({ code: Code.GET, path: ["a"] });
    const { messageId, token } = stage.only();
    stage.say({ type: "ACK", messageId });
    stage.say({ type: "CON", code: Code.Content, messageId: 3, token, options: [{ number: 9_999, value: NOTHING }] });
    expect(await answer).toEqual({ status: "failed", reason: "option 9999 of the answer is not understood" });
    expect(show(stage.only())).toBe("RST 0.00 #3");
  });

  it("fails when the endpoint is closed, before or after", async () => {
    const stage = new Stage();
    const answer = stage.endpoint.request({ code: Code.GET, path: ["a"] });
    await stage.endpoint.close();
    await stage.endpoint.close();
    expect(await answer).toEqual({ status: "failed", reason: "closed" });
    expect(await stage.endpoint.request({ code: Code.GET, path: ["a"] })).toEqual({
      status: "failed",
      reason: "closed",
    });
    await stage.clock.advance(100_000);
    expect(stage.heard()).toHaveLength(1);
  });

  it("fails with the reason when the connection is lost", async () => {
    const stage = new Stage();
    const answer = stage.endpoint.request({ code: Code.GET, path: ["a"] });
    stage.wire.fail("no route to host");
    expect(await answer).toEqual({ status: "failed", reason: "connection lost: no route to host" });
  });

  it("fails in words where the options leave no room for a payload", async () => {
    const stage = new Stage({}, 100);
    const answer = await stage.endpoint.request({ code: Code.GET, path: ["x".repeat(90)] });
    expect(answer).toEqual({ status: "failed", reason: "the options leave no room for a payload" });
  });

  it("has a token of its own while others are under way (RFC 7252 §5.3.1)", () => {
    const stage = new Stage({ nstart: 100 });
    for (let i = 0; i < 100; i++) void stage.endpoint.request({ code: Code.GET, path: ["a"] });
    expect(new Set(stage.heard().map(({ token }) => Buffer.from(token).toString("hex"))).size).toBe(100);
  });

  it("is refused when hundreds wait for their answers already", async () => {
    const stage = new Stage({ nstart: 1_000 });
    for (let i = 0; i < 256; i++) void stage.endpoint.request({ code: Code.GET, path: ["a"] });
    expect(await stage.endpoint.request({ code: Code.GET, path: ["a"] })).toEqual({
      status: "failed",
      reason: "too many requests at once",
    });
  });
});

describe("an endpoint that asks", () => {
  it("answers the peer's requests meanwhile: the answer to a Register may come after them", async () => {
    const stage = new Stage();
    stage.endpoint.onRequest(() => ({ code: Code.Content, payload: text("21") }));
    const answer = stage.endpoint.request({ code: Code.POST, path: ["rd"] });
    const register = stage.only();
    stage.say({ type: "CON", code: Code.GET, messageId: 900, token: Uint8Array.of(1, 2, 3, 4) });
    expect(asText(stage.only().payload)).toBe("21");
    stage.say({ type: "ACK", code: Code.Created, messageId: register.messageId, token: register.token });
    expect(await answer).toMatchObject({ response: { code: Code.Created } });
  });

  it("sends a retransmitted request byte by byte as it was", async () => {
    const stage = new Stage();
    void stage.endpoint.request({ code: Code.POST, path: ["rd"], query: ["ep=a"], payload: text("</3/0>") });
    await stage.clock.advance(40_000);
    const sent = stage.wire.sent.map((datagram) => Buffer.from(datagram).toString("hex"));
    expect(sent.length).toBeGreaterThanOrEqual(4);
    expect(new Set(sent).size).toBe(1);
  });
});
