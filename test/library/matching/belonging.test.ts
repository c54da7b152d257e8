/** Which of several definitions is meant, whose frame it is, and what a command is addressed to. */

import { describe, expect, it } from "vitest";
import { loadDevices } from "../../../src/library/index.ts";
import { parsePath } from "../../../src/model/path.ts";
import type { Payload } from "../../../src/sdk/adapter.ts";
import { advert, AT, changed, deviceOf, frameOf, load, message, ofFields } from "../../support/definitions.ts";

const RULE = "{ ble: { manufacturer: 0x1234, length: 4 } }";
const FRAME = "{ bytes: ble.manufacturer }";
const four = advert(0x1234, Uint8Array.of(1, 2, 3, 4));

/** A library of thermometers with these rules; their ids are their places in the list. */
function rules(...list: readonly string[]) {
  const { library, problems } = load(
    ...list.map((rule, i) =>
      changed(
        ["acme.thermometer", `rule.${i}`],
        [RULE, rule],
        [FRAME, rule.includes("manufacturer") ? FRAME : "{ bytes: payload }"],
      ),
    ),
  );
  expect(problems).toEqual([]);
  return (payload: Payload) => library.match(frameOf(payload))?.id;
}

describe("of several definitions that fit", () => {
  it("the one that asks for most is meant, whatever their order", () => {
    const loose = "{ ble: { manufacturer: 0x1234 } }";
    const length = "{ ble: { manufacturer: 0x1234, length: 4 } }";
    const prefix = "{ ble: { manufacturer: 0x1234, length: 4, prefix: '01 02' } }";
    expect(rules(loose, length, prefix)(four)).toBe("rule.2");
    expect(rules(prefix, length, loose)(four)).toBe("rule.0");
    expect(rules(loose, length)(four)).toBe("rule.1");
    expect(rules(loose, length)(advert(0x1234, new Uint8Array(5)))).toBe("rule.0");
  });

  it("the one that was loaded first is meant, if they ask for the same", () => {
    expect(rules(RULE, RULE, RULE)(four)).toBe("rule.0");
    expect(
      rules(
        "{ ble: { name: '^A' } }",
        "{ ble: { name: 'B$' } }",
      )({
        ...{ kind: "advert", name: "AB", manufacturer: [], services: new Map(), serviceUuids: [] },
      }),
    ).toBe("rule.0");
  });

  it("none is meant, if each lacks something", () => {
    const match = rules(
      "{ ble: { manufacturer: 0x1234, prefix: 'FF' } }",
      "{ ble: { manufacturer: 0x1234, length: 9 } }",
    );
    expect(match(four)).toBeUndefined();
    expect(match(advert(0x1235, Uint8Array.of(0xff)))).toBeUndefined();
    expect(match(advert(0x1234, new Uint8Array(0)))).toBeUndefined();
  });

  it("a line that is a sentence may be known by its form, by its name, or by neither", () => {
    const match = rules("{ serial: { line: '^\\$WIMWV,' } }", "{ serial: { sentences: [MWV] } }");
    expect(match({ kind: "text", text: "$WIMWV,214.8,R,0.1,K,A*28" })).toBe("rule.0");
    expect(match({ kind: "text", text: "$IIMWV,214.8,R,0.1,K,A*28" })).toBe("rule.1");
    expect(match({ kind: "text", text: "$IIMTW,1*00" })).toBeUndefined();
  });

  it("a message is its that finds more of its paths", () => {
    const match = rules(
      "{ mqtt: { topic: 'a/+' } }",
      "{ mqtt: { topic: 'a/+', json: { has: [t] } } }",
      "{ mqtt: { topic: ['a/+', 'b/+'], json: { has: [t, x.h] } } }",
      "{ mqtt: { topic: 'a/#', json: { any: [q, r] } } }",
    );
    expect(match(message("a/1", "plain"))).toBe("rule.0");
    expect(match(message("a/1", {}))).toBe("rule.0");
    expect(match(message("a/1", { t: 1 }))).toBe("rule.1");
    expect(match(message("a/1", { t: null }))).toBe("rule.1");
    expect(match(message("b/1", { t: 1, x: { h: 2 } }))).toBe("rule.2");
    expect(match(message("b/1", { t: 1, x: 2 }))).toBeUndefined();
    expect(match(message("a/1/2", { r: 1 }))).toBe("rule.3");
    expect(match(message("a/1/2", { s: 1 }))).toBeUndefined();
  });

  it("named values must all be there, and be the same", () => {
    const match = rules("{ fields: { model: a, v: 1 } }", "{ fields: { model: a } }", "{ fields: { on: true } }");
    const of = (fields: Record<string, string | number | boolean>) => match({ kind: "fields", fields });
    expect(of({ model: "a", v: 1 })).toBe("rule.0");
    expect(of({ model: "a", v: 2 })).toBe("rule.1");
    expect(of({ model: "a", v: "1" })).toBe("rule.1");
    expect(of({ on: true })).toBe("rule.2");
    expect(of({ on: 1 })).toBeUndefined();
    expect(of({ v: 1 })).toBeUndefined();
  });
});

describe("the name of an endpoint", () => {
  const name = (template: string, source: string) =>
    deviceOf(ofFields("x: {}").replace("acme-{source}", template)).identify(
      frameOf({ kind: "fields", fields: { model: "f" } }, source),
    )?.endpoint;

  it.each([
    ["acme-{address}", "A4:C1:38:02:83:F4", "acme-a4c1380283f4"],
    ["acme-{address}", "a4-c1-38-02-83-f4", "acme-a4c1380283f4"],
    ["acme-{source}", "/dev/serial/by-id/usb-FTDI_FT232R-if00", "acme-usb-ftdi-ft232r-if00"],
    ["acme-{source}", "Küche/Fenster #2", "acme-kuche-fenster-2"],
    ["{source}", "--x--", "x"],
    ["{source}", "ÅNGSTRÖM", "angstrom"],
    ["{source}", "a\nb?c=d&e", "a-b-c-d-e"],
    ["{source}", "../../etc/passwd", "etc-passwd"],
    ["urn-{source}-x", "1", "urn-1-x"],
    ["acme-{source}", "ж", "acme"],
  ])("%s of %s is %s", (template, source, expected) => {
    expect(name(template, source)).toBe(expected);
  });

  it.each(["", "ж", "---", " ", "///"])("is none where nothing is left of it: %j", (source) => {
    expect(name("{source}", source)).toBeUndefined();
  });

  it("is short, and ends in a letter or digit wherever it is cut", () => {
    for (let length = 60; length < 70; length++) {
      const made = name("{source}", `${"x".repeat(length)}-${"y".repeat(20)}`)!;
      expect(made.length).toBeLessThanOrEqual(64);
      expect(made).toMatch(/^x+(?:-y+)?$/);
    }
  });

  it("tells apart what one source says of several, and is none where it does not say", () => {
    const logger = loadDevices().library.get("csv.logger")!;
    const of = (text: string) => logger.identify(frameOf({ kind: "text", text }, "/dev/ttyUSB0"));
    expect(of("T1,21.5,40.1,3021")).toEqual({ source: "/dev/ttyUSB0#T1", endpoint: "csv-ttyusb0-t1" });
    expect(of("T9,21.5,40.1,3021")?.source).toBe("/dev/ttyUSB0#T9");
    expect(of(",21.5,40.1,3021")).toBeUndefined();
  });
});

describe("a command", () => {
  it("may carry the plain address of its device", () => {
    const device = deviceOf(
      ofFields("x: {}", "", "commands:\n  go: { send: 'GO {address} {source}' }").replace(
        "{ 0: { const: Acme } }",
        "{ 0: { const: Acme }, 5: { execute: go } }",
      ),
    );
    const planned = device
      .createMapping()
      .command({ path: parsePath("/3/0/5")!, source: "A4:C1:38", args: "", at: AT });
    expect(planned).toMatchObject({ command: { payload: { kind: "text", text: "GO A4C138 A4:C1:38" } } });
  });
});
