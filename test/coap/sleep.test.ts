import { describe, expect, it } from "vitest";
import { Endpoint } from "../../src/coap/index.ts";
import { Code, type Message } from "../../src/coap/message.ts";
import { OptionNumber, uintOption } from "../../src/coap/options.ts";
import type { Answer } from "../../src/coap/request.ts";
import { silentLog } from "../../src/base/log.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { wire } from "../support/virtual-network.ts";
import { Observable, pathOptions, Stage, show, text } from "./peers.ts";

const GET: Partial<Message> = { code: Code.GET, messageId: 7, token: Uint8Array.of(1), options: pathOptions("3/0/0") };

function serving(): { stage: Stage; resource: Observable } {
  const stage = new Stage();
  const resource = new Observable();
  stage.endpoint.onRequest(resource.handler);
  return { stage, resource };
}

describe("an endpoint that sleeps", () => {
  it("hears no request, of whatever type, and no ping; it counts them", () => {
    const { stage, resource } = serving();
    stage.endpoint.sleep();
    stage.endpoint.sleep();
    stage.say(GET);
    stage.say({ ...GET, type: "NON" });
    stage.say({ type: "CON", messageId: 9 });
    stage.sayBytes(Uint8Array.of(0x40, 0x01));
    stage.sayBytes(new Uint8Array(0));
    expect(stage.heard()).toEqual([]);
    expect(resource.asked).toEqual([]);
    expect(stage.endpoint.asleep).toBe(true);
    expect(stage.endpoint.counters).toMatchObject({ ignoredAsleep: 5, requests: 0, malformed: 0, resetsSent: 0 });
  });

  it("hears again once it wakes, and a request that was dropped is then no duplicate", () => {
    const { stage } = serving();
    stage.endpoint.sleep();
    stage.say(GET);
    stage.endpoint.wake();
    expect(stage.endpoint.asleep).toBe(false);
    stage.say(GET);
    expect(show(stage.only())).toBe("ACK 2.05 #7");
  });

  it("goes on sending what it began until it is acknowledged, and hears that", async () => {
    const { stage, resource } = serving();
    const fates: string[] = [];
    stage.say({ ...GET, options: [uintOption(OptionNumber.Observe, 0), ...pathOptions("3/0/0")] });
    stage.heard();
    resource.notify("a", true, (fate) => fates.push(fate));
    stage.endpoint.sleep();
    const [first] = stage.heard();
    await stage.clock.advance(3_100);
    expect(stage.only()).toEqual(first);
    stage.say({ type: "ACK", messageId: first!.messageId });
    expect(fates).toEqual(["acknowledged"]);
    resource.notify("b", true, (fate) => fates.push(fate));
    stage.say({ type: "RST", messageId: stage.only().messageId });
    expect(fates).toEqual(["acknowledged", "reset"]);
    expect(resource.ends).toEqual(["reset"]);
  });

  it("hears the answers to its own requests, on their acknowledgement or by themselves (RFC 7252 §5.2.2)", async () => {
    const { stage } = serving();
    const answers: Answer[] = [];
    for (const path of ["a", "b"])
      void stage.endpoint.request({ code: Code.POST, path: [path] }).then((answer) => answers.push(answer));
    stage.endpoint.sleep();
    const first = stage.only();
    stage.say({ type: "ACK", code: Code.Changed, messageId: first.messageId, token: first.token });
    const second = stage.only();
    stage.say({ type: "ACK", messageId: second.messageId });
    stage.say({ type: "CON", code: Code.Changed, messageId: 99, token: second.token });
    expect(show(stage.only())).toBe("ACK 0.00 #99");
    await stage.clock.advance(0);
    expect(answers.map(({ status }) => status)).toEqual(["answered", "answered"]);
    expect(stage.endpoint.counters.ignoredAsleep).toBe(0);
  });

  it("finishes the answer to a request that came before it fell asleep", async () => {
    const stage = new Stage();
    let answer: () => void = () => undefined;
    stage.endpoint.onRequest(
      () =>
        new Promise((resolve) => {
          answer = () => {
            resolve({ code: Code.Changed });
          };
        }),
    );
    stage.say({ ...GET, code: Code.PUT });
    stage.endpoint.sleep();
    stage.clock.tick(200);
    expect(show(stage.only())).toBe("ACK 0.00 #7");
    answer();
    await stage.clock.advance(0);
    expect(stage.only()).toMatchObject({ type: "CON", code: Code.Changed });
  });
});

describe("the time of the last traffic", () => {
  it("is when something was last heard or said; what is slept through does not count", () => {
    const { stage, resource } = serving();
    const { clock, endpoint } = stage;
    expect(endpoint.lastTraffic).toBe(0);
    clock.tick(1_000);
    stage.say({ ...GET, options: [uintOption(OptionNumber.Observe, 0), ...pathOptions("3/0/0")] });
    expect(endpoint.lastTraffic).toBe(1_000);
    clock.tick(500);
    resource.notify("x", false);
    expect(endpoint.lastTraffic).toBe(1_500);
    clock.tick(500);
    stage.say({ type: "ACK", messageId: 5 });
    expect(endpoint.lastTraffic).toBe(2_000);
    endpoint.sleep();
    clock.tick(500);
    stage.say(GET);
    expect(endpoint.lastTraffic).toBe(2_000);
    endpoint.wake();
    stage.say(GET);
    expect(endpoint.lastTraffic).toBe(2_500);
  });

  it("begins when the endpoint does, and moves with each retransmission", () => {
    const clock = new FakeClock();
    clock.tick(70_000);
    const { near } = wire();
    const endpoint = new Endpoint({ transport: near, clock, random: new SeededRandom(1), log: silentLog });
    expect(endpoint.lastTraffic).toBe(70_000);
    clock.tick(10);
    void endpoint.request({ code: Code.GET, path: ["a"] });
    const sent = endpoint.lastTraffic;
    expect(sent).toBe(70_010);
    clock.tick(3_100);
    expect(near.sent).toHaveLength(2);
    expect(endpoint.lastTraffic).toBeGreaterThan(sent + 2_000);
  });
});

describe("a way that says that nobody takes what is sent", () => {
  /** A wire whose near end can be told that the far port is closed. */
  function closable() {
    const { stage, resource } = serving();
    return { stage, resource, close: () => stage.wire.unreachable() };
  }

  it("is counted, and tells the last notification that hoped", () => {
    const { stage, resource, close } = closable();
    stage.say({ ...GET, options: [uintOption(OptionNumber.Observe, 0), ...pathOptions("3/0/0")] });
    const fates: string[] = [];
    resource.notify("a", false, (fate) => fates.push(`a ${fate}`));
    resource.notify("b", false, (fate) => fates.push(`b ${fate}`));
    close();
    close();
    expect(fates).toEqual(["b unreachable"]);
    expect(stage.endpoint.counters.unreachable).toBe(2);
    expect(stage.endpoint.observations).toBe(1);
  });

  it("does not end what is confirmable: the peer may be starting again (RFC 7252 §4.2)", async () => {
    const { stage, resource, close } = closable();
    stage.say({ ...GET, options: [uintOption(OptionNumber.Observe, 0), ...pathOptions("3/0/0")] });
    stage.heard();
    const fates: string[] = [];
    resource.notify("a", true, (fate) => fates.push(fate));
    close();
    expect(fates).toEqual([]);
    await stage.clock.advance(3_100);
    const again = stage.heard().at(-1)!;
    stage.say({ type: "ACK", messageId: again.messageId });
    expect(fates).toEqual(["acknowledged"]);
    expect(again.payload).toEqual(text("a"));
  });

  it("says nothing to an observation that is over", () => {
    const { stage, resource, close } = closable();
    stage.say({ ...GET, options: [uintOption(OptionNumber.Observe, 0), ...pathOptions("3/0/0")] });
    const fates: string[] = [];
    resource.notify("a", false, (fate) => fates.push(fate));
    resource.observation?.forget();
    close();
    expect(fates).toEqual([]);
  });
});
