/** Which requests an adapter makes for a device: few of them, none too long, each as often as its fields want. */

import { describe, expect, it } from "vitest";
import { deviceOf } from "../../support/definitions.ts";

/** The plan for these fields, as `fc:address+count@seconds`. */
function plan(fields: readonly string[], frame = "{ registers: true }"): string[] {
  const { reads } = deviceOf(`schema: device/v1
id: acme.reads
vendor: Acme
model: R-1
identity: { endpoint: "acme-{source}" }
frame: ${frame}
alive: { expect: 10s, stale: 90s, gone: 15m }
fields:
${fields.map((field, i) => `  f${i}: { ${field} }`).join("\n")}
objects: { 3/0: { 0: { const: Acme } } }
tests: [{ name: none, fields: {} }]
`);
  return reads.map(({ fc, address, count, everySeconds }) => `${fc}:${address}+${count}@${everySeconds}`);
}

const u16 = (address: number, more = "") => `fc: 3, address: ${address}, type: u16${more}`;

describe("the plan", () => {
  it("joins what stands side by side", () => {
    expect(plan([u16(0), u16(1), "fc: 3, address: 2, type: f32", "fc: 3, address: 4, type: u64"])).toEqual([
      "3:0+8@10",
    ]);
  });

  it("reads a few registers in vain rather than asking twice, and many not", () => {
    expect(plan([u16(0), u16(9)])).toEqual(["3:0+10@10"]);
    expect(plan([u16(0), u16(10)])).toEqual(["3:0+1@10", "3:10+1@10"]);
    expect(plan([u16(0), u16(2)], "{ registers: { gap: 0 } }")).toEqual(["3:0+1@10", "3:2+1@10"]);
  });

  it("asks for no more than a device gives", () => {
    const fields = Array.from({ length: 30 }, (_, i) => `fc: 4, address: ${i * 2}, type: f32`);
    expect(plan(fields)).toEqual(["4:0+60@10"]);
    expect(plan(fields, "{ registers: { most: 20 } }")).toEqual(["4:0+20@10", "4:20+20@10", "4:40+20@10"]);
  });

  it("asks for as many registers as a value has", () => {
    expect(plan(["fc: 3, address: 0, type: mac"])).toEqual(["3:0+3@10"]);
    expect(plan(["fc: 3, address: 0, type: ascii, length: 12"])).toEqual(["3:0+6@10"]);
  });

  it("never cuts a value in two", () => {
    expect(
      plan(["fc: 3, address: 0, type: u16", "fc: 3, address: 1, type: f32"], "{ registers: { most: 2 } }"),
    ).toEqual(["3:0+1@10", "3:1+2@10"]);
  });

  it("keeps function codes apart, and what is wanted rarely", () => {
    expect(plan([u16(0), "fc: 4, address: 1, type: u16", u16(2, ", poll: 1h"), u16(3, ", poll: 1h")])).toEqual([
      "3:0+1@10",
      "3:2+2@3600",
      "4:1+1@10",
    ]);
    expect(plan([u16(0)], "{ registers: { poll: 500ms } }")).toEqual(["3:0+1@0.5"]);
  });

  it("reads once what two fields share", () => {
    expect(plan([u16(5), u16(5, ", bits: { shift: 1, width: 1 }")])).toEqual(["3:5+1@10"]);
  });

  it("counts coils one by one, and texts by their length", () => {
    expect(plan(["fc: 1, address: 0, type: bool", "fc: 1, address: 7, type: bool"])).toEqual(["1:0+8@10"]);
    expect(plan(["fc: 3, address: 0, type: ascii, length: 7"])).toEqual(["3:0+4@10"]);
  });

  it("of a device that speaks by itself is empty", () => {
    expect(plan(["name: x"], "{ fields: true }")).toEqual([]);
  });
});
