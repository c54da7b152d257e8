import { describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { Code, type Message } from "../../src/coap/message.ts";
import { OptionNumber, uintOption } from "../../src/coap/options.ts";
import type { NotificationFate, Observation } from "../../src/coap/request.ts";
import { asText, Observable, pathOptions, Stage, text, uintOf } from "./peers.ts";

const { Observe } = OptionNumber;
const TOKEN = Uint8Array.of(0xab, 0xcd);

interface Saying {
  readonly confirmable?: boolean;
  readonly keep?: boolean;
  readonly code?: number;
}

/** An observed resource, and everything that its notifications came to. */
class Watched {
  readonly stage: Stage;
  readonly resource = new Observable();
  readonly fates: string[] = [];

  constructor(parameters = {}) {
    this.stage = new Stage(parameters);
    this.stage.endpoint.onRequest(this.resource.handler);
    const options = [uintOption(Observe, 0), ...pathOptions("3303/0/5700")];
    this.stage.say({ code: Code.GET, messageId: 1, token: TOKEN, options });
    this.stage.heard();
  }

  get observation(): Observation | undefined {
    return this.resource.observation;
  }

  say(value: string, { confirmable = true, keep = false, code = Code.Content }: Saying = {}): void {
    const settled = (fate: NotificationFate) => void this.fates.push(`${value} ${fate}`);
    this.observation?.notify({ code, format: 0, payload: text(value) }, { confirmable, keep, settled });
  }

  /** "CON a" for each that was sent since the last look. */
  heard(): string[] {
    return this.stage.heard().map(({ type, payload }) => `${type} ${asText(payload)}`);
  }

  acknowledge(message: Message): void {
    this.stage.say({ type: "ACK", messageId: message.messageId });
  }
}

describe("E68: a notification that is overtaken by a newer value", () => {
  it("never leaves again once the newer is there, byte by byte (RFC 7641 §4.5.2)", async () => {
    const watched = new Watched();
    const { stage } = watched;
    watched.say("21.5");
    await stage.clock.advance(3_100);
    const [first, second] = stage.wire.sent.slice(1).map(toHex);
    expect(second).toBe(first);
    watched.say("22.5");
    await stage.clock.advance(94_000);
    const later = stage.wire.sent.slice(3).map(toHex);
    expect(later).toHaveLength(3);
    // CON, 2.05, the token, Observe 3, text, and the newer value, whatever the message id.
    const id = later[0]!.slice(4, 8);
    expect(id).not.toBe(first!.slice(4, 8));
    expect(new Set(later)).toEqual(new Set([`4245${id}abcd610360ff${Buffer.from("22.5").toString("hex")}`]));
    expect(watched.fates).toEqual(["21.5 superseded", "22.5 timeout"]);
  });

  it("is retransmitted unchanged as long as nothing is newer (RFC 7252 §4.2)", async () => {
    const watched = new Watched();
    watched.say("21.5");
    await watched.stage.clock.advance(94_000);
    const sent = watched.stage.wire.sent.slice(1).map(toHex);
    expect(sent).toHaveLength(5);
    expect(new Set(sent).size).toBe(1);
    expect(watched.fates).toEqual(["21.5 timeout"]);
    expect(watched.resource.ends).toEqual(["timeout"]);
  });

  it("makes way for one that needs no confirmation, too, which is then confirmed in its place", async () => {
    const watched = new Watched();
    watched.say("a");
    watched.say("b", { confirmable: false });
    watched.say("c", { confirmable: false });
    expect(watched.heard()).toEqual(["CON a"]);
    expect(watched.fates).toEqual(["b superseded"]);
    await watched.stage.clock.advance(3_100);
    const [again] = watched.stage.heard();
    expect(again).toMatchObject({ type: "CON", payload: text("c") });
    watched.acknowledge(again!);
    expect(watched.fates).toEqual(["b superseded", "a superseded", "c acknowledged"]);
  });

  it("is followed by only the newest of those that need no confirmation, as soon as it is acknowledged", () => {
    const watched = new Watched();
    watched.say("a");
    const first = watched.stage.only();
    for (const value of ["b", "c", "d"]) watched.say(value, { confirmable: false });
    watched.acknowledge(first);
    expect(watched.heard()).toEqual(["NON d"]);
    expect(watched.fates).toEqual(["b superseded", "c superseded", "a acknowledged"]);
  });

  it("goes on counting attempts, so that a dead peer is given up in the same time whatever changes", async () => {
    const watched = new Watched({ ackRandomFactor: 1 });
    const times: number[] = [];
    let ms = 0;
    for (; watched.observation !== undefined; ms += 500) {
      watched.say(String(ms));
      times.push(...watched.heard().map(() => ms));
      await watched.stage.clock.advance(500);
    }
    expect(ms).toBe(62_000);
    expect(times).toEqual([0, 2_000, 6_000, 14_000, 30_000]);
    expect(watched.resource.ends).toEqual(["timeout"]);
  });

  it("counts anew after each acknowledgement", async () => {
    const watched = new Watched({ ackRandomFactor: 1 });
    watched.say("a");
    await watched.stage.clock.advance(14_000);
    watched.say("b");
    watched.acknowledge(watched.stage.heard().at(-1)!);
    expect(watched.heard()).toEqual(["CON b"]);
    await watched.stage.clock.advance(2_000);
    expect(watched.heard()).toEqual(["CON b"]);
  });

  it("can be acknowledged too late: the value that took its place is still under way", async () => {
    const watched = new Watched();
    watched.say("a");
    const first = watched.stage.only();
    watched.say("b");
    await watched.stage.clock.advance(3_100);
    const second = watched.stage.only();
    watched.acknowledge(first);
    expect(watched.fates).toEqual(["a superseded"]);
    expect(watched.stage.endpoint.counters.unmatched).toBe(1);
    watched.acknowledge(second);
    expect(watched.fates).toEqual(["a superseded", "b acknowledged"]);
  });

  it("numbers each that leaves higher than the one before, whatever was left out (RFC 7641 §4.4)", async () => {
    const watched = new Watched();
    const numbers: number[] = [];
    for (let i = 0; i < 40; i++) {
      watched.say(String(i), { confirmable: i % 3 === 0 });
      await watched.stage.clock.advance(700);
      for (const message of watched.stage.heard()) {
        const number = uintOf(message, Observe);
        if (number !== undefined && number !== numbers.at(-1)) numbers.push(number);
        if (i % 2 === 0) watched.acknowledge(message);
      }
    }
    expect(numbers.length).toBeGreaterThan(10);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  });
});

describe("what became of a notification", () => {
  it("is told once for each that had to be confirmed", () => {
    const watched = new Watched();
    watched.say("a");
    watched.acknowledge(watched.stage.only());
    watched.say("b");
    watched.say("c");
    watched.stage.say({ type: "RST", messageId: watched.stage.only().messageId });
    watched.say("d");
    expect(watched.fates).toEqual(["a acknowledged", "b reset", "c reset"]);
    expect(watched.resource.ends).toEqual(["reset"]);
  });

  it("is told before the end of its observation, so that the value can be stored", () => {
    const watched = new Watched();
    const order: string[] = [];
    watched.resource.ends.push = (...why: string[]) => order.push(...why);
    watched.observation?.notify(
      { code: Code.Content },
      { confirmable: true, settled: (fate) => void order.push(`told ${fate}`) },
    );
    watched.stage.say({ type: "RST", messageId: watched.stage.only().messageId });
    expect(order).toEqual(["told reset", "reset"]);
  });

  it("is that it was cancelled if its observation ends otherwise", () => {
    const watched = new Watched();
    watched.say("a");
    watched.say("b");
    watched.say("c", { keep: true });
    watched.stage.endpoint.forgetObservations();
    expect(watched.fates.toSorted()).toEqual(["a cancelled", "b cancelled", "c cancelled"]);
    expect(watched.resource.ends).toEqual(["closed"]);
  });

  it("is not told of one that needs no confirmation and left", () => {
    const watched = new Watched();
    watched.say("a", { confirmable: false });
    expect(watched.heard()).toEqual(["NON a"]);
    watched.observation?.forget();
    expect(watched.fates).toEqual([]);
  });

  it("does not follow an observation that is forgotten in the telling", () => {
    const watched = new Watched();
    const { observation } = watched;
    observation?.notify(
      { code: Code.Content, payload: text("a") },
      { confirmable: true, settled: () => observation.forget() },
    );
    watched.say("b");
    watched.acknowledge(watched.stage.only());
    expect(watched.heard()).toEqual([]);
    expect(watched.fates).toEqual(["b cancelled"]);
  });
});

describe("a report of something past", () => {
  it("is not superseded by the present, nor repeated otherwise than it was", async () => {
    const watched = new Watched();
    watched.say("past", { keep: true });
    watched.say("now");
    await watched.stage.clock.advance(3_100);
    expect(watched.heard()).toEqual(["CON past", "CON past"]);
    const sent = watched.stage.wire.sent.slice(1).map(toHex);
    expect(sent[1]).toBe(sent[0]);
    expect(watched.fates).toEqual([]);
  });

  it("waits in line with its kind, and the present comes after them all", () => {
    const watched = new Watched();
    for (const value of ["1", "2", "3"]) watched.say(value, { keep: true });
    watched.say("now");
    watched.say("now!");
    const heard: string[] = [];
    for (let [message] = watched.stage.heard(); message !== undefined; [message] = watched.stage.heard()) {
      heard.push(asText(message.payload));
      watched.acknowledge(message);
    }
    expect(heard).toEqual(["1", "2", "3", "now!"]);
    expect(watched.fates).toEqual([
      "now superseded",
      "1 acknowledged",
      "2 acknowledged",
      "3 acknowledged",
      "now! acknowledged",
    ]);
  });

  it("does not take the place of the present value that is under way, but a newer one does", async () => {
    const watched = new Watched();
    watched.say("now");
    watched.say("past", { keep: true });
    await watched.stage.clock.advance(3_100);
    expect(watched.heard()).toEqual(["CON now", "CON now"]);
    watched.say("newer");
    await watched.stage.clock.advance(6_100);
    const again = watched.stage.only();
    expect(asText(again.payload)).toBe("newer");
    watched.acknowledge(again);
    expect(watched.heard()).toEqual(["CON past"]);
  });

  it("is one of eight that may wait; one more comes back at once", () => {
    const watched = new Watched();
    for (let i = 0; i < 10; i++) watched.say(String(i), { keep: true });
    expect(watched.heard()).toEqual(["CON 0"]);
    expect(watched.fates).toEqual(["9 cancelled"]);
  });

  it("leaves with all that need no confirmation as soon as the way is free", () => {
    const watched = new Watched();
    watched.say("now");
    const first = watched.stage.only();
    for (const value of ["1", "2"]) watched.say(value, { keep: true, confirmable: false });
    watched.say("3", { keep: true });
    watched.say("newest", { confirmable: false });
    watched.acknowledge(first);
    const heard = watched.stage.heard();
    expect(heard.map(({ type, payload }) => `${type} ${asText(payload)}`)).toEqual(["NON 1", "NON 2", "CON 3"]);
    watched.acknowledge(heard[2]!);
    expect(watched.heard()).toEqual(["NON newest"]);
  });

  it("comes back when the peer is given up, each of them", async () => {
    const watched = new Watched();
    for (const value of ["1", "2", "3"]) watched.say(value, { keep: true });
    await watched.stage.clock.advance(94_000);
    expect(watched.fates).toEqual(["1 timeout", "2 timeout", "3 timeout"]);
    expect(watched.resource.ends).toEqual(["timeout"]);
  });

  it("comes to nothing behind an error, which is the last that the peer hears (RFC 7641 §4.2)", () => {
    const watched = new Watched();
    watched.say("1", { keep: true });
    watched.say("2", { keep: true });
    watched.say("gone", { code: Code.NotFound });
    expect(watched.fates).toEqual(["2 cancelled"]);
    watched.acknowledge(watched.stage.only());
    const last = watched.stage.only();
    expect(last).toMatchObject({ type: "CON", code: Code.NotFound });
    watched.acknowledge(last);
    expect(watched.heard()).toEqual([]);
    expect(watched.fates).toEqual(["2 cancelled", "1 acknowledged", "gone acknowledged"]);
  });
});
