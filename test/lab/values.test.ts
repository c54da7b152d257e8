/** Payloads to values that people read, and back, by the model. */

import { describe, expect, it } from "vitest";
import { DecodeError } from "../../src/base/bytes.ts";
import type { Scalar } from "../../src/base/outcome.ts";
import { codecOf, Format, type Node } from "../../src/content/index.ts";
import { type Dialect, decodeValues, encodeValue, modelOf, withOwnUnits } from "../../src/lab/values.ts";
import { path } from "../../src/model/path.ts";
import { models } from "../support/lab-bench.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const DIALECT: Dialect = { models, versions: {} };

const encode = (node: Omit<Node, "path">, ...ids: number[]) =>
  codecOf(Format.SenmlCbor)!.encode([{ path: path(...ids), ...node }], path(...ids));
const decode = (payload: Uint8Array, ...ids: number[]) =>
  decodeValues(payload, { path: path(...ids), format: Format.SenmlCbor, now: NOW }, DIALECT);

describe("reading values", () => {
  it("calls a sensor's value after its Object, and all else after the Resource", () => {
    const node = { type: "float", value: 1 } as const;
    expect(decode(encode(node, 3303, 0, 5700), 3303, 0, 5700)).toHaveProperty(["/3303/0/5700", "name"], "Temperature");
    expect(decode(encode(node, 3303, 0, 5601), 3303, 0, 5601)).toHaveProperty(
      ["/3303/0/5601", "name"],
      "Min Measured Value",
    );
  });

  it.each([
    ["an opaque value as hex", { type: "opaque", value: Uint8Array.of(1, 0xab) }, [19, 0, 0, 0], "01ab"],
    ["an Object Link with a colon", { type: "objlnk", value: { object: 3, instance: 0 } }, [25, 0, 2], "3:0"],
    ["a boolean", { type: "boolean", value: true }, [3306, 0, 5850], true],
    ["a time as seconds", { type: "time", value: 1_750_000_000 }, [3, 0, 13], 1_750_000_000],
  ] as const)("shows %s", (_, node, ids, shown) => {
    const at = path(...ids);
    const resource = modelOf(DIALECT)(at);
    // Not every registry has the same Objects: the model of the test is then of the same type.
    const dialect: Dialect = resource?.type === node.type ? DIALECT : oneResource(at, node.type);
    const payload = codecOf(Format.Tlv)!.encode([{ path: at, ...node }], at);
    const values = decodeValues(payload, { path: at, format: Format.Tlv, now: NOW }, dialect);
    expect(values[at]?.value).toBe(shown);
  });

  it("shows integers beyond 2^53 as text, so that no digit is lost", () => {
    const at = path(3, 0, 21);
    const payload = codecOf(Format.Tlv)!.encode([{ path: at, type: "integer", value: 2n ** 60n }], at);
    const values = decodeValues(payload, { path: at, format: Format.Tlv, now: NOW }, oneResource(at, "integer"));
    expect(values[at]?.value).toBe("1152921504606846976");
  });

  it("takes the time of the measurement, that of the message where there is none", () => {
    const with_ = decode(encode({ type: "float", value: 1, time: 1_750_000_000 }, 3303, 0, 5700), 3303, 0, 5700);
    const without = decode(encode({ type: "float", value: 1 }, 3303, 0, 5700), 3303, 0, 5700);
    expect(with_["/3303/0/5700"]?.time).toBe("2025-06-15T15:06:40.000Z");
    expect(without["/3303/0/5700"]?.time).toBe("2026-06-01T12:00:00.000Z");
  });

  it("survives a time at the end of time", () => {
    const far = decode(encode({ type: "float", value: 1, time: 1e14 }, 3303, 0, 5700), 3303, 0, 5700);
    expect(far["/3303/0/5700"]?.time).toMatch(/^\+275760/);
  });

  it("takes the unit that the Instance names", () => {
    const value = { value: 1, name: "Temperature", time: "" };
    const unit = { value: "Cel", name: "Sensor Units", time: "" };
    const together = withOwnUnits({ "/3303/0/5700": value, "/3303/0/5701": unit }, () => undefined);
    expect(together["/3303/0/5700"]?.unit).toBe("Cel");
    const known = withOwnUnits({ "/3303/0/5601": value }, (at) => (at === "/3303/0/5701" ? unit : undefined));
    expect(known["/3303/0/5601"]?.unit).toBe("Cel");
    expect(withOwnUnits({ "/3303/0/6042": value }, () => unit)["/3303/0/6042"]?.unit).toBeUndefined();
  });

  it("ends in nothing but DecodeError, whatever the bytes", () => {
    const random = new SeededRandom(11);
    const good = encode({ type: "float", value: 21.5 }, 3303, 0, 5700);
    for (let i = 0; i < 3_000; i++) {
      const noise = random.unit() < 0.5 ? random.bytes(random.below(40)) : good.slice();
      if (noise.length > 0) noise[random.below(noise.length)] = random.below(256);
      const format = random.pick([0, 42, 60, 110, 112, 11542, 9_999]);
      try {
        decodeValues(noise, { path: path(3303, 0, 5700), format, now: NOW }, DIALECT);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }
  });
});

describe("writing values", () => {
  const text = (value: Scalar, ...ids: number[]) =>
    Buffer.from(encodeValue(value, { path: path(...ids), format: Format.Text }, DIALECT)).toString();

  it.each([
    [true, [3306, 0, 5850], "1"],
    ["false", [3306, 0, 5850], "0"],
    [0, [3306, 0, 5850], "0"],
    [21.5, [3303, 0, 5603], "21.5"],
    ["300", [1, 0, 1], "300"],
    ["Kitchen", [3303, 0, 5750], "Kitchen"],
    [1_750_000_000, [3, 0, 13], "1750000000"],
    ["2025-06-15T15:06:40Z", [3, 0, 13], "1750000000"],
  ] as const)("sends %j to %j as %j", (value, ids, sent) => {
    const at = path(...ids);
    const type = modelOf(DIALECT)(at)?.type;
    expect(type, `${at} is in the registry`).toBeDefined();
    expect(text(value, ...ids)).toBe(sent);
  });

  it.each([
    ["perhaps", "boolean"],
    [7, "boolean"],
    ["x", "float"],
    ["", "float"],
    [1.5, "integer"],
    [-1, "unsigned"],
    ["yesterday", "time"],
    ["zz", "opaque"],
    ["abc", "opaque"],
    ["3-0", "objlnk"],
    ["70000:0", "objlnk"],
    [true, "integer"],
  ] as const)("refuses %j for a Resource of type %s", (value, type) => {
    const at = path(32_769, 0, 1);
    expect(() => encodeValue(value, { path: at, format: Format.Tlv }, oneResource(at, type))).toThrow(RangeError);
  });

  it.each([
    ["01ab", "opaque"],
    ["3:0", "objlnk"],
    ["12345678901234567890", "unsigned"],
    ["-5", "integer"],
    ["</3/0>", "corelnk"],
  ] as const)("writes %j to a Resource of type %s, and reads the same back", (value, type) => {
    const at = path(32_769, 0, 1);
    const dialect = oneResource(at, type);
    const payload = encodeValue(value, { path: at, format: Format.Tlv }, dialect);
    const back = decodeValues(payload, { path: at, format: Format.Tlv, now: NOW }, dialect)[at]?.value;
    expect(String(back)).toBe(value);
  });

  it("guesses the type of what no model knows by the look of the value", () => {
    expect(text(7, 33_000, 0, 1)).toBe("7");
    expect(text(7.5, 33_000, 0, 1)).toBe("7.5");
    expect(text(true, 33_000, 0, 1)).toBe("1");
    expect(text("seven", 33_000, 0, 1)).toBe("seven");
  });

  it("knows no format beyond its codecs", () => {
    expect(() => encodeValue(1, { path: path(3303, 0, 5700), format: 50 }, DIALECT)).toThrow(/50/);
  });
});

/** A registry that knows one Resource of one type. */
function oneResource(at: string, type: Node["type"]): Dialect {
  const resource = { id: 1, name: "It", type, operations: "RW", multiple: false, mandatory: false } as const;
  return {
    models: { object: () => undefined, objects: () => [], resource: (of) => (of === at ? resource : undefined) },
    versions: {},
  };
}
