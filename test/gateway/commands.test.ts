/** Writes and executes from a server: carried out by the device, or honestly refused. */

import { beforeEach, describe, expect, it } from "vitest";
import type { Outcome } from "../../src/base/outcome.ts";
import type { Command } from "../../src/sdk/adapter.ts";
import { settle } from "../support/fake-clock.ts";
import { fields, Rig } from "./rig.ts";

const relay = (state: boolean) => fields({ model: "relay", state });
const ON = { path: "/3306/0/5850", format: 0, payload: "1" };
const OFF = { path: "/3306/0/5850", format: 0, payload: "0" };

describe("a write to a relay", () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await Rig.start({ rules: [{ adapter: "sim" }] });
    await rig.heard("sim/sim-3", relay(false));
  });

  /** The relay does as it is told, and says so. */
  const obedient = (command: Command): Promise<Outcome> => {
    if (command.payload.kind === "fields") rig.hear("sim/sim-3", relay(command.payload.fields["state"] === true));
    return Promise.resolve({ status: "done" });
  };
  const answers = (token: Uint8Array) =>
    rig
      .server("sim-3")
      .answers(token)
      .map((each) => each.code);

  it("is answered when the relay has confirmed, and the tree shows what it said", async () => {
    rig.adapters.obey = obedient;
    const answer = await rig.server("sim-3").ask("PUT", ON);
    expect(answer.code).toBe("2.04");
    expect(rig.adapters.commands).toMatchObject([
      { adapter: "sim", command: { source: "sim-3", payload: { kind: "fields", fields: { state: true } } } },
    ]);
    expect(rig.value("sim-3", "/3306/0/5850")).toBe(true);
  });

  it("is not answered before the relay confirms, and changes nothing until then", async () => {
    const token = rig.server("sim-3").send("PUT", ON);
    await rig.clock.advance(1_000);
    expect(answers(token)).toEqual([]);
    expect(rig.value("sim-3", "/3306/0/5850")).toBe(false);
    await rig.heard("sim/sim-3", relay(true));
    expect(answers(token)).toEqual(["2.04"]);
    expect(rig.value("sim-3", "/3306/0/5850")).toBe(true);
  });

  it("is answered 5.04 if the relay does not confirm in time", async () => {
    const token = rig.server("sim-3").send("PUT", ON);
    await rig.clock.advance(4_500);
    await rig.heard("sim/sim-3", relay(false));
    await rig.clock.advance(1_000);
    expect(answers(token)).toEqual(["5.04"]);
    expect(rig.value("sim-3", "/3306/0/5850")).toBe(false);
  });

  it("is confirmed also by a relay that was on already", async () => {
    await rig.heard("sim/sim-3", relay(true));
    rig.adapters.obey = obedient;
    expect((await rig.server("sim-3").ask("PUT", ON)).code).toBe("2.04");
  });

  it("is refused with the words of the adapter", async () => {
    rig.adapters.obey = () => Promise.resolve({ status: "rejected", reason: "the line is cut" });
    const answer = await rig.server("sim-3").ask("PUT", ON);
    expect([answer.code, answer.text]).toEqual(["4.00", "the line is cut"]);
  });

  it("is answered 5.04 if the adapter hears nothing", async () => {
    rig.adapters.obey = () => Promise.resolve({ status: "timeout" });
    expect((await rig.server("sim-3").ask("PUT", ON)).code).toBe("5.04");
  });

  it("to a value of another type never reaches the device", async () => {
    const answer = await rig.server("sim-3").ask("PUT", { ...ON, payload: "perhaps" });
    expect(answer.code).toBe("4.00");
    expect(rig.adapters.commands).toEqual([]);
  });

  it("to what the relay cannot do is answered 4.05", async () => {
    expect((await rig.server("sim-3").ask("PUT", { ...ON, path: "/3/0/1", payload: "x" })).code).toBe("4.05");
    expect((await rig.server("sim-3").ask("POST", { path: "/3306/0/5850" })).code).toBe("4.05");
  });

  it("waits for the one before: a device hears one command at a time", async () => {
    const server = rig.server("sim-3");
    const first = server.send("PUT", ON);
    const second = server.send("PUT", OFF);
    await rig.clock.advance(300);
    expect(rig.adapters.commands).toHaveLength(1);
    await rig.heard("sim/sim-3", relay(true));
    expect(answers(first)).toEqual(["2.04"]);
    expect(rig.adapters.commands).toHaveLength(2);
    await rig.heard("sim/sim-3", relay(false));
    expect(answers(second)).toEqual(["2.04"]);
  });

  it("is refused when too many wait", async () => {
    const server = rig.server("sim-3");
    const tokens = Array.from({ length: 10 }, () => server.send("PUT", ON));
    await rig.clock.advance(500);
    expect(tokens.flatMap(answers)).toEqual(["4.00", "4.00"]);
  });

  it("never waits longer than half a minute", async () => {
    rig.adapters.obey = () => new Promise(() => undefined);
    const server = rig.server("sim-3");
    const tokens = [server.send("PUT", ON), server.send("PUT", OFF)];
    await rig.clock.advance(31_000);
    expect(tokens.flatMap(answers)).toEqual(["5.04", "5.04"]);
    expect(rig.adapters.commands[0]?.signal.aborted).toBe(true);
  });

  it("is a fault of ours, and said to be one, if the adapter throws", async () => {
    rig.adapters.obey = () => Promise.reject(new Error("bug"));
    expect((await rig.server("sim-3").ask("PUT", ON)).code).toBe("4.00");
    expect(rig.log.events("error")).toEqual(["command-failed"]);
    rig.adapters.obey = obedient;
    expect((await rig.server("sim-3").ask("PUT", ON)).code).toBe("2.04");
  });

  it("of one sensor does not hold up another", async () => {
    await rig.heard("sim/sim-4", relay(false));
    rig.server("sim-3").send("PUT", ON);
    rig.server("sim-4").send("PUT", ON);
    await settle();
    expect(rig.adapters.commands.map(({ command }) => command.source)).toEqual(["sim-3", "sim-4"]);
  });
});

describe("what the gateway does itself", () => {
  it("is to reset minima and maxima", async () => {
    const rig = await Rig.start({ rules: [{ adapter: "sim" }] });
    for (const temperature of [20, 25, 22]) await rig.heard("sim/sim-1", fields({ model: "climate", temperature }));
    expect([rig.value("sim-1", "/3303/0/5601"), rig.value("sim-1", "/3303/0/5602")]).toEqual([20, 25]);
    expect((await rig.server("sim-1").ask("POST", { path: "/3303/0/5605" })).code).toBe("2.04");
    expect([rig.value("sim-1", "/3303/0/5601"), rig.value("sim-1", "/3303/0/5602")]).toEqual([22, 22]);
    expect(rig.adapters.commands).toEqual([]);
  });

  it("is to keep what a server stores, and to refuse what is too much", async () => {
    const rig = await Rig.start({ rules: [{ adapter: "sim" }] });
    await rig.heard("sim/sim-1", fields({ model: "climate", temperature: 20 }));
    const write = (payload: string) => rig.server("sim-1").ask("PUT", { path: "/3303/0/5750", format: 0, payload });
    expect((await write("kitchen")).code).toBe("2.04");
    await rig.clock.advance(3_000);
    expect(rig.store.text).toContain('"stored":{"/3303/0/5750":"kitchen"}');
  });

  it("is to keep what a server sets for itself: the lifetime is there after a restart", async () => {
    const rig = await Rig.start({ rules: [{ adapter: "sim" }] });
    await rig.heard("sim/sim-1", fields({ model: "climate", temperature: 20 }));
    const answer = await rig.server("sim-1").ask("PUT", { path: "/1/0/1", format: 0, payload: "60" });
    expect(answer.code).toBe("2.04");
    await rig.gateway.stop();
    const again = await Rig.start({ store: rig.store });
    expect(again.gateway.sensor("sim-1")?.registration.lifetimeSeconds).toBe(60);
    await again.gateway.stop();
    const accounts = [{ uri: "coap://server", lifetime: 600, shortServerId: 1 }];
    const otherwise = await Rig.start({ store: rig.store, accounts });
    expect(otherwise.gateway.sensor("sim-1")?.registration.lifetimeSeconds).toBe(600);
  });
});

describe("a write to a switch that has announced itself", () => {
  const message = (topic: string, body: string) =>
    ({ kind: "message", topic, body: new TextEncoder().encode(body) }) as const;

  it("is sent in its own words, and done when it says so", async () => {
    const rig = await Rig.start({ rules: [{ definition: "homeassistant.discovery" }] });
    const config = { state_topic: "pump/state", command_topic: "pump/set", payload_on: "run", payload_off: "rest" };
    const topic = "homeassistant/switch/pump/config";
    await rig.heard(`sim/${topic}`, message(topic, JSON.stringify(config)));
    await rig.heard("sim/pump/state", message("pump/state", "rest"));
    rig.adapters.obey = (command) => {
      if (command.payload.kind === "message") rig.hear("sim/pump/state", message("pump/state", "run"));
      return Promise.resolve({ status: "done" });
    };
    const answer = await rig.server("homeassistant-pump").ask("PUT", ON);
    expect(answer.code).toBe("2.04");
    expect(rig.adapters.commands).toMatchObject([{ command: { payload: message("pump/set", "run") } }]);
    expect(rig.value("homeassistant-pump", "/3306/0/5850")).toBe(true);
  });
});
