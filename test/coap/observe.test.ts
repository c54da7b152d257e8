import { describe, expect, it } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { Composer } from "../../src/coap/blockwise/composer.ts";
import { Counters } from "../../src/coap/counters.ts";
import { MessageLayer } from "../../src/coap/exchange.ts";
import { Code, type Message } from "../../src/coap/message.ts";
import { OptionNumber, uintOption } from "../../src/coap/options.ts";
import { Observations } from "../../src/coap/observe/observations.ts";
import { DEFAULT_PARAMETERS, type Parameters } from "../../src/coap/parameters.ts";
import type { Reply } from "../../src/coap/request.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { asText, Observable, pathOptions, Stage, show, text, uintOf } from "./peers.ts";

const { Observe } = OptionNumber;
const TOKEN = Uint8Array.of(0x4a, 1, 2, 3);

interface Scene {
  readonly stage: Stage;
  readonly resource: Observable;
  /** The answer to the registration. */
  readonly registered: Message;
}

/** A resource that the peer observes already. */
function observed(parameters: Partial<Parameters> = {}, outlivesSilence = false): Scene {
  const stage = new Stage(parameters);
  const resource = new Observable();
  resource.outlivesSilence = outlivesSilence;
  stage.endpoint.onRequest(resource.handler);
  observe(stage, 1);
  return { stage, resource, registered: stage.only() };
}

function observe(stage: Stage, messageId: number, value = 0, rest: Partial<Message> = {}): void {
  const options = [uintOption(Observe, value), ...pathOptions("3303/0/5700")];
  stage.say({ code: Code.GET, messageId, token: TOKEN, options, ...rest });
}

const acknowledge = (stage: Stage, { messageId }: Message) => stage.say({ type: "ACK", messageId });
const reset = (stage: Stage, { messageId }: Message) => stage.say({ type: "RST", messageId });

describe("an observation", () => {
  it("begins with an answer that carries the Observe option (RFC 7641 §3.1)", () => {
    const { stage, resource, registered } = observed();
    expect(registered).toMatchObject({ type: "ACK", code: Code.Content, token: TOKEN, payload: text("first") });
    expect(uintOf(registered, Observe)).toBe(1);
    expect(resource.asked[0]?.observe).toBe("register");
    expect(stage.endpoint.observations).toBe(1);
  });

  it("tells each change with the token of the registration and a number that grows (RFC 7641 §3.2, §4.4)", () => {
    const { stage, resource } = observed();
    for (const value of ["a", "b", "c"]) resource.notify(value, false);
    const heard = stage.heard();
    expect(heard.map(({ type, payload }) => `${type} ${asText(payload)}`)).toEqual(["NON a", "NON b", "NON c"]);
    expect(heard.map((message) => uintOf(message, Observe))).toEqual([2, 3, 4]);
    expect(heard.every(({ token, code }) => Buffer.from(token).equals(TOKEN) && code === Code.Content)).toBe(true);
    expect(new Set(heard.map(({ messageId }) => messageId)).size).toBe(3);
    expect(stage.endpoint.counters.notifications).toBe(3);
  });

  it("is refused, but answered, if the handler accepts no observer", () => {
    const stage = new Stage();
    stage.endpoint.onRequest(() => ({ code: Code.Content, payload: text("x") }));
    observe(stage, 1);
    expect(uintOf(stage.only(), Observe)).toBeUndefined();
    expect(stage.endpoint.observations).toBe(0);
  });

  it("does not begin with an error, with another method, or with a value nobody knows", () => {
    const stage = new Stage();
    const resource = new Observable();
    stage.endpoint.onRequest(resource.handler);
    observe(stage, 1, 0, { code: Code.PUT });
    observe(stage, 2, 5);
    resource.reply = { code: Code.NotFound };
    observe(stage, 3);
    expect(stage.heard().map((message) => uintOf(message, Observe))).toEqual([undefined, undefined, undefined]);
    expect(resource.asked.map((request) => request.observe)).toEqual([undefined, undefined, "register"]);
    expect(stage.endpoint.observations).toBe(0);
    expect(resource.observation).toBeUndefined();
  });

  it("may be of a FETCH (RFC 8132 §2.4)", () => {
    const stage = new Stage();
    const resource = new Observable();
    stage.endpoint.onRequest(resource.handler);
    observe(stage, 1, 0, { code: Code.FETCH, payload: text("paths") });
    expect(uintOf(stage.only(), Observe)).toBe(1);
    resource.notify("x", false);
    expect(asText(stage.only().payload)).toBe("x");
  });

  it("begins with an answer that comes later, too, and what changes meanwhile takes its place", async () => {
    const stage = new Stage();
    const resource = new Observable();
    let answer: (reply: Reply) => void = () => undefined;
    stage.endpoint.onRequest(() => new Promise((resolve) => (answer = resolve)));
    observe(stage, 1);
    await stage.clock.advance(300);
    expect(show(stage.only())).toBe("ACK 0.00 #1");
    answer(resource.handler({} as never));
    await stage.clock.advance(0);
    const first = stage.only();
    expect(first.type).toBe("CON");
    expect(uintOf(first, Observe)).toBe(1);
    resource.notify("newer", false);
    expect(stage.heard()).toEqual([]);
    await stage.clock.advance(3_100);
    const second = stage.only();
    expect(second).toMatchObject({ type: "CON", payload: text("newer") });
    expect(uintOf(second, Observe)).toBe(2);
    expect(second.messageId).not.toBe(first.messageId);
  });

  it("is one for each token; registering again replaces it (RFC 7641 §4.1)", () => {
    const { stage, resource } = observed();
    const first = resource.observation;
    observe(stage, 2);
    expect(uintOf(stage.only(), Observe)).toBe(2);
    expect(resource.ends).toEqual(["replaced"]);
    expect(stage.endpoint.observations).toBe(1);
    first?.notify({ code: Code.Content, payload: text("old") }, { confirmable: false });
    expect(stage.heard()).toEqual([]);
    resource.notify("new", false);
    expect(asText(stage.only().payload)).toBe("new");
  });

  it("is gone if registering again fails (RFC 7641 §4.1)", () => {
    const { stage, resource } = observed();
    resource.reply = { code: Code.NotFound };
    observe(stage, 2);
    expect(stage.only().code).toBe(Code.NotFound);
    expect(resource.ends).toEqual(["replaced"]);
    expect(stage.endpoint.observations).toBe(0);
  });

  it("is answered without the option when there are as many as there may be (RFC 7641 §4.1)", () => {
    const stage = new Stage();
    const resource = new Observable();
    stage.endpoint.onRequest(resource.handler);
    for (let i = 0; i < 66; i++) observe(stage, i, 0, { token: Uint8Array.of(i) });
    const heard = stage.heard();
    expect(heard.filter((message) => uintOf(message, Observe) !== undefined)).toHaveLength(64);
    expect(heard.every(({ code }) => code === Code.Content)).toBe(true);
    expect(stage.endpoint.observations).toBe(64);
  });

  it("numbers its notifications in 24 bits, round and round (RFC 7641 §4.4)", () => {
    const { clock, wire } = new Stage();
    const surroundings = {
      transport: wire,
      clock,
      random: new SeededRandom(1),
      log: silentLog,
      parameters: DEFAULT_PARAMETERS,
      counters: new Counters(),
    };
    const observations = new Observations(surroundings, new MessageLayer(surroundings), new Composer(surroundings));
    for (let i = 0; i < 0xff_fffd; i++) observations.nextSequence();
    expect([1, 2, 3, 4].map(() => observations.nextSequence())).toEqual([0xff_fffe, 0xff_ffff, 0, 1]);
  });

  it("shares its numbers with the others of its endpoint", () => {
    const { stage, resource } = observed();
    const first = resource.observation;
    observe(stage, 2, 0, { token: Uint8Array.of(9) });
    resource.notify("b", false);
    first?.notify({ code: Code.Content }, { confirmable: false });
    expect(stage.heard().map((message) => uintOf(message, Observe))).toEqual([2, 3, 4]);
  });
});

describe("an observation ends", () => {
  it("when the peer deregisters, and the request is answered like any other (RFC 7641 §3.6)", () => {
    const { stage, resource } = observed();
    observe(stage, 2, 1);
    const answer = stage.only();
    expect(answer).toMatchObject({ code: Code.Content, payload: text("first") });
    expect(uintOf(answer, Observe)).toBeUndefined();
    expect(resource.asked[1]?.observe).toBe("deregister");
    expect(resource.ends).toEqual(["deregistered"]);
    expect(stage.endpoint.observations).toBe(0);
  });

  it("not when somebody deregisters with another token", () => {
    const { stage, resource } = observed();
    observe(stage, 2, 1, { token: Uint8Array.of(1) });
    expect(resource.ends).toEqual([]);
    expect(stage.endpoint.observations).toBe(1);
  });

  it("when the peer rejects a notification, confirmable or not (RFC 7641 §3.6)", () => {
    for (const confirmable of [true, false]) {
      const { stage, resource } = observed();
      resource.notify("x", confirmable);
      reset(stage, stage.only());
      expect(resource.ends).toEqual(["reset"]);
      expect(stage.endpoint.observations).toBe(0);
      expect(stage.endpoint.counters.unmatched).toBe(0);
    }
  });

  it("when the peer rejects an earlier notification that others have followed", () => {
    const { stage, resource } = observed();
    for (let i = 0; i < 4; i++) resource.notify(String(i), false);
    reset(stage, stage.heard()[0]!);
    expect(resource.ends).toEqual(["reset"]);
  });

  it("when the peer rejects an answer to a registration that needed no confirmation", () => {
    const stage = new Stage();
    const resource = new Observable();
    stage.endpoint.onRequest(resource.handler);
    observe(stage, 1, 0, { type: "NON" });
    const answer = stage.only();
    expect(answer.type).toBe("NON");
    reset(stage, answer);
    expect(resource.ends).toEqual(["reset"]);
  });

  it("not when the peer rejects something else", () => {
    const { stage, resource } = observed();
    resource.notify("x", false);
    const { messageId } = stage.only();
    stage.say({ type: "RST", messageId: messageId ^ 0x100 });
    expect(resource.ends).toEqual([]);
    expect(stage.endpoint.counters.unmatched).toBe(1);
  });

  it("when a confirmable notification is given up (RFC 7641 §4.5)", async () => {
    const { stage, resource } = observed();
    const settled: string[] = [];
    resource.notify("x", true, (fate) => settled.push(fate));
    await stage.clock.advance(94_000);
    expect(stage.heard()).toHaveLength(5);
    expect(resource.ends).toEqual(["timeout"]);
    expect(settled).toEqual(["timeout"]);
  });

  it("not when a confirmable notification is given up, if the observer knows another end to it", async () => {
    const { stage, resource } = observed({}, true);
    const settled: string[] = [];
    resource.notify("x", true, (fate) => settled.push(fate));
    resource.notify("later", true, (fate) => settled.push(`later ${fate}`));
    await stage.clock.advance(94_000);
    stage.heard();
    expect(settled).toEqual(["superseded", "later timeout"]);
    expect(resource.ends).toEqual([]);
    expect(stage.endpoint.observations).toBe(1);
    resource.notify("newest", true);
    const newest = stage.only();
    expect(newest).toMatchObject({ type: "CON", payload: text("newest") });
    reset(stage, newest);
    expect(resource.ends).toEqual(["reset"]);
  });

  it("with an error, which carries no Observe option (RFC 7641 §4.2)", () => {
    const { stage, resource } = observed();
    const { observation } = resource;
    observation?.notify({ code: Code.NotFound, diagnostic: "removed" }, { confirmable: true });
    const last = stage.only();
    expect(last).toMatchObject({ type: "CON", code: Code.NotFound, payload: text("removed"), token: TOKEN });
    expect(uintOf(last, Observe)).toBeUndefined();
    expect(stage.endpoint.observations).toBe(0);
    const settled: string[] = [];
    observation?.notify({ code: Code.Content }, { confirmable: true, settled: (fate) => settled.push(fate) });
    expect(settled).toEqual(["cancelled"]);
    acknowledge(stage, last);
    expect(stage.heard()).toEqual([]);
    expect(resource.ends).toEqual([]);
  });

  it("from our side without a word, and what was under way is not sent again", async () => {
    const { stage, resource } = observed();
    const settled: string[] = [];
    resource.notify("x", true, (fate) => settled.push(fate));
    resource.observation?.forget();
    resource.observation?.forget();
    expect(settled).toEqual(["cancelled"]);
    expect(resource.ends).toEqual([]);
    await stage.clock.advance(94_000);
    expect(stage.heard()).toHaveLength(1);
  });

  it("with all others when the peer has forgotten us, or the endpoint closes", async () => {
    const { stage, resource } = observed();
    stage.endpoint.forgetObservations();
    expect(resource.ends).toEqual(["closed"]);
    expect(stage.endpoint.observations).toBe(0);
    observe(stage, 2);
    await stage.endpoint.close();
    expect(resource.ends).toEqual(["closed", "closed"]);
  });
});

describe("a confirmable notification", () => {
  it("is sent until it is acknowledged, and says so once", async () => {
    const { stage, resource } = observed();
    const settled: string[] = [];
    resource.notify("x", true, (fate) => settled.push(fate));
    const first = stage.only();
    await stage.clock.advance(3_100);
    expect(stage.only()).toEqual(first);
    acknowledge(stage, first);
    await stage.clock.advance(94_000);
    expect(stage.heard()).toEqual([]);
    expect(settled).toEqual(["acknowledged"]);
  });

  it("is followed by the newest when it is acknowledged; what came between is left out (RFC 7641 §4.5.2)", () => {
    const { stage, resource } = observed();
    const settled: string[] = [];
    for (const value of ["a", "b", "c"]) resource.notify(value, true, (fate) => settled.push(`${value} ${fate}`));
    const first = stage.only();
    expect(asText(first.payload)).toBe("a");
    expect(settled).toEqual(["b superseded"]);
    acknowledge(stage, first);
    const last = stage.only();
    expect(asText(last.payload)).toBe("c");
    acknowledge(stage, last);
    expect(settled).toEqual(["b superseded", "a acknowledged", "c acknowledged"]);
  });

  it("gives its place to the newest when it would be sent again, which goes on counting (RFC 7641 §4.5.2)", async () => {
    const { stage, resource } = observed();
    const settled: string[] = [];
    const say = (value: string) => resource.notify(value, true, (fate) => settled.push(`${value} ${fate}`));
    const values: string[] = [];
    const numbers: (number | undefined)[] = [];
    const ids = new Set<number>();
    const times: number[] = [];
    for (let ms = 0, count = 0; ms < 94_000; ms += 4) {
      if (ms % 1_000 === 0) say(String(count++));
      for (const message of stage.heard()) {
        values.push(asText(message.payload));
        numbers.push(uintOf(message, Observe));
        ids.add(message.messageId);
        times.push(ms);
      }
      await stage.clock.advance(4);
      if (resource.observation === undefined) break;
    }
    expect(values).toHaveLength(5);
    expect(ids.size).toBe(5);
    expect(values.map(Number)).toEqual(values.map(Number).toSorted((a, b) => a - b));
    expect(numbers).toEqual([2, 3, 4, 5, 6]);
    const gaps = times.slice(1).map((time, i) => time - times[i]!);
    gaps.slice(1).forEach((gap, i) => {
      expect(gap / gaps[i]!).toBeCloseTo(2, 1);
    });
    expect(resource.ends).toEqual(["timeout"]);
    const last = settled.splice(-2);
    expect(settled.every((line) => line.endsWith(" superseded"))).toBe(true);
    expect(last.map((line) => line.split(" ")[1])).toEqual(["timeout", "timeout"]);
  });

  it("that was superseded on the way can still be rejected", async () => {
    const { stage, resource } = observed();
    resource.notify("a");
    const first = stage.only();
    resource.notify("b");
    await stage.clock.advance(3_100);
    expect(asText(stage.only().payload)).toBe("b");
    reset(stage, first);
    expect(resource.ends).toEqual(["reset"]);
    await stage.clock.advance(94_000);
    expect(stage.heard()).toEqual([]);
  });

  it("makes a later one that needs no confirmation wait, so that it is not overtaken", () => {
    const { stage, resource } = observed();
    resource.notify("a", true);
    const first = stage.only();
    resource.notify("b", false);
    expect(stage.heard()).toEqual([]);
    acknowledge(stage, first);
    expect(stage.only()).toMatchObject({ type: "NON", payload: text("b") });
  });

  it("waits for its turn behind that of another observation, and is then the newest (RFC 7252 §4.7)", () => {
    const { stage, resource } = observed();
    const first = resource.observation;
    observe(stage, 2, 0, { token: Uint8Array.of(9) });
    stage.heard();
    const say = (value: string) => first?.notify({ code: Code.Content, payload: text(value) }, { confirmable: true });
    resource.notify("other");
    say("old");
    say("new");
    acknowledge(stage, stage.only());
    expect(asText(stage.only().payload)).toBe("new");
  });

  it("may be followed by another from its own callback", () => {
    const { stage, resource } = observed();
    resource.notify("a", true, () => resource.notify("b"));
    acknowledge(stage, stage.only());
    expect(asText(stage.only().payload)).toBe("b");
  });

  it("fails at once when too many messages wait", () => {
    const { stage, resource } = observed();
    for (let i = 0; i < 129; i++) void stage.endpoint.request({ code: Code.GET, path: ["a"] });
    const settled: string[] = [];
    resource.notify("x", true, (fate) => settled.push(fate));
    expect(settled).toEqual(["cancelled"]);
    expect(resource.ends).toEqual([]);
  });
});
