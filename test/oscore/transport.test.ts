/** OSCORE between the CoAP engine and a wire: requests, answers, notifications and blocks, and what others make of them. */

import { describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import {
  Code,
  codeText,
  decodeMessage,
  encodeMessage,
  type IncomingRequest,
  type Message,
  type Observation,
  type Observer,
  OptionNumber,
  type Reply,
} from "../../src/coap/index.ts";
import { OSCORE } from "../../src/oscore/option.ts";
import { CLIENT, hex, Pair, SERVER } from "./support.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const wordsOf = (payload: Uint8Array) => new TextDecoder().decode(payload);
const NOTHING = new Uint8Array(0);

/** The server answers with the path, the query and the body that it was asked with. */
function echo({ server }: Pair): void {
  server.endpoint.onRequest(({ path, query, payload }) => ({
    code: Code.Content,
    payload: bytes(`${path.join("/")}?${query.join("&")} ${wordsOf(payload)}`),
  }));
}

const get = (path: string) => ({ code: Code.GET, path: path.split("/"), query: ["a=1"], payload: bytes("body") });

async function answered(pair: Pair, path = "3/0"): Promise<string> {
  const answer = await pair.client.endpoint.request(get(path));
  return answer.status === "answered" ? wordsOf(answer.response.payload) : answer.status;
}

describe("a request through OSCORE", () => {
  it("is understood, and so is its answer", async () => {
    const pair = await new Pair().open();
    echo(pair);
    expect(await answered(pair)).toBe("3/0?a=1 body");
  });

  it("shows nothing of what it asks: neither method, nor path, nor query, nor body (RFC 8613 §4)", async () => {
    const pair = await new Pair().open();
    echo(pair);
    await answered(pair);
    const [request] = pair.line.near.sent.map(decodeMessage);
    const [answer] = pair.line.far.sent.map(decodeMessage);
    expect(request?.code).toBe(Code.POST);
    expect(answer?.code).toBe(Code.Changed);
    for (const message of [request, answer]) expect(message?.options.map(({ number }) => number)).toEqual([OSCORE]);
    expect(Buffer.from(pair.line.near.sent[0] ?? []).includes("a=1")).toBe(false);
  });

  it.each([
    ["A128GCM", 1],
    ["A256GCM", 3],
    ["AES-CCM-16-64-256", 11],
    ["AES-CCM-16-128-128", 30],
  ])("is protected with %s where both ends are told so", async (_, aead) => {
    const pair = await new Pair({ client: { ...CLIENT, aead }, server: { ...SERVER, aead, hkdf: -10 } }).open();
    echo(pair);
    expect(await answered(pair)).toBe("3/0?a=1 body");
  });

  it("names its ID Context, and a server with another one says that it knows none (§8.2)", async () => {
    const idContext = hex("37cbf321");
    const same = await new Pair({ client: { ...CLIENT, idContext }, server: { ...SERVER, idContext } }).open();
    echo(same);
    expect(await answered(same)).toBe("3/0?a=1 body");
    const other = await new Pair({ client: { ...CLIENT, idContext }, server: SERVER }).open();
    echo(other);
    const reason = "OSCORE is refused there, as where our Sender ID or the ID context is not known";
    expect(await answered(other)).toBe(`${reason} (4.01 Security context not found)`);
    expect(other.server.transport.counters.strange).toBe(1);
    expect(other.client.log.lines[0]?.fields).toMatchObject({
      code: "4.01",
      reason: expect.stringContaining(reason) as string,
    });
  });

  it("goes through a wire that loses every second datagram", async () => {
    const pair = await new Pair().open();
    echo(pair);
    pair.line.near.fate = (_, index) => (index % 2 === 0 ? "drop" : "deliver");
    pair.line.far.fate = pair.line.near.fate;
    const answer = answered(pair);
    await pair.clock.advance(60_000);
    expect(await answer).toBe("3/0?a=1 body");
    // Repeated, it was the same datagram: a second number would have made the answer to the first unreadable (§8.4).
    expect(new Set(pair.line.near.sent.map(toHex)).size).toBe(1);
  });

  it("is handled once, and answered again, when it comes twice", async () => {
    const pair = await new Pair().open();
    let handled = 0;
    pair.server.endpoint.onRequest(() => {
      handled += 1;
      return { code: Code.Changed };
    });
    pair.line.near.fate = () => "duplicate";
    const answer = await pair.client.endpoint.request({ code: Code.POST, path: ["3", "0", "4"] });
    expect(answer.status).toBe("answered");
    expect(handled).toBe(1);
    expect(pair.line.far.sent).toHaveLength(2);
  });

  it("is a replay when it comes again after nobody would repeat it any more", async () => {
    const pair = await new Pair().open();
    let handled = 0;
    pair.server.endpoint.onRequest(() => {
      handled += 1;
      return { code: Code.Changed };
    });
    await pair.client.endpoint.request({ code: Code.POST, path: ["3", "0", "4"] });
    await pair.clock.advance(59_000);
    pair.line.far.receive(pair.line.near.sent[0] ?? NOTHING);
    expect(pair.server.transport.counters.replayed).toBe(0);
    await pair.clock.advance(1_000);
    pair.line.far.receive(pair.line.near.sent[0] ?? NOTHING);
    expect(pair.server.transport.counters.replayed).toBe(1);
    expect(handled).toBe(1);
  });

  it("may be long: its blocks are inside (§4.1.3.4)", async () => {
    const pair = await new Pair().open();
    let received = 0;
    pair.server.endpoint.onRequest(({ payload }) => {
      received = payload.length;
      return { code: Code.Content, payload: new Uint8Array(5_000).fill(7) };
    });
    const payload = new Uint8Array(4_000).fill(9);
    const answer = await pair.client.endpoint.request({ code: Code.POST, path: ["rd"], payload });
    expect(received).toBe(4_000);
    expect(answer.status === "answered" && answer.response.payload.length).toBe(5_000);
    for (const datagram of pair.line.near.sent) {
      expect(datagram.length).toBeLessThanOrEqual(1_280);
      expect(decodeMessage(datagram).options.map(({ number }) => number)).toEqual([OSCORE]);
    }
  });

  it("leaves room in the datagram for all that is added", async () => {
    const { client, line } = await new Pair().open();
    const room = client.transport.maxDatagram;
    const message: Message = {
      type: "CON",
      code: Code.GET,
      messageId: 1,
      token: hex("0102030405060708"),
      options: [{ number: OptionNumber.Observe, value: hex("") }],
      payload: NOTHING,
    };
    const head = encodeMessage(message).length;
    client.transport.send(encodeMessage({ ...message, payload: new Uint8Array(room - head - 1) }));
    expect(line.near.sent[0]?.length).toBeLessThanOrEqual(1_280);
    expect(line.near.sent[0]?.length).toBeGreaterThan(1_260);
  });
});

/** A far end that speaks OSCORE and observes: which end does so makes no difference to OSCORE. */
class Watch {
  readonly pair: Pair;
  readonly heard: Message[] = [];
  readonly resource = new Resource();

  constructor(pair: Pair) {
    this.pair = pair;
    pair.client.transport.onDatagram((datagram) => this.heard.push(decodeMessage(datagram)));
    pair.server.endpoint.onRequest((request) => this.resource.handle(request));
  }

  static async begin(): Promise<Watch> {
    const watch = new Watch(await new Pair().open());
    watch.ask(hex(""), 9);
    return watch;
  }

  /** Registers with an empty value, ends with 01 (RFC 7641 §2). */
  ask(observe: Uint8Array, messageId: number): void {
    const options = [
      { number: OptionNumber.Observe, value: observe },
      { number: OptionNumber.UriPath, value: bytes("1") },
    ];
    const message: Message = { type: "CON", code: Code.GET, messageId, token: hex("0a"), options, payload: NOTHING };
    this.pair.client.transport.send(encodeMessage(message));
  }

  get values(): string[] {
    return this.heard.filter(({ code }) => code === Code.Content).map(({ payload }) => wordsOf(payload));
  }
}

describe("notifications through OSCORE", () => {
  it("are understood, in the order of their numbers (§4.1.3.5.2)", async () => {
    const watch = await Watch.begin();
    watch.resource.tell("second");
    watch.resource.tell("third");
    expect(watch.values).toEqual(["", "second", "third"]);
    const orders = watch.heard.map(({ options }) => options.find(({ number }) => number === OptionNumber.Observe));
    const numbers = orders.map((option) => Number.parseInt(toHex(option?.value ?? hex("ff")), 16));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(new Set(numbers).size).toBe(3);
  });

  it("look like answers to a FETCH, whatever was asked (§4.2)", async () => {
    const { pair, resource } = await Watch.begin();
    resource.tell("second");
    expect(pair.line.near.sent.map((each) => decodeMessage(each).code)).toEqual([Code.FETCH]);
    const notified = pair.line.far.sent.map(decodeMessage);
    expect(notified.map(({ code }) => code)).toEqual([Code.Content, Code.Content]);
    expect(notified.map(({ options }) => options.map(({ number }) => number))).toEqual([
      [OptionNumber.Observe, OSCORE],
      [OptionNumber.Observe, OSCORE],
    ]);
  });

  it("that were overtaken, or come again in another message, are dropped (§7.4.1)", async () => {
    const watch = await Watch.begin();
    watch.resource.tell("second");
    watch.resource.tell("third");
    const [, second] = watch.pair.line.far.sent;
    const later = decodeMessage(second ?? NOTHING);
    watch.pair.line.near.receive(encodeMessage({ ...later, messageId: later.messageId ^ 1 }));
    expect(watch.values).toEqual(["", "second", "third"]);
    expect(watch.pair.client.transport.counters.replayed).toBe(1);
  });

  it("go on, however much is asked besides", async () => {
    const watch = await Watch.begin();
    const { client } = watch.pair;
    for (let i = 0; i < 300; i++) {
      const options = [{ number: OptionNumber.UriPath, value: bytes("2") }];
      const message = { type: "CON", code: Code.GET, messageId: 100 + i, options, payload: NOTHING } as const;
      client.transport.send(encodeMessage({ ...message, token: Uint8Array.of(1, i >> 8, i) }));
    }
    watch.resource.tell("still there");
    expect(watch.values.at(-1)).toBe("still there");
  });

  it("end when they are cancelled with the same token", async () => {
    const watch = await Watch.begin();
    watch.ask(hex("01"), 10);
    expect(watch.heard.at(-1)?.code).toBe(Code.Content);
    expect(watch.pair.server.endpoint.observations).toBe(0);
  });

  it("end with RST, which is not protected", async () => {
    const { pair, resource } = await Watch.begin();
    resource.tell("second");
    const { messageId } = decodeMessage(pair.line.far.sent.at(-1) ?? NOTHING);
    pair.client.transport.send(encodeMessage({ ...EMPTY_MESSAGE, type: "RST", messageId }));
    expect(pair.server.endpoint.observations).toBe(0);
  });
});

const EMPTY_MESSAGE = { code: Code.Empty, token: NOTHING, options: [], payload: NOTHING };

/** As the wire has them, out of a wire that has carried one request and its answer. */
async function recorded(): Promise<{ pair: Pair; request: Message; answer: Message }> {
  const pair = await new Pair().open();
  echo(pair);
  await answered(pair);
  const [request] = pair.line.near.sent.map(decodeMessage);
  const [answer] = pair.line.far.sent.map(decodeMessage);
  if (!request || !answer) throw new Error("nothing was said");
  return { pair, request, answer };
}

describe("what is refused", () => {
  const lastWords = ({ line }: Pair) => {
    const { type, code, payload } = decodeMessage(line.far.sent.at(-1) ?? NOTHING);
    return `${type} ${codeText(code)} ${wordsOf(payload)}`;
  };
  const tell = ({ line }: Pair, message: Message) => line.far.receive(encodeMessage(message));

  it("is a request without protection: 4.01, and nobody hears of it", async () => {
    const { pair, request } = await recorded();
    let handled = 0;
    pair.server.endpoint.onRequest(() => {
      handled += 1;
      return { code: Code.Changed };
    });
    tell(pair, { ...request, options: [], messageId: 77 });
    expect(lastWords(pair)).toBe("ACK 4.01 OSCORE is wanted");
    expect(handled).toBe(0);
    expect(pair.server.transport.counters.unprotected).toBe(1);
  });

  it("is a request heard before, under another message id: 4.01 (§7.4)", async () => {
    const { pair, request } = await recorded();
    tell(pair, { ...request, messageId: request.messageId ^ 1 });
    expect(lastWords(pair)).toBe("ACK 4.01 Replay detected");
    expect(pair.server.transport.counters.replayed).toBe(1);
  });

  it("is a request with one bit changed: 4.00, and its number is not used up", async () => {
    const { pair, request } = await recorded();
    const sent = pair.line.near.sent.length;
    pair.line.near.fate = () => "drop";
    const waits = pair.client.endpoint.request(get("3/0"));
    const held = decodeMessage(pair.line.near.sent[sent] ?? NOTHING);
    const payload = Uint8Array.from(held.payload);
    payload[0]! ^= 1;
    tell(pair, { ...held, payload, messageId: request.messageId ^ 3 });
    expect(lastWords(pair)).toBe("ACK 4.00 Decryption failed");
    expect(pair.server.transport.counters.forged).toBe(1);
    pair.line.near.fate = () => "deliver";
    await pair.clock.advance(10_000);
    expect((await waits).status).toBe("answered");
  });

  it.each([
    ["names nobody", "0114"],
    ["has no number", "08"],
    ["has a reserved flag", "2914"],
  ])("is a request whose option %s: 4.02", async (_, option) => {
    const { pair, request } = await recorded();
    tell(pair, { ...request, messageId: 5, options: [{ number: OSCORE, value: hex(option) }] });
    expect(lastWords(pair)).toBe("ACK 4.02 Failed to decode COSE");
  });

  it("is not answered where it was not confirmable", async () => {
    const { pair, request } = await recorded();
    const said = pair.line.far.sent.length;
    tell(pair, { ...request, type: "NON", options: [], messageId: 77 });
    expect(pair.line.far.sent).toHaveLength(said);
  });

  it("is an answer without protection that says yes", async () => {
    const pair = await new Pair().open();
    pair.line.near.fate = () => "drop";
    const waits = pair.client.endpoint.request(get("3/0"));
    const { token, messageId } = decodeMessage(pair.line.near.sent[0] ?? NOTHING);
    const yes: Message = { type: "ACK", code: Code.Changed, messageId, token, options: [], payload: NOTHING };
    pair.line.near.receive(encodeMessage(yes));
    await pair.clock.advance(300_000);
    expect((await waits).status).not.toBe("answered");
    expect(pair.client.transport.counters.unprotected).toBe(1);
  });

  it("is the answer to another request (§8.4)", async () => {
    const { pair, answer } = await recorded();
    pair.line.near.fate = () => "drop";
    void pair.client.endpoint.request(get("3/0"));
    const { token, messageId } = decodeMessage(pair.line.near.sent.at(-1) ?? NOTHING);
    pair.line.near.receive(encodeMessage({ ...answer, token, messageId }));
    expect(pair.client.transport.counters.forged).toBe(1);
  });

  it("is counted, and logged once, then ten times less often", async () => {
    const { pair } = await recorded();
    for (let messageId = 0; messageId < 30; messageId++)
      tell(pair, { ...EMPTY_MESSAGE, type: "NON", code: Code.GET, messageId });
    expect(pair.server.transport.counters.unprotected).toBe(30);
    expect(pair.server.log.events("warn")).toEqual(["oscore-dropped", "oscore-dropped"]);
  });
});

describe("what cannot be protected", () => {
  it("is not sent: an answer that nobody has asked for", async () => {
    const { client, line } = await new Pair().open();
    const message = { ...EMPTY_MESSAGE, type: "NON", code: Code.Content, messageId: 1, token: hex("77") } as const;
    client.transport.send(encodeMessage(message));
    expect(line.near.sent).toHaveLength(0);
    expect(client.transport.counters.unsent).toBe(1);
  });
});

/** A resource that can be observed. */
class Resource {
  #observation: Observation | undefined;

  handle({ observe }: IncomingRequest): Reply {
    const observer: Observer = {
      started: (observation) => {
        this.#observation = observation;
      },
      ended: () => undefined,
    };
    return { code: Code.Content, ...(observe === "register" && { observer }) };
  }

  tell(value: string): void {
    this.#observation?.notify({ code: Code.Content, payload: bytes(value) }, { confirmable: false });
  }
}
