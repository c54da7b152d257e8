/** Both ends over a wire that loses, repeats, delays and reorders: what must hold whatever happens. */

import { describe, expect, it } from "vitest";
import { encodeMessage } from "../../src/coap/codec.ts";
import { Code, type Message } from "../../src/coap/message.ts";
import { OptionNumber, uintOption } from "../../src/coap/options.ts";
import type { Answer } from "../../src/coap/request.ts";
import type { FakeClock } from "../support/fake-clock.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import type { VirtualTransport } from "../support/virtual-network.ts";
import { asText, NOTHING, Observable, type Pair, pair, pathOptions, Stage, text, uintOf } from "./peers.ts";

interface Weather {
  loss: number;
  repeat: number;
  /** Milliseconds; above 0 datagrams overtake each other. */
  delay: number;
}

/** What is sent from `end` suffers from the weather. */
function expose(end: VirtualTransport, clock: FakeClock, random: SeededRandom, weather: Weather): void {
  end.fate = (datagram) => {
    const copies = random.unit() < weather.loss ? 0 : random.unit() < weather.repeat ? 2 : 1;
    if (weather.delay === 0) return copies === 0 ? "drop" : copies === 1 ? "deliver" : "duplicate";
    for (let i = 0; i < copies; i++)
      clock.after(random.below(weather.delay), () => {
        end.peer?.receive(datagram.slice());
      });
    return "drop";
  };
}

function exposeBoth({ clock, nearWire, farWire }: Pair, seed: number, weather: Weather): void {
  const random = new SeededRandom(seed);
  expose(nearWire, clock, random, weather);
  expose(farWire, clock, random, weather);
}

/** RFC 7641 §3.4: whether the number `b` is newer than `a`. */
const isNewer = (a: number, b: number) => (a < b && b - a < 2 ** 23) || (a > b && a - b > 2 ** 23);

const body = (length: number, seed: number): Uint8Array => new SeededRandom(seed).bytes(length);

describe("confirmable notifications", () => {
  const SEEDS = Array.from({ length: 30 }, (_, i) => i + 1);

  it.each(SEEDS)("arrive in order, and the last value always arrives, whatever is lost (storm %i)", async (seed) => {
    const random = new SeededRandom(seed);
    // A patient sender, so that a storm is outlived: giving up ends an observation, which is another test.
    const stage = new Stage({ ackTimeout: 100, maxRetransmit: 25 });
    const resource = new Observable();
    stage.endpoint.onRequest(resource.handler);
    stage.say({
      code: Code.GET,
      messageId: 1,
      token: Uint8Array.of(7),
      options: [uintOption(OptionNumber.Observe, 0)],
    });
    stage.heard();

    const weather: Weather = { loss: random.unit() * 0.8, repeat: 0.2, delay: seed % 2 === 0 ? 0 : 300 };
    expose(stage.wire, stage.clock, random, weather);
    const arrived: Message[] = [];
    const listen = () => {
      for (const message of stage.heard()) {
        arrived.push(message);
        if (random.unit() >= weather.loss) stage.say({ type: "ACK", messageId: message.messageId });
      }
    };
    const delivered: number[] = [];
    for (let value = 0; value < 60; value++) {
      resource.notify(String(value), true, (fate) => fate === "acknowledged" && delivered.push(value));
      for (let ms = random.below(400); ms > 0; ms -= 20) {
        await stage.clock.advance(20);
        listen();
      }
    }
    Object.assign(weather, { loss: 0, repeat: 0, delay: 0 });
    for (let i = 0; i < 500 && delivered.at(-1) !== 59; i++) {
      await stage.clock.advance(2_000);
      listen();
    }

    let newest = -1;
    const shown: number[] = [];
    for (const message of arrived) {
      const number = uintOf(message, OptionNumber.Observe) ?? -1;
      // With datagrams overtaking each other the receiver sorts by number; without, there is nothing to sort.
      if (number === newest) continue;
      if (seed % 2 === 0) expect(isNewer(newest, number)).toBe(true);
      if (!isNewer(newest, number)) continue;
      newest = number;
      shown.push(Number(asText(message.payload)));
    }
    expect(shown).toEqual(shown.toSorted((a, b) => a - b));
    expect(shown.at(-1)).toBe(59);
    expect(delivered.at(-1)).toBe(59);
    expect(delivered.every((value) => shown.includes(value))).toBe(true);
    expect(stage.endpoint.observations).toBe(1);
  });
});

describe("requests with long bodies", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])("are handled once and answered whole through storm %i", async (seed) => {
    const both = pair({ ackTimeout: 500, maxRetransmit: 12, blockSize: 128, nstart: 4, remembered: 64 });
    const handled: number[] = [];
    both.far.onRequest(({ path, payload }) => {
      handled.push(Number(path[0]));
      expect(payload).toEqual(body(700, Number(path[0])));
      return { code: Code.Changed, payload: body(900, Number(path[0]) + 100) };
    });
    exposeBoth(both, seed, { loss: 0.25, repeat: 0.2, delay: seed % 2 === 0 ? 0 : 200 });
    const answers = new Map<number, Answer>();
    for (const id of [1, 2, 3])
      void both.near
        .request({ code: Code.POST, path: [String(id)], payload: body(700, id) })
        .then((answer) => answers.set(id, answer));
    for (let i = 0; i < 2_000 && answers.size < 3; i++) await both.clock.advance(1_000);
    for (const id of [1, 2, 3]) {
      const answer = answers.get(id);
      expect(answer?.status === "answered" && Buffer.from(answer.response.payload)).toEqual(
        Buffer.from(body(900, id + 100)),
      );
    }
    expect(handled.toSorted()).toEqual([1, 2, 3]);
  });

  it("are fetched whole by GET, too, while what they are about changes", async () => {
    const both = pair({ ackTimeout: 500, maxRetransmit: 12, blockSize: 64 });
    let version = 0;
    both.far.onRequest(() => ({ code: Code.Content, payload: body(1_000, ++version) }));
    exposeBoth(both, 9, { loss: 0.2, repeat: 0.1, delay: 100 });
    for (let round = 1; round <= 5; round++) {
      let answer: Answer | undefined;
      void both.near.request({ code: Code.GET, path: ["a"] }).then((value) => (answer = value));
      for (let i = 0; i < 2_000 && answer === undefined; i++) await both.clock.advance(1_000);
      expect(answer?.status === "answered" && Buffer.from(answer.response.payload)).toEqual(
        Buffer.from(body(1_000, round)),
      );
    }
  });

  it("answered late are acknowledged first, handled once, and answered in a message of their own", async () => {
    const both = pair({ ackTimeout: 500, maxRetransmit: 12 });
    let handled = 0;
    both.far.onRequest(
      () =>
        new Promise((resolve) => {
          handled += 1;
          both.clock.after(3_000, () => {
            resolve({ code: Code.Changed, payload: text("switched") });
          });
        }),
    );
    exposeBoth(both, 11, { loss: 0.3, repeat: 0.3, delay: 50 });
    let answer: Answer | undefined;
    void both.near
      .request({ code: Code.PUT, path: ["3306", "0", "5850"], payload: text("1") })
      .then((value) => (answer = value));
    await both.clock.advance(100_000);
    expect(answer).toMatchObject({ status: "answered", response: { payload: text("switched") } });
    expect(handled).toBe(1);
  });
});

describe("an endpoint under fire", () => {
  it("survives 50 000 random and mutated datagrams, answers afterwards, and keeps nothing of them", async () => {
    const stage = new Stage();
    const random = new SeededRandom(42);
    const resource = new Observable();
    let turn = 0;
    stage.endpoint.onRequest((request) => {
      turn += 1;
      if (turn % 3 === 0) return Promise.resolve({ code: Code.Changed, payload: new Uint8Array(3_000) });
      if (turn % 7 === 0) throw new Error("a handler that fails");
      return resource.handler(request);
    });
    let asked = 0;
    let settled = 0;
    for (let round = 0; round < 50_000; round++) {
      if (round % 100 === 0) {
        asked += 1;
        void stage.endpoint
          .request({ code: Code.GET, path: ["a"], payload: new Uint8Array(2_000) })
          .then(() => (settled += 1));
        resource.notify(String(round), round % 200 === 0);
      }
      stage.sayBytes(hostile(random, stage.wire));
      if (round % 50 === 0) await stage.clock.advance(random.below(2_000));
    }
    stage.heard();
    await stage.clock.advance(20_000_000);
    stage.heard();
    expect(settled).toBe(asked);
    stage.say({ type: "CON", messageId: 0x4242 });
    expect(stage.only()).toMatchObject({ type: "RST", messageId: 0x4242 });
    const { received, malformed, duplicates, rejected } = stage.endpoint.counters;
    expect(received).toBe(50_001);
    expect(Math.min(malformed, duplicates, rejected)).toBeGreaterThan(100);
    expect(stage.endpoint.observations).toBeLessThanOrEqual(64);
  }, 60_000);
});

/** Random bytes, or something the peer might have said, slightly wrong: often with ids and tokens that we are using. */
function hostile(random: SeededRandom, wire: VirtualTransport): Uint8Array {
  if (random.below(3) === 0) return random.bytes(random.below(60));
  const ours = wire.sent.at(-1 - random.below(Math.min(8, wire.sent.length || 1)));
  const token = ours?.slice(4, 4 + Math.min(8, (ours[0] ?? 0) & 0x0f)) ?? NOTHING;
  const messageId =
    ours === undefined || random.below(2) === 0 ? random.below(200) : ((ours[2] ?? 0) << 8) | (ours[3] ?? 0);
  const options = [
    ...(random.below(2) === 0 ? pathOptions("a/b") : []),
    ...(random.below(2) === 0 ? [uintOption(OptionNumber.Observe, random.below(3))] : []),
    ...(random.below(3) === 0 ? [uintOption(OptionNumber.Block1, random.below(100))] : []),
    ...(random.below(3) === 0 ? [uintOption(OptionNumber.Block2, random.below(100))] : []),
  ];
  const bytes = new Uint8Array(
    encodeMessage({
      type: random.pick(["CON", "NON", "ACK", "RST"]),
      code: random.pick([0, 0, 1, 2, 3, 5, 0x45, 0x44, 0x5f, 0x84, 0x88, 0x8d, 0xe1]),
      messageId,
      token: random.below(4) === 0 ? random.bytes(random.below(9)) : token,
      options,
      payload: random.below(2) === 0 ? NOTHING : random.bytes(16 << random.below(4)),
    }),
  );
  if (random.below(3) === 0) bytes[random.below(bytes.length)] = random.below(256);
  wire.sent.splice(0, Math.max(0, wire.sent.length - 16));
  return bytes;
}
