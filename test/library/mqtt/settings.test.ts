/** What devices that describe themselves can be told: in the words that they have given, or not at all. */

import { describe, expect, it } from "vitest";
import type { Scalar } from "../../../src/base/outcome.ts";
import { DecodeError } from "../../../src/base/bytes.ts";
import { homeAssistant } from "../../../src/library/conventions/homeassistant.ts";
import { homie } from "../../../src/library/conventions/homie.ts";
import type { Payload } from "../../../src/sdk/adapter.ts";
import { frameOf, message } from "../../support/definitions.ts";

function sent(payload: Payload | undefined) {
  if (payload?.kind !== "message") return undefined;
  const { topic, body, retained } = payload;
  return [topic, Buffer.from(body).toString(), ...(retained ? ["retained"] : [])];
}

function home(component: string, config: object) {
  const convention = homeAssistant();
  const topic = `homeassistant/${component}/x/config`;
  const teach = () =>
    convention.parts(frameOf(message(topic, { stat_t: "x/state", cmd_t: "x/set", ...config }), topic));
  const hear = (about: string, body: unknown) =>
    convention
      .parts(frameOf(message(about, body), about))
      .flatMap((part) =>
        [...(convention.decode(part) ?? [])].map(([name, quantity]) => [name, quantity?.value ?? null]),
      );
  const set = (field: string, value: Scalar) => sent(convention.set?.("homeassistant/x", field, value));
  return { teach, hear, set };
}

describe("Home Assistant's", () => {
  it.each<[string, object, string, Scalar, readonly string[]]>([
    ["switch", {}, "switch", true, ["x/set", "ON"]],
    ["switch", { pl_on: "1", pl_off: "0" }, "switch", false, ["x/set", "0"]],
    ["switch", { payload_on: true, payload_off: false, ret: true }, "switch", true, ["x/set", "true", "retained"]],
    ["switch", { cmd_tpl: "{{ value }}" }, "switch", true, ["x/set", "ON"]],
    ["lock", {}, "switch", true, ["x/set", "LOCK"]],
    ["lock", { pl_unlk: "open" }, "switch", false, ["x/set", "open"]],
    ["valve", {}, "switch", false, ["x/set", "CLOSE"]],
    ["number", { min: -5, max: 40 }, "setpoint", -4.5, ["x/set", "-4.5"]],
    ["light", {}, "light", true, ["x/set", "ON"]],
    ["light", { bri_cmd_t: "x/dim", bri_stat_t: "x/bri" }, "brightness", 50, ["x/dim", "128"]],
    ["light", { bri_cmd_t: "x/dim", bri_stat_t: "x/bri", bri_scl: 100 }, "brightness", 50, ["x/dim", "50"]],
    ["light", { schema: "json" }, "light", false, ["x/set", '{"state":"OFF"}']],
    [
      "light",
      { schema: "json", brightness: true, brightness_scale: 254 },
      "brightness",
      100,
      ["x/set", '{"state":"ON","brightness":254}'],
    ],
  ])("%s %j: %s becomes %j", (component, config, field, value, expected) => {
    const { teach, set } = home(component, config);
    teach();
    expect(set(field, value)).toEqual(expected);
  });

  it.each<[string, object, unknown, readonly (readonly [string, Scalar | null])[]]>([
    ["lock", {}, "LOCKED", [["switch", true]]],
    ["lock", {}, "JAMMED", [["switch", null]]],
    ["valve", {}, "closed", [["switch", false]]],
    ["number", {}, "12.5", [["setpoint", 12.5]]],
    [
      "light",
      { schema: "json", sup_clrm: ["brightness"] },
      { state: "ON", brightness: 51 },
      [
        ["light", true],
        ["brightness", 20],
      ],
    ],
  ])("%s %j tells %j", (component, config, body, expected) => {
    const { teach, hear } = home(component, config);
    teach();
    expect(hear("x/state", body)).toEqual(expected);
  });

  it("dimmed light is set to every percent, and says the same", () => {
    const { teach, hear, set } = home("light", { bri_cmd_t: "x/dim", bri_stat_t: "x/bri" });
    teach();
    for (let percent = 0; percent <= 100; percent++)
      expect(hear("x/bri", set("brightness", percent)?.[1])).toEqual([["brightness", percent]]);
  });

  it.each<[string, object, string]>([
    ["switch", { cmd_tpl: '{"power": "{{ value }}"}' }, "what a switch is told"],
    ["lock", { code_format: "^\\d{4}$" }, "what a lock is told"],
    ["valve", { reports_position: true }, "a position"],
    ["light", { schema: "template" }, "a light of the schema template"],
    ["light", { bri_cmd_t: "a", bri_stat_t: "b", bri_cmd_tpl: "{{ value * 2 }}" }, "a light's brightness"],
  ])("%s %j is refused in words, and is not set", (component, config, words) => {
    const { teach, set } = home(component, config);
    expect(teach).toThrow(DecodeError);
    expect(teach).not.toThrow();
    const again = home(component, config);
    expect(again.teach).toThrow(words);
    expect([set("switch", true), set("brightness", 1)]).toEqual([undefined, undefined]);
  });

  it("switch that cannot be set is read all the same", () => {
    const { teach, hear } = home("switch", { cmd_tpl: "{{ value | upper }}" });
    expect(teach).toThrow(DecodeError);
    expect(hear("x/state", "ON")).toEqual([["state", true]]);
  });

  it.each<[string, object, string, Scalar]>([
    ["number", { min: 0, max: 10 }, "setpoint", 10.5],
    ["number", {}, "setpoint", 0.5],
    ["number", {}, "setpoint", true],
    ["switch", {}, "switch", 1],
    ["light", { bri_cmd_t: "a", bri_stat_t: "b" }, "brightness", 101],
  ])("%s %j does not take %s = %j", (component, config, field, value) => {
    const { teach, set } = home(component, config);
    teach();
    expect(() => set(field, value)).toThrow(RangeError);
  });

  it("entity that nobody has announced, or that has been taken back, is not set", () => {
    const { set } = home("switch", {});
    expect(set("switch", true)).toBeUndefined();
  });
});

describe("Homie's", () => {
  const five = (properties: object) => {
    const convention = homie();
    const topic = "homie/5/boiler/$description";
    convention.parts(frameOf(message(topic, { homie: "5.0", nodes: { heat: { properties } } }), topic));
    return (field: string, value: Scalar) => sent(convention.set?.("homie/boiler", field, value));
  };

  it("settable truth and number go to the topic of the property", () => {
    const set = five({
      on: { datatype: "boolean", settable: true },
      target: { datatype: "float", settable: true, format: "5:30:0.5" },
    });
    expect(set("heat_on/switch", true)).toEqual(["homie/5/boiler/heat/on/set", "true"]);
    expect(set("heat_target/setpoint", 21.5)).toEqual(["homie/5/boiler/heat/target/set", "21.5"]);
  });

  it("format is its limits, open at either end, and whole numbers stay whole", () => {
    const set = five({
      target: { datatype: "float", settable: true, format: "5:30" },
      least: { datatype: "integer", settable: true, format: "0:" },
    });
    expect(() => set("heat_target/setpoint", 31)).toThrow("31 is not within 5 to 30");
    expect(() => set("heat_least/setpoint", 1.5)).toThrow("no whole number");
    expect(set("heat_least/setpoint", 100_000)).toEqual(["homie/5/boiler/heat/least/set", "100000"]);
  });

  it("properties that cannot be set are not", () => {
    const set = five({ on: { datatype: "boolean" }, name: { datatype: "string", settable: true } });
    expect([set("heat_on/switch", true), set("heat_name/setpoint", 1)]).toEqual([undefined, undefined]);
  });

  it("version 4 says it in attributes", () => {
    const convention = homie();
    const hear = (topic: string, body: string) => convention.parts(frameOf(message(topic, body), topic));
    hear("homie/lamp/light/power/$datatype", "boolean");
    hear("homie/lamp/light/power/$settable", "true");
    const [part] = hear("homie/lamp/light/power", "false");
    expect(part?.payload).toMatchObject({ fields: { "light_power/switch": false } });
    const payload = convention.set?.("homie/lamp", "light_power/switch", true);
    expect(sent(payload)).toEqual(["homie/lamp/light/power/set", "true"]);
  });
});
