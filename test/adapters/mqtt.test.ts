import { describe, expect, it } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import { mqttAdapter } from "../../src/adapters/mqtt.ts";
import type { Command } from "../../src/sdk/adapter.ts";
import { createHarness, type Harness } from "../../src/sdk/testing.ts";
import { describeAdapter } from "../contract/adapter.ts";
import { FakeMqtt } from "../support/fake-mqtt.ts";

const settings = { url: "mqtt://127.0.0.1:1883", topics: ["zigbee2mqtt/+", "tele/+/SENSOR"] };

async function connected(extra: object = {}): Promise<{ broker: FakeMqtt; harness: Harness }> {
  const broker = new FakeMqtt();
  const harness = await createHarness(mqttAdapter(broker.connect), { ...settings, ...extra });
  return { broker, harness };
}

const bytes = (text: string) => new TextEncoder().encode(text);
const publish = (topic: string, text: string, expect?: string): Command => ({
  source: "stat/plug/POWER",
  payload: { kind: "message", topic, body: bytes(text) },
  timeoutMs: 2_000,
  ...(expect !== undefined && { expect }),
});

const contractBroker = new FakeMqtt();
describeAdapter("mqtt", {
  plugin: mqttAdapter(contractBroker.connect),
  config: settings,
  speak: () => contractBroker.hear("tele/plug/SENSOR", "{}"),
  command: publish("cmnd/plug/POWER", "ON"),
});

describe("the mqtt adapter", () => {
  it("makes a frame of every message, and its topic the source", async () => {
    const { broker, harness } = await connected();
    broker.hear("zigbee2mqtt/kitchen", '{"temperature":21.4}');
    expect(harness.frames).toEqual([
      {
        source: "zigbee2mqtt/kitchen",
        at: harness.clock.now(),
        payload: { kind: "message", topic: "zigbee2mqtt/kitchen", body: bytes('{"temperature":21.4}') },
      },
    ]);
  });

  it("says which messages the broker had kept: nobody knows how old they are", async () => {
    const { broker, harness } = await connected();
    broker.hear("zigbee2mqtt/kitchen", "{}", true);
    expect(harness.frames[0]?.payload).toMatchObject({ retained: true });
  });

  it("drops messages larger than allowed, and says so at the first, the tenth, the hundredth", async () => {
    const { broker, harness } = await connected({ max_payload: 10 });
    for (let i = 0; i < 50; i++) broker.hear("zigbee2mqtt/kitchen", "x".repeat(11));
    broker.hear("zigbee2mqtt/kitchen", "x".repeat(10));
    expect(harness.frames).toHaveLength(1);
    expect(harness.logged.filter(([, event]) => event === "message-oversized")).toHaveLength(2);
  });

  it("hands on what was configured, secrets revealed only to the broker's driver", async () => {
    const password = new Secret("tops3cret", "!env BROKER");
    const { broker, harness } = await connected({
      protocol: 5,
      username: "gateway",
      password,
      client_id: "isthmus-lab",
      ca: "/etc/ssl/broker.pem",
    });
    expect(broker.asked).toEqual([
      {
        ...settings,
        protocol: 5,
        username: "gateway",
        password: "tops3cret",
        clientId: "isthmus-lab",
        ca: "/etc/ssl/broker.pem",
      },
    ]);
    expect(JSON.stringify(harness.logged)).not.toContain("tops3cret");
  });

  it.each([
    [5, 5],
    ["5", 5],
    [4, 4],
    ["3.1.1", 4],
  ])("speaks the version that `protocol: %s` means", async (protocol, version) => {
    const { broker } = await connected({ protocol });
    expect(broker.asked[0]?.protocol).toBe(version);
  });

  it("speaks 3.1.1 if nothing is said, and takes its own settings a second time", async () => {
    const { broker } = await connected();
    expect(broker.asked[0]?.protocol).toBe(4);
    const { config } = mqttAdapter(broker.connect);
    const once = config.parse({ ...settings, password: new Secret("x", "y") });
    expect(config.parse(once)).toEqual(once);
  });

  it.each([
    ["no broker", { url: "http://127.0.0.1" }],
    ["no host", { url: "mqtt://" }],
    ["no topic", { topics: [] }],
    ["# in the middle", { topics: ["a/#/b"] }],
    ["+ beside letters", { topics: ["a/b+"] }],
    ["an unknown version", { protocol: 3 }],
    ["a password that is a number", { password: 12_345 }],
  ])("refuses settings with %s", async (_what, wrong) => {
    await expect(connected(wrong)).rejects.toThrow();
  });

  it("is as well as its connection", async () => {
    const { broker, harness } = await connected();
    broker.state = { state: "down", reason: "nobody listens at 127.0.0.1:1883: does the broker run?" };
    expect(harness.adapter.health()).toBe(broker.state);
  });
});

describe("a command over mqtt", () => {
  it("is done when the broker has acknowledged it", async () => {
    const { broker, harness } = await connected();
    expect(await harness.command(publish("cmnd/plug/POWER", "ON"))).toEqual({ status: "done" });
    expect(broker.published).toEqual([{ topic: "cmnd/plug/POWER", text: "ON", retain: false }]);
  });

  it("may ask the broker to keep it", async () => {
    const { broker, harness } = await connected();
    const payload = { kind: "message", topic: "t", body: bytes("1"), retained: true } as const;
    await harness.command({ source: "t", payload, timeoutMs: 1_000 });
    expect(broker.published[0]?.retain).toBe(true);
  });

  it("with an expectation is done when the device has answered, however quickly", async () => {
    const { broker, harness } = await connected();
    broker.onPublish = () => broker.hear("stat/plug/POWER", "ON");
    const outcome = await harness.command(publish("cmnd/plug/POWER", "ON", "^ON$"));
    expect(outcome).toEqual({ status: "done", readBack: "ON" });
  });

  it("is not satisfied by the wrong answer, nor by the right one from elsewhere", async () => {
    const { broker, harness } = await connected();
    const outcome = harness.command(publish("cmnd/plug/POWER", "ON", "^ON$"));
    await harness.advance(100);
    broker.hear("stat/other/POWER", "ON");
    broker.hear("stat/plug/POWER", "OFF");
    await harness.advance(2_000);
    expect(await outcome).toEqual({ status: "timeout" });
  });

  it("times out when the broker does not acknowledge", async () => {
    const { broker, harness } = await connected();
    broker.mute = true;
    const outcome = harness.command(publish("cmnd/plug/POWER", "ON"));
    await harness.advance(2_100);
    expect(await outcome).toEqual({ status: "timeout" });
    expect(harness.clock.pending).toBe(0);
  });

  it("is rejected with the reason when there is no connection", async () => {
    const { broker, harness } = await connected();
    broker.refuse = "there is no connection to the broker";
    expect(await harness.command(publish("cmnd/plug/POWER", "ON"))).toEqual({
      status: "rejected",
      reason: "there is no connection to the broker",
    });
  });

  it.each([
    ["a wildcard for a topic", { payload: { kind: "message", topic: "a/+", body: bytes("") } }],
    ["no topic", { payload: { kind: "message", topic: "", body: bytes("") } }],
    ["another kind of payload", { payload: { kind: "text", text: "ON" } }],
    ["a pattern that is none", { expect: "(" }],
    ["a pattern beyond measure", { expect: "x".repeat(501) }],
  ] as const)("is rejected with %s", async (_what, wrong) => {
    const { harness } = await connected();
    expect(await harness.command({ ...publish("t", ""), ...wrong })).toMatchObject({ status: "rejected" });
  });

  it("under way is rejected when the adapter stops", async () => {
    const { harness } = await connected();
    const outcome = harness.command(publish("cmnd/plug/POWER", "ON", "^ON$"));
    await harness.advance(1);
    await harness.stop();
    expect(await outcome).toEqual({ status: "rejected", reason: "stopped" });
  });
});
