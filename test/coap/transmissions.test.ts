import { describe, expect, it } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { decodeMessage } from "../../src/coap/codec.ts";
import { Counters } from "../../src/coap/counters.ts";
import { DEFAULT_PARAMETERS, type Parameters } from "../../src/coap/parameters.ts";
import type { Fate } from "../../src/coap/retransmission.ts";
import { type Draft, type Sender, Transmissions } from "../../src/coap/transmissions.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { wire } from "../support/virtual-network.ts";
import { asText, NOTHING, text } from "./peers.ts";

/** A sender with words of its own; `news` takes their place when there is any. */
class Speaker implements Sender {
  readonly fates: Fate[] = [];
  readonly replaced: (number | undefined)[] = [];
  readonly urgent: boolean;
  words: string | undefined;
  onSettled: () => void = () => undefined;

  constructor(words: string, urgent = true) {
    this.words = words;
    this.urgent = urgent;
  }

  compose(replaced: number | undefined): Draft | undefined {
    const { words } = this;
    if (words === undefined) return undefined;
    this.words = undefined;
    this.replaced.push(replaced);
    return { code: 0x45, token: NOTHING, options: [], payload: text(words) };
  }

  settled(fate: Fate): void {
    this.fates.push(fate);
    this.onSettled();
  }

  expects(): boolean {
    return false;
  }
}

function scene(parameters: Partial<Parameters> = {}) {
  const clock = new FakeClock();
  const counters = new Counters();
  const sent: { id: number; words: string }[] = [];
  let id = 0;
  const surroundings = {
    transport: wire().near,
    clock,
    random: new SeededRandom(1),
    log: silentLog,
    parameters: { ...DEFAULT_PARAMETERS, ...parameters },
    counters,
  };
  const outlet = {
    newMessageId: () => ++id,
    transmit: (datagram: Uint8Array) => {
      const message = decodeMessage(datagram);
      sent.push({ id: message.messageId, words: asText(message.payload) });
    },
  };
  return { clock, counters, sent, transmissions: new Transmissions(surroundings, outlet) };
}

describe("the queue of confirmable messages", () => {
  it("sends one after the other, each when the one before is settled (RFC 7252 §4.7)", () => {
    const { sent, transmissions } = scene();
    const [a, b, c] = [new Speaker("a"), new Speaker("b"), new Speaker("c")] as const;
    for (const speaker of [a, b, c]) expect(transmissions.submit(speaker)).toBe(true);
    expect(sent).toEqual([{ id: 1, words: "a" }]);
    expect(transmissions.end(1, "acknowledged")).toBe(true);
    expect(transmissions.end(2, "reset")).toBe(true);
    expect(sent.map(({ words }) => words)).toEqual(["a", "b", "c"]);
    expect([a.fates, b.fates, c.fates]).toEqual([["acknowledged"], ["reset"], []]);
  });

  it("lets the urgent go before the others, in their order", () => {
    const { sent, transmissions } = scene();
    const order = ["news 1", "question 1", "news 2", "question 2"];
    transmissions.submit(new Speaker("first"));
    for (const words of order) transmissions.submit(new Speaker(words, words.startsWith("question")));
    for (let id = 1; id <= 5; id++) transmissions.end(id, "acknowledged");
    expect(sent.map(({ words }) => words)).toEqual(["first", "question 1", "question 2", "news 1", "news 2"]);
  });

  it("goes on with the next when one is given up (RFC 7252 §4.2)", () => {
    const { clock, counters, sent, transmissions } = scene({ maxRetransmit: 1 });
    const [silent, next] = [new Speaker("silent"), new Speaker("next")] as const;
    transmissions.submit(silent);
    transmissions.submit(next);
    clock.tick(9_100);
    expect(silent.fates).toEqual(["timeout"]);
    expect(sent.map(({ words }) => words)).toEqual(["silent", "silent", "next"]);
    expect(counters).toMatchObject({ timeouts: 1, retransmissions: 1 });
  });

  it("takes what is newest when a turn comes, and before each repetition (RFC 7641 §4.5.2)", () => {
    const { clock, sent, transmissions } = scene();
    const speaker = new Speaker("old");
    transmissions.submit(new Speaker("first"));
    transmissions.submit(speaker);
    speaker.words = "newer";
    transmissions.end(1, "acknowledged");
    clock.tick(3_100);
    speaker.words = "newest";
    clock.tick(6_100);
    expect(sent.slice(1)).toEqual([
      { id: 2, words: "newer" },
      { id: 2, words: "newer" },
      { id: 3, words: "newest" },
    ]);
    expect(speaker.replaced).toEqual([undefined, 2]);
    expect(transmissions.end(2, "acknowledged")).toBe(false);
    expect(transmissions.end(3, "acknowledged")).toBe(true);
  });

  it("can be left before the turn and after it, and settles once", () => {
    const { clock, sent, transmissions } = scene();
    const [a, b, c] = [new Speaker("a"), new Speaker("b"), new Speaker("c")] as const;
    for (const speaker of [a, b, c]) transmissions.submit(speaker);
    transmissions.withdraw(b, "cancelled");
    transmissions.withdraw(a, "acknowledged");
    transmissions.withdraw(a, "cancelled");
    expect([a.fates, b.fates, c.fates]).toEqual([["acknowledged"], ["cancelled"], []]);
    expect(sent.map(({ words }) => words)).toEqual(["a", "c"]);
    transmissions.clear();
    clock.tick(100_000);
    expect(c.fates).toEqual(["cancelled"]);
    expect(sent).toHaveLength(2);
  });

  it("starts nothing new while it is cleared", () => {
    const { sent, transmissions } = scene();
    const speakers = Array.from({ length: 5 }, (_, i) => new Speaker(String(i)));
    for (const speaker of speakers) transmissions.submit(speaker);
    transmissions.clear();
    expect(sent).toHaveLength(1);
    expect(speakers.every(({ fates }) => fates.length === 1 && fates[0] === "cancelled")).toBe(true);
  });

  it("lets a sender speak again as soon as it is settled", () => {
    const { sent, transmissions } = scene();
    const speaker = new Speaker("one");
    speaker.onSettled = () => {
      if (sent.length > 1) return;
      speaker.words = "two";
      transmissions.submit(speaker);
    };
    transmissions.submit(speaker);
    transmissions.end(1, "acknowledged");
    expect(sent).toEqual([
      { id: 1, words: "one" },
      { id: 2, words: "two" },
    ]);
  });

  it("drops whoever has nothing to say when the turn comes", () => {
    const { sent, transmissions } = scene();
    const mute = new Speaker("");
    mute.words = undefined;
    transmissions.submit(mute);
    transmissions.submit(new Speaker("next"));
    expect(mute.fates).toEqual(["cancelled"]);
    expect(sent.map(({ words }) => words)).toEqual(["next"]);
  });

  it("is bounded, and says so", () => {
    const { counters, transmissions } = scene();
    const accepted = Array.from({ length: 200 }, (_, i) => transmissions.submit(new Speaker(String(i))));
    expect(accepted.filter(Boolean)).toHaveLength(129);
    expect(counters.overflows).toBe(71);
  });

  it("knows the ids that are under way, and only those", () => {
    const { transmissions } = scene({ nstart: 2 });
    for (const words of ["a", "b", "c"]) transmissions.submit(new Speaker(words));
    expect([1, 2, 3].map((id) => transmissions.isUnderWay(id))).toEqual([true, true, false]);
    expect(transmissions.senderOf(2)).toBeInstanceOf(Speaker);
    expect(transmissions.senderOf(9)).toBeUndefined();
    expect(transmissions.end(9, "reset")).toBe(false);
  });
});
