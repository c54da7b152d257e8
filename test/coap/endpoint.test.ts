import { describe, expect, it } from "vitest";
import { fromHex } from "../../src/base/bytes.ts";
import { type Fields, type Log, silentLog } from "../../src/base/log.ts";
import { Code, CoapError, decodeMessage, Endpoint } from "../../src/coap/index.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { wire } from "../support/virtual-network.ts";
import { asText, Observable, pair, Stage, text } from "./peers.ts";

describe("an endpoint", () => {
  it("asks and is answered, both ways", async () => {
    const { near, far } = pair();
    far.onRequest(({ path, query, accept }) => ({
      code: Code.Content,
      format: 0,
      payload: text(`${path.join("/")}?${query.join("&")} ${accept ?? "any"}`),
    }));
    near.onRequest(() => ({ code: Code.Changed }));

    const answer = await near.request({
      code: Code.GET,
      path: ["3303", "0"],
      query: ["pmin=1", "pmax=2"],
      accept: 110,
    });
    expect(answer.status).toBe("answered");
    if (answer.status !== "answered") return;
    expect(answer.response).toMatchObject({ code: Code.Content, format: 0 });
    expect(asText(answer.response.payload)).toBe("3303/0?pmin=1&pmax=2 110");

    expect(await far.request({ code: Code.PUT, path: ["3", "0"], payload: text("x") })).toMatchObject({
      status: "answered",
      response: { code: Code.Changed },
    });
  });

  it("turns a CoapError into its response and any other error into 5.00 without its words", async () => {
    const { near, far } = pair();
    far.onRequest(({ path }) => {
      if (path[0] === "theirs") throw new CoapError(Code.NotFound, "no such instance");
      if (path[0] === "late") return Promise.reject(new CoapError(Code.GatewayTimeout, "the sensor is silent"));
      return Promise.reject(new Error("secret"));
    });
    const [theirs, late, ours] = await Promise.all(
      ["theirs", "late", "ours"].map((path) => near.request({ code: Code.GET, path: [path] })),
    );
    expect(theirs).toMatchObject({ response: { code: Code.NotFound, payload: text("no such instance") } });
    expect(late).toMatchObject({ response: { code: Code.GatewayTimeout, payload: text("the sensor is silent") } });
    expect(ours).toMatchObject({ response: { code: Code.InternalServerError, payload: text("") } });
  });

  it("answers 5.00 if the reply cannot be said in CoAP, and observes nothing then", () => {
    const stage = new Stage();
    const resource = new Observable();
    resource.reply = { code: Code.Content, locationPath: ["x".repeat(70_000)] };
    stage.endpoint.onRequest(resource.handler);
    stage.sayBytes(fromHex("41 01 0001 aa 60"));
    expect(stage.only().code).toBe(Code.InternalServerError);
    expect(stage.endpoint.observations).toBe(0);
    expect(resource.ends).toEqual([]);
  });

  it("carries FETCH and iPATCH with their bodies (RFC 8132)", async () => {
    const { near, far } = pair();
    far.onRequest(({ code, payload, format }) => ({
      code: Code.Content,
      payload: text(`${code} ${format} ${asText(payload)}`),
    }));
    for (const code of [Code.FETCH, Code.PATCH, Code.iPATCH])
      expect(await near.request({ code, path: [], format: 112, payload: text("[]") })).toMatchObject({
        response: { payload: text(`${code} 112 []`) },
      });
  });

  it("tells the reply's location, format, age and words", async () => {
    const { near, far } = pair();
    far.onRequest(() => ({
      code: Code.Created,
      locationPath: ["rd", "a/b"],
      format: 40,
      maxAge: 7,
      payload: text("</3>"),
    }));
    expect(await near.request({ code: Code.POST, path: ["rd"] })).toEqual({
      status: "answered",
      response: {
        code: Code.Created,
        locationPath: ["rd", "a/b"],
        locationQuery: [],
        format: 40,
        maxAge: 7,
        payload: text("</3>"),
      },
    });
  });

  it("shortens the words of an error that are too many, and says none with a success", async () => {
    const { near, far } = pair();
    far.onRequest(({ path }) => ({
      code: path[0] === "good" ? Code.Changed : Code.BadRequest,
      diagnostic: "é".repeat(500),
    }));
    const bad = await near.request({ code: Code.GET, path: ["bad"] });
    const good = await near.request({ code: Code.GET, path: ["good"] });
    expect(bad.status === "answered" && asText(bad.response.payload)).toBe("é".repeat(64));
    expect(good).toMatchObject({ response: { payload: text("") } });
  });

  it("opens its transport, and says what the transport says if that fails", async () => {
    const stage = new Stage();
    await stage.endpoint.open(new AbortController().signal);
    expect(stage.wire.isOpen).toBe(true);
    stage.wire.refuse = "no such host";
    await expect(stage.endpoint.open(new AbortController().signal)).rejects.toThrow("no such host");
  });

  it("is closed once, with its transport, and hears nothing any more", async () => {
    const stage = new Stage();
    await stage.endpoint.open(new AbortController().signal);
    await stage.endpoint.close();
    await stage.endpoint.close();
    expect(stage.wire.isOpen).toBe(false);
    stage.say({ type: "CON", messageId: 1 });
    expect(stage.heard()).toEqual([]);
    expect(stage.endpoint.counters.received).toBe(0);
  });

  it("is closed even if the transport cannot be", async () => {
    const stage = new Stage();
    stage.wire.close = () => Promise.reject(new Error("stuck"));
    await expect(stage.endpoint.close()).resolves.toBeUndefined();
  });

  it("refuses a block size that does not exist (RFC 7959 §2.2)", () => {
    for (const blockSize of [0, 8, 100, 2_048]) expect(() => new Stage({ blockSize })).toThrow(RangeError);
    for (const blockSize of [16, 64, 1_024]) expect(() => new Stage({ blockSize })).not.toThrow();
  });

  it("counts what passes", async () => {
    const { near, far, clock } = pair();
    far.onRequest(() => ({ code: Code.Content }));
    await near.request({ code: Code.GET, path: ["a"] });
    await clock.advance(0);
    expect(near.counters).toMatchObject({ sent: 1, received: 1, retransmissions: 0, unmatched: 0 });
    expect(far.counters).toMatchObject({ sent: 1, received: 1, requests: 1, refused: 0, duplicates: 0 });
  });

  it("logs malformed datagrams ever more rarely, and a handler that fails each time", () => {
    const lines: string[] = [];
    const note = (event: string, fields: Fields = {}) =>
      lines.push(`${event} ${JSON.stringify(fields["count"] ?? "")}`);
    const log: Log = { ...silentLog, warn: note, error: note };
    const { near, far } = wire();
    const endpoint = new Endpoint({ transport: near, clock: new FakeClock(), random: new SeededRandom(1), log });
    endpoint.onRequest(() => {
      throw new Error("broken");
    });
    for (let i = 0; i < 150; i++) far.send(Uint8Array.of(0xff));
    far.send(fromHex("40 01 0001"));
    expect(lines).toEqual([
      "malformed datagram 1",
      "malformed datagram 10",
      "malformed datagram 100",
      'request handler failed ""',
    ]);
    expect(decodeMessage(near.sent[0]!).code).toBe(Code.InternalServerError);
  });

  it("gives the handler one signal for all requests, aborted when it closes", async () => {
    const stage = new Stage();
    const signals: AbortSignal[] = [];
    stage.endpoint.onRequest(({ signal }) => {
      signals.push(signal);
      return { code: Code.Content };
    });
    stage.sayBytes(fromHex("40 01 0001"));
    stage.sayBytes(fromHex("40 01 0002"));
    expect(new Set(signals).size).toBe(1);
    await stage.endpoint.close();
    expect(signals[0]?.aborted).toBe(true);
  });
});
