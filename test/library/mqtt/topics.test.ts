/** Fields that a topic tells: bare values, documents below, components in the topic. */

import { describe, expect, it } from "vitest";
import { deviceOf, frameOf, message, problemsOf, values } from "../../support/definitions.ts";

const definition = (...fields: readonly string[]) => `schema: device/v1
id: acme.x
vendor: Acme
model: X
match: { mqtt: { topic: ["acme/+node/state", "acme/+node/+/#"] } }
identity: { from: topic.node, endpoint: "acme-{node}" }
frame: { json: true }
alive: { expect: 10s, stale: 90s, gone: 15m }
fields:
${fields.map((field) => `  ${field}`).join("\n")}
objects: { 3/0: { 0: { const: Acme } } }
tests: [{ name: none, topic: acme/x, json: {} }]
`;
const device = deviceOf(
  definition(
    'temperature: { topic: sensor/temperature, unit: Cel, range: [-40, 85], invalid: ["999"] }',
    'relay: { topic: relay/0, map: { "on": true, "off": false } }',
    "power: { topic: [relay/+/power, emeter/+/power], unit: W }",
    'level: { topic: status, json: "$.level" }',
    "open: { topic: open, type: boolean }",
    'plain: { json: "$.plain" }',
  ),
);
const read = (topic: string, body: unknown) => values(device, message(`acme/x/${topic}`, body));

describe("a message that says one value", () => {
  it.each([
    ["sensor/temperature", "21.38", { temperature: 21.38 }],
    ["sensor/temperature", " -7.5\n", { temperature: -7.5 }],
    ["sensor/temperature", "999", { temperature: null }],
    ["sensor/temperature", "86", { temperature: null }],
    ["sensor/temperature", "", { temperature: null }],
    ["sensor/temperature", "warm", { temperature: null }],
    ["sensor/temperature", "2".repeat(300), { temperature: null }],
    ["relay/0", "on", { relay: true }],
    ["relay/0", "overpower", { relay: null }],
    ["open", "true", { open: true }],
    ["open", "false", { open: false }],
    ["relay/0/power", "12.5", { "relay_0/power": 12.5 }],
    ["emeter/2/power", "-3", { "emeter_2/power": -3 }],
    ["emeter/kitchen:1/power", "4", { "kitchen_1/power": 4 }],
    ["status", '{"level":7}', { level: 7 }],
  ])("%s %j", (topic, body, expected) => {
    expect(read(topic, body)).toEqual(expected);
  });

  it("says nothing to fields of other topics, nor they to it", () => {
    expect(read("anything", { plain: 1 })).toEqual({ plain: 1 });
    expect(read("status", { plain: 1, level: 2 })).toEqual({ level: 2 });
    expect(read("sensor/humidity", { level: 2 })).toBeUndefined();
  });

  it("must be JSON where a path is asked for", () => {
    expect(() => read("status", "on")).toThrow("no JSON");
    expect(() => read("unheard/of", "on")).toThrow("no JSON");
  });

  it("is no reading at all where all fields have topics and none is this", () => {
    const only = deviceOf(definition("f: { topic: a }"));
    expect(values(only, message("acme/x/b", "whatever"))).toBeUndefined();
  });

  it("needs a topic: bytes have none", () => {
    expect(() => values(device, { kind: "text", text: "21" })).toThrow("no topic in a frame of text");
  });

  it("is read alike however many other topics were heard", () => {
    for (let i = 0; i < 3000; i++) read(`noise/${i}`, { plain: i });
    expect(read("sensor/temperature", "5")).toEqual({ temperature: 5 });
  });
});

describe("a device with many topics", () => {
  const identify = (topic: string) => device.identify(frameOf(message(topic, "1"), topic));

  it("has one name and one source: the first topic of its definition", () => {
    expect(identify("acme/x/sensor/temperature")).toEqual({ source: "acme/x/state", endpoint: "acme-x" });
    expect(identify("acme/x/state")).toEqual({ source: "acme/x/state", endpoint: "acme-x" });
    expect(identify("acme/y/relay/0")).toEqual({ source: "acme/y/state", endpoint: "acme-y" });
  });
});

describe("the end of a topic", () => {
  it.each([
    ["f: { topic: a/#/b }", '"a/#/b" is no end of a topic: levels are words or one +'],
    ["f: { topic: a//b }", '"a//b" is no end of a topic: levels are words or one +'],
    ["f: { topic: +/a/+ }", "one + is enough"],
    ["f: { topic: [a/+, b] }", "either all of its topics have a + or none"],
    ['f: { topic: a, json: "$.*.b" }', "a field with a topic has no * in its path"],
    ["f: { topic: a, type: u8 }", "u8 is no type of messages"],
  ])("%s is a mistake", (field, complaint) => {
    expect(problemsOf(definition(field))).toEqual([`10:3 ${complaint}`]);
  });
});

describe("sensors of one topic", () => {
  const radio = deviceOf(`schema: device/v1
id: acme.radio
vendor: Acme
model: X
match: { mqtt: { topic: acme/events } }
identity: { endpoint: "acme-{part}", split: [model, channel, id] }
frame: { json: true }
alive: { expect: 10s, stale: 90s, gone: 15m }
fields:
  model: { json: "$.model" }
  channel: { json: "$.channel" }
  id: { json: "$.id" }
objects: { 3/0: { 0: { const: Acme } } }
tests: [{ name: none, topic: acme/events, json: {} }]
`);
  const identify = (body: unknown) => radio.identify(frameOf(message("acme/events", body), "acme/events"));

  it("are told apart by what they say, as much of it as they say", () => {
    expect(identify({ model: "A", channel: 1, id: 7 })).toEqual({
      source: "acme/events#A-1-7",
      endpoint: "acme-a-1-7",
    });
    expect(identify({ model: "A", id: 0 })).toEqual({ source: "acme/events#A-0", endpoint: "acme-a-0" });
    expect(identify({})).toBeUndefined();
  });
});
