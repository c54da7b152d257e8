/** SML files of German meters: published ones are read as published, broken ones are refused. */

import { describe, expect, it } from "vitest";
import { DecodeError, fromHex } from "../../../src/base/bytes.ts";
import { crc16, X25 } from "../../../src/base/crc16.ts";
import { parseSml } from "../../../src/library/framing/sml.ts";
import { refusesAllButWhole, survives, vectorsOf } from "./telegrams.ts";

interface Value {
  readonly obis: string;
  readonly unit_code: number | null;
  readonly value: number | string;
}

const UNITS: Readonly<Record<number, string>> = { 27: "W", 30: "Wh" };

/** Messages in their transport: escapes doubled, filled up to four, with a checksum. */
function file(messages: string): Uint8Array {
  const inner = [...fromHex(messages)];
  const fill = (4 - (inner.length % 4)) % 4;
  const escaped = messages.replaceAll(" ", "").replaceAll("1b1b1b1b", "1b1b1b1b1b1b1b1b") + "00".repeat(fill);
  const body = fromHex(`1b1b1b1b01010101${escaped}1b1b1b1b1a0${fill}`);
  const crc = crc16(X25, body);
  return Uint8Array.from([...body, crc & 0xff, crc >> 8]);
}

/** A message with one list of values. */
const list = (...values: readonly string[]) =>
  `76 01 6200 6200 72 630701 77 01 01 01 01 7${values.length.toString(16)} ${values.join("")} 01 01 630000 00`.replaceAll(
    " ",
    "",
  );

const only = (value: string) => parseSml(file(list(value)));

describe.each(vectorsOf("SML").map((vector) => [vector.source ?? "", vector] as const))("%s", (_source, vector) => {
  const bytes = fromHex(vector.frame_hex ?? "");
  const telegram = parseSml(bytes);

  it.each((vector.expected["values"] as readonly Value[]).map((value) => [value.obis, value] as const))(
    "says %s",
    (obis, { value, unit_code }) => {
      const found = telegram.get(obis);
      expect(found?.value).toBe(value);
      expect(found?.unit).toBe(unit_code === null ? undefined : UNITS[unit_code]);
      const [, short = ""] = /:(.*)\*/.exec(obis) ?? [];
      expect(telegram.get(short)).toEqual(found);
    },
  );

  it("is refused wherever it is cut and with any bit changed", () => {
    refusesAllButWhole(parseSml, bytes);
  });
});

describe("a value", () => {
  it("may be negative, and as wide as its meter likes", () => {
    expect(only("77 070100100700ff 01 01 621b 52fe 53fc18 01").get("16.7.0")).toEqual({ value: -10, unit: "W" });
    expect(only("77 070100100700ff 01 01 621b 5200 56ffffffffff 01").get("16.7.0")?.value).toBe(-1);
    expect(only("77 070100010800ff 01 01 621e 5200 69ffffffffffffffff 01").get("1.8.0")?.value).toBe(2 ** 64);
  });

  it("of a power of ten that nothing has is not available", () => {
    const scaled = (scaler: string) => only(`77 070100010800ff 01 01 621e 52${scaler} 6205 01`).get("1.8.0")?.value;
    expect([scaled("18"), scaled("e8"), scaled("01")]).toEqual([5 * 10 ** 24, 5e-24, 50]);
    expect([scaled("19"), scaled("e7"), scaled("7f"), scaled("80")]).toEqual([null, null, null, null]);
  });

  it("has the short name alone where two channels say it: the first is the meter's own", () => {
    const telegram = parseSml(
      file(list("77 070100010800ff 01 01 621e 5200 6205 01", "77 070101010800ff 01 01 621e 5200 6207 01")),
    );
    expect(telegram.get("1.8.0")?.value).toBe(5);
    expect(telegram.get("1-1:1.8.0*255")?.value).toBe(7);
  });

  it("has a status where the meter gives one", () => {
    expect(only("77 070100010800ff 641c0104 01 621e 52ff 5500000001 01").get("1.8.0/status")?.value).toBe(0x1c0104);
    expect(only("77 070100010800ff 01 01 621e 52ff 5500000001 01").has("1.8.0/status")).toBe(false);
  });

  it("that is absent is not available", () => {
    expect(only("77 070100010800ff 01 01 621e 52ff 01 01").get("1.8.0")).toEqual({ value: null });
  });

  it("in a unit that has no name has none", () => {
    expect(only("77 070100010800ff 01 01 62fe 5200 6205 01").get("1.8.0")).toEqual({ value: 5 });
  });

  it("of the maker's own does not pass for one of everybody", () => {
    const telegram = only("77 078181010800ff 01 01 621e 5200 6205 01");
    expect([...telegram.keys()]).toEqual(["129-129:1.8.0*255"]);
  });

  it("may hold the bytes of an escape", () => {
    const telegram = only("77 070100600100ff 01 01 01 01 071b1b1b1b1b1b 01");
    expect(telegram.get("96.1.0")?.value).toBe("1b1b1b1b1b1b");
  });
});

describe("a file", () => {
  const refusal = (bytes: Uint8Array) => {
    try {
      parseSml(bytes);
    } catch (error) {
      return error instanceof DecodeError ? error.message : error;
    }
    return undefined;
  };

  it("whose lists are nested too deep is refused", () => {
    expect(refusal(file("71".repeat(20) + "01"))).toContain("lists too deep");
  });

  it("with more elements than any meter has is refused", () => {
    expect(refusal(file("7f" + "7f01".repeat(4_000)))).toBeDefined();
    expect(refusal(file("bf0f" + "01".repeat(16).repeat(300)))).toBeDefined();
    expect(refusal(file("f18f8a0f" + "01".repeat(4_100)))).toContain("more than 4000 elements");
  });

  it("with a length beyond the file is refused", () => {
    expect(refusal(file("8f8f8f8f8f0f"))).toContain("a length beyond the file");
    expect(refusal(file("0f"))).toContain("wanted");
  });

  it("of another version is refused", () => {
    expect(refusal(fromHex("1b1b1b1b020202021b1b1b1b1a000000"))).toBe("no SML file of version 1");
  });

  it("without values gives none", () => {
    expect(parseSml(file("76 01 6200 6200 72 630101 76 01 01 01 01 01 01 630000 00")).size).toBe(0);
  });

  it("of meaningless bytes is refused in words", () => {
    survives(parseSml, fromHex("1b1b1b1b01010101"));
    // Behind a checksum that is right, too.
    survives((bytes) => parseSml(file(Buffer.from(bytes).toString("hex"))), fromHex("760101620062007263070177"));
  });
});
