/** Writes and executes become what a device understands, and nothing else. */

import { describe, expect, it } from "vitest";
import { type Device, loadDevices, type PlannedCommand } from "../../src/library/index.ts";
import { parsePath } from "../../src/model/path.ts";
import type { ResourceValue } from "../../src/model/value.ts";
import { AT, deviceOf, ofFields } from "../support/definitions.ts";

const { library } = loadDevices();

function plan(device: Device, path: string, value?: ResourceValue, source = "s"): PlannedCommand | undefined {
  return device
    .createMapping()
    .command({ path: parsePath(path)!, source, at: AT, ...(value !== undefined && { value }) });
}

/** The command for the device; fails if it is done in the gateway, or not at all. */
function sent(planned: PlannedCommand | undefined) {
  if (planned?.kind !== "device") throw new Error("no command for the device");
  return planned;
}

const body = ({ command }: ReturnType<typeof sent>) =>
  command.payload.kind === "message" ? new TextDecoder().decode(command.payload.body) : undefined;

/** A heater with a set point in tenths of a degree, a mode, and a button. */
const HEATER = ofFields(
  'target: { unit: Cel, scale: 0.1, range: [5, 30] }\nmode: { map: { "1": auto, "2": manual } }\nlevel: { unit: "%", range: [0, 100] }',
  "3308/0: { 5900: { read: target, write: set_target }, 5701: { const: Cel } }\n" +
    "3306/0: { 5850: { read: mode, write: set_mode }, 5851: { read: level, write: set_level } }\n" +
    "3347/0: { 5500: mode }",
  `commands:
  set_target: { send: "T{raw}", expect: "^OK$", timeout: 2s }
  set_mode:   { fields: { on: "{value}", by: gateway } }
  set_level:  { send: "L{value}", range: [10, 90], confirm: { field: level, within: 3s } }
`,
)
  .replace("{ 0: { const: Acme } }", "{ 4: { execute: reboot } }")
  .replace("commands:\n", 'commands:\n  reboot: { send: "REBOOT {args}" }\n');

describe("a write", () => {
  const heater = deviceOf(HEATER);

  it("is possible where the definition says so", () => {
    expect(heater.writable).toEqual(["/3308/0/5900", "/3306/0/5850", "/3306/0/5851"]);
    expect(plan(heater, "/3308/0/5701", "K")).toBeUndefined();
    expect(plan(heater, "/9/9/9", 1)).toBeUndefined();
  });

  it("scales the other way round", () => {
    expect(sent(plan(heater, "/3308/0/5900", 21.5)).command).toEqual({
      source: "s",
      payload: { kind: "text", text: "T215" },
      expect: "^OK$",
      timeoutMs: 2000,
    });
    expect(sent(plan(heater, "/3308/0/5900", 20.3)).command.payload).toEqual({ kind: "text", text: "T203" });
  });

  it("out of range is an error before anything is sent", () => {
    for (const value of [4.9, 30.1, Number.POSITIVE_INFINITY, Number.NaN])
      expect(() => plan(heater, "/3308/0/5900", value)).toThrow(RangeError);
    expect(() => plan(heater, "/3306/0/5851", 9)).toThrow("9 is not within 10 to 90");
  });

  it("of the wrong type is an error before anything is sent", () => {
    expect(() => plan(heater, "/3306/0/5850", 1)).toThrow(RangeError);
    expect(() => plan(heater, "/3308/0/5900", true)).toThrow(RangeError);
    expect(() => plan(heater, "/3308/0/5900", Uint8Array.of(1))).toThrow(RangeError);
    expect(() => plan(heater, "/3308/0/5900", { object: 3, instance: 0 })).toThrow(RangeError);
  });

  it("keeps types in named values", () => {
    expect(sent(plan(heater, "/3306/0/5850", true)).command.payload).toEqual({
      kind: "fields",
      fields: { on: true, by: "gateway" },
    });
  });

  it("is confirmed by the field that shows it", () => {
    const planned = sent(plan(heater, "/3306/0/5851", 50n));
    expect(planned.confirm).toEqual({ field: "level", equals: 50, withinMs: 3000 });
    expect(planned.command).toMatchObject({ timeoutMs: 3000, payload: { text: "L50" } });
    expect(sent(plan(heater, "/3308/0/5900", 20)).confirm).toBeUndefined();
  });
});

describe("an execute", () => {
  it("carries its arguments", () => {
    const heater = deviceOf(HEATER);
    expect(heater.executable).toEqual(["/3/0/4"]);
    const mapping = heater.createMapping();
    const path = parsePath("/3/0/4")!;
    expect(sent(mapping.command({ path, args: "0='5'", source: "s", at: AT })).command.payload).toEqual({
      kind: "text",
      text: "REBOOT 0='5'",
    });
    expect(sent(mapping.command({ path, source: "s", at: AT })).command.payload).toEqual({
      kind: "text",
      text: "REBOOT ",
    });
  });
});

describe("a message", () => {
  const plug = library.get("zigbee2mqtt.plug")!;

  it("goes to the topic of the device that is meant", () => {
    const planned = sent(plan(plug, "/3306/0/5850", true, "zigbee2mqtt/desk lamp"));
    expect(planned.command.payload).toMatchObject({ topic: "zigbee2mqtt/desk lamp/set" });
    expect(body(planned)).toBe('{"state":"ON"}');
    expect(body(sent(plan(plug, "/3306/0/5850", false, "zigbee2mqtt/desk")))).toBe('{"state":"OFF"}');
    expect(planned.confirm).toEqual({ field: "state", equals: true, withinMs: 5000 });
  });

  it("is not sent where the source does not tell the topic", () => {
    expect(plan(plug, "/3306/0/5850", true, "elsewhere/desk")).toBeUndefined();
  });

  it("never goes to more devices than one: no wildcard from a name reaches a topic", () => {
    for (const name of ["+", "#", "a+b", "a#", "a\0"])
      expect(plan(plug, "/3306/0/5850", true, `zigbee2mqtt/${name}`)).toBeUndefined();
  });

  it("is JSON whatever the names in it", () => {
    const device = deviceOf(
      ofFields(
        "s: { map: { on: true, off: false } }",
        "3306/0: { 5850: { read: s, write: set } }",
        `commands: { set: { publish: { topic: "x/{source}", text: '{{"s":"{raw}"}}' } } }`,
      ),
    );
    expect(body(sent(plan(device, "/3306/0/5850", false, "a")))).toBe('{"s":"off"}');
  });
});

describe("the simulated relay", () => {
  it("is told its state as a boolean, and answers with it", () => {
    const planned = sent(plan(library.get("isthmus.sim.relay")!, "/3306/0/5850", true, "sim-3"));
    expect(planned).toEqual({
      kind: "device",
      command: { source: "sim-3", payload: { kind: "fields", fields: { state: true } }, timeoutMs: 5000 },
      confirm: { field: "state", equals: true, withinMs: 5000 },
    });
  });
});

describe("a command for one of several sensors of one source", () => {
  it("goes to the source", () => {
    const device = deviceOf(
      ofFields(
        "channel: {}\ns: { type: boolean }",
        "3306/0: { 5850: { read: s, write: set } }",
        'commands: { set: { send: "{value}" } }',
      ).replace('endpoint: "acme-{source}"', 'endpoint: "acme-{source}-{channel}", split: channel'),
    );
    const frame = {
      source: "port",
      at: AT,
      payload: { kind: "fields", fields: { model: "f", channel: "C1" } },
    } as const;
    const identity = device.identify(frame);
    expect(identity).toEqual({ source: "port#C1", endpoint: "acme-port-c1" });
    expect(sent(plan(device, "/3306/0/5850", true, identity!.source)).command.source).toBe("port");
  });

  it("goes to the topic of a message that speaks for several, and names which of them is meant", () => {
    const device = deviceOf(
      ofFields(
        "s: { json: $.Power, type: boolean }",
        "3306/0: { 5850: { read: s, write: set } }",
        `commands: { set: { publish: { topic: "cmnd/{node}/ZbSend", json: { Device: "{part}", Power: "{value}" } } } }`,
      )
        .replace("{ fields: { model: f } }", "{ mqtt: { topic: tele/+node/SENSOR } }")
        .replace("{ fields: true }", '{ json: true, each: "$.*" }')
        .replace("fields: { model: f } }]", "topic: tele/zb/SENSOR, json: { a: { Power: true } } }]"),
    );
    const body = new TextEncoder().encode('{"0x9E1B":{"Power":true},"a#1":{"Power":false}}');
    const topic = "tele/zb/SENSOR";
    const parts = device.parts({ source: topic, at: AT, payload: { kind: "message", topic, body } });
    expect(parts.map(({ source }) => source)).toEqual([`${topic}#0x9E1B`, `${topic}#a#1`]);
    const commands = parts.map((part) => sent(plan(device, "/3306/0/5850", false, part.source)).command);
    expect(commands.map(({ source }) => source)).toEqual([topic, topic]);
    const bodies = commands.map(({ payload }) => payload.kind === "message" && Buffer.from(payload.body).toString());
    expect(bodies).toEqual(['{"Device":"0x9E1B","Power":false}', '{"Device":"a#1","Power":false}']);
    expect(commands[0]?.payload).toMatchObject({ topic: "cmnd/zb/ZbSend" });
  });
});
