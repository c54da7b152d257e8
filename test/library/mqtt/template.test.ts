/** Templates of discovery: what is understood, and that nothing else is guessed. */

import { describe, expect, it } from "vitest";
import { parseDiscoveryTemplate, TemplateError } from "../../../src/library/conventions/template.ts";

const json = {
  temperature: 23.5,
  text: "4.2",
  no: null,
  list: [1, { x: 2 }],
  "odd key": 3,
  ok: true,
  adc: 1500,
  zero: 0,
};
const apply = (text: string, value = JSON.stringify(json)) =>
  parseDiscoveryTemplate(text)({
    value,
    json: () => {
      const parsed: unknown = JSON.parse(value);
      return parsed;
    },
  });

describe("a template", () => {
  it.each([
    ["{{ value_json.temperature }}", 23.5],
    ["{{value_json.temperature}}", 23.5],
    ["{{- value_json.temperature -}}", 23.5],
    [" {{ value_json['odd key'] }} ", 3],
    ["{{ value_json.list[1].x }}", 2],
    ['{{ value_json["list"][0] }}', 1],
    ["{{ value_json.text | float }}", 4.2],
    ["{{ value_json.text | float * 10 }}", 42],
    ["{{ value_json.text | int }}", 4],
    ["{{ value_json.missing }}", undefined],
    ["{{ value_json.no }}", null],
    ["{{ value_json.missing | default(7) }}", 7],
    ["{{ value_json.missing | float(0) }}", 0],
    ["{{ value_json.missing | is_defined }}", undefined],
    ["{{ (value_json.adc * 2) | round(0) }}", 3000],
    ["{{ (value_json.temperature / 3) | round(2) }}", 7.83],
    ["{{ value_json.temperature | round }}", 24],
    ["{{ -value_json.temperature | abs }}", 23.5],
    ["{{ 1 + 2 * 3 - 4 / 2 }}", 5],
    ["{{ (1 + 2) * 3 }}", 9],
    ["{{ -7 % 3 }}", 2],
    ["{{ 0.1 + 0.2 }}", 0.3],
    ["{{ 1 / 0 }}", undefined],
    ["{{ value_json.text + 1 }}", undefined],
    ["{{ value_json.adc > 1000 }}", true],
    ["{{ value_json.adc <= 1000 }}", false],
    ["{{ value_json.ok == true }}", true],
    ["{{ value_json.text != '4.2' }}", false],
    ["{{ 'ON' if value_json.ok else 'OFF' }}", "ON"],
    ["{{ 'ON' if value_json.zero else 'OFF' }}", "OFF"],
    ["{{ 'a' if value_json.adc == 1 else 'b' if value_json.adc == 1500 else 'c' }}", "b"],
    ["{{ value_json.text | upper }}", "4.2"],
    ["{{ value_json.ok | lower }}", "true"],
    ["{{ value_json.constructor }}", undefined],
    ["{{ value_json.__proto__ }}", undefined],
    ["{{ none }}", null],
  ])("%s gives %j", (text, expected) => {
    expect(apply(text)).toEqual(expected);
  });

  it("has the body itself for what is no JSON", () => {
    expect(apply("{{ value }}", "21.4")).toBe("21.4");
    expect(apply("{{ value | float / 10 }}", "215")).toBe(21.5);
    expect(apply("{{ value | trim | upper }}", " on ")).toBe("ON");
  });

  it.each([
    ["{% set a = 1 %}{{ a }}", "more than one expression"],
    ["{{ value_json.a }}{{ value_json.b }}", "more than one expression"],
    ["{{ value_json.a }} °C", "more than one expression"],
    ["{{ states('sensor.x') }}", '"states"'],
    ["{{ constructor }}", '"constructor"'],
    ["{{ value | regex_replace('a', 'b') }}", "the filter regex_replace"],
    ["{{ value | constructor }}", "the filter constructor"],
    ["{{ value_json.items() }}", '"("'],
    ["{{ 1 if 2 }}", "an if without an else"],
    ["{{ (1 }}", "its end"],
    ["{{ 1 2 }}", '"2"'],
    ["{{ a ~ b }}", 'cannot read "~ b"'],
    ["{{ }}", "its end"],
    [`{{ ${"(".repeat(30)}1${")".repeat(30)} }}`, "nested too deeply"],
    [`{{ ${Array.from({ length: 120 }, () => "1").join("+")} }}`, "more than 100 steps"],
    [`{{ '${"x".repeat(600)}' }}`, "longer than 500 characters"],
  ])("%s is refused: %s", (text, why) => {
    expect(() => parseDiscoveryTemplate(text)).toThrow(TemplateError);
    expect(() => parseDiscoveryTemplate(text)).toThrow(why);
  });
});
