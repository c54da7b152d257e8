/** P1 telegrams of smart meters: published ones are read as published, broken ones are refused. */

import { describe, expect, it } from "vitest";
import { DecodeError } from "../../../src/base/bytes.ts";
import { ARC, crc16 } from "../../../src/base/crc16.ts";
import { parseTelegram } from "../../../src/library/framing/dsmr.ts";
import { latin1, survives, vectorsOf } from "./telegrams.ts";

/** A telegram of these lines with its checksum, as many digits of it as a meter prints. */
function telegram(lines: readonly string[], digits = (crc: string) => crc.padStart(4, "0")): Uint8Array {
  const body = `/ISK5\\2M550T-1012\r\n\r\n${lines.map((line) => `${line}\r\n`).join("")}!`;
  const crc = crc16(ARC, latin1(body)).toString(16).toUpperCase();
  return latin1(`${body}${digits(crc)}\r\n`);
}

const read = (...lines: readonly string[]) => parseTelegram(telegram(lines));
const refusal = (text: string) => {
  try {
    parseTelegram(latin1(text));
  } catch (error) {
    if (error instanceof DecodeError) return error.message;
    throw error;
  }
  return undefined;
};

/** What dsmr_parser calls them. */
const OBIS: Readonly<Record<string, string>> = {
  P1_MESSAGE_HEADER: "1-3:0.2.8",
  P1_MESSAGE_TIMESTAMP: "0-0:1.0.0",
  EQUIPMENT_IDENTIFIER: "0-0:96.1.1",
  ELECTRICITY_USED_TARIFF_1: "1-0:1.8.1",
  ELECTRICITY_USED_TARIFF_2: "1-0:1.8.2",
  ELECTRICITY_DELIVERED_TARIFF_1: "1-0:2.8.1",
  ELECTRICITY_DELIVERED_TARIFF_2: "1-0:2.8.2",
  ELECTRICITY_ACTIVE_TARIFF: "0-0:96.14.0",
  CURRENT_ELECTRICITY_USAGE: "1-0:1.7.0",
  CURRENT_ELECTRICITY_DELIVERY: "1-0:2.7.0",
  SHORT_POWER_FAILURE_COUNT: "0-0:96.7.21",
  LONG_POWER_FAILURE_COUNT: "0-0:96.7.9",
  VOLTAGE_SAG_L1_COUNT: "1-0:32.32.0",
  VOLTAGE_SAG_L2_COUNT: "1-0:52.32.0",
  VOLTAGE_SAG_L3_COUNT: "1-0:72.32.0",
  VOLTAGE_SWELL_L1_COUNT: "1-0:32.36.0",
  VOLTAGE_SWELL_L2_COUNT: "1-0:52.36.0",
  VOLTAGE_SWELL_L3_COUNT: "1-0:72.36.0",
  TEXT_MESSAGE_CODE: "0-0:96.13.1",
  TEXT_MESSAGE: "0-0:96.13.0",
  INSTANTANEOUS_CURRENT_L1: "1-0:31.7.0",
  INSTANTANEOUS_CURRENT_L2: "1-0:51.7.0",
  INSTANTANEOUS_CURRENT_L3: "1-0:71.7.0",
  INSTANTANEOUS_ACTIVE_POWER_L1_POSITIVE: "1-0:21.7.0",
  INSTANTANEOUS_ACTIVE_POWER_L2_POSITIVE: "1-0:41.7.0",
  INSTANTANEOUS_ACTIVE_POWER_L3_POSITIVE: "1-0:61.7.0",
  INSTANTANEOUS_ACTIVE_POWER_L1_NEGATIVE: "1-0:22.7.0",
  INSTANTANEOUS_ACTIVE_POWER_L2_NEGATIVE: "1-0:42.7.0",
  INSTANTANEOUS_ACTIVE_POWER_L3_NEGATIVE: "1-0:62.7.0",
};

describe("a published telegram of DSMR 4.2", () => {
  const [vector] = vectorsOf("DSMR");
  const values = parseTelegram(latin1(vector?.telegram ?? ""));
  const expected = (vector?.expected ?? {}) as Readonly<Record<string, { value: unknown; unit: string | null }>>;

  it.each(Object.entries(expected))("says %s", (name, { value, unit }) => {
    const found = values.get(OBIS[name] ?? name);
    expect(found?.unit ?? null).toBe(unit);
    if (name === "P1_MESSAGE_TIMESTAMP") expect(Date.parse(String(found?.value))).toBe(Date.parse(String(value)));
    else if (typeof value === "number") expect(Number(found?.value)).toBe(value);
    else expect(found?.value).toBe(value);
  });

  it("says how much gas its first channel has counted, and when", () => {
    expect(values.get("gas:24.2.1")).toEqual({ value: "00981.443", unit: "m3" });
    expect(values.get("0-1:24.2.1")).toEqual({ value: "00981.443", unit: "m3" });
    expect(values.get("gas:24.2.1/time")).toEqual({ value: "2016-11-29T19:00:00Z" });
    expect(values.get("gas:96.1.0")?.value).toBe("4819243993373755377509728609491464");
  });

  it("passes over the log of power failures: it says nothing of now", () => {
    expect([...values.keys()].filter((name) => name.includes("99.97"))).toEqual([]);
  });

  it("is refused with any bit of what it says changed", () => {
    const sound = latin1(vector?.telegram ?? "");
    for (let bit = 0; bit < (sound.length - 8) * 8; bit += 7) {
      const broken = Uint8Array.from(sound);
      broken[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => parseTelegram(broken)).toThrow(DecodeError);
    }
  });

  it("is refused wherever it is cut", () => {
    const sound = latin1(vector?.telegram ?? "");
    for (let length = 0; length < sound.length - 5; length++)
      expect(() => parseTelegram(sound.subarray(0, length))).toThrow(DecodeError);
  });
});

describe("a telegram", () => {
  it("may print its checksum without leading zeros", () => {
    // Lines until the checksum happens to begin with a zero.
    let lines: readonly string[] = [];
    for (let i = 0; i < 100; i++) {
      lines = ["1-3:0.2.8(50)", `0-0:96.7.21(${String(i).padStart(5, "0")})`];
      if (Buffer.from(telegram(lines)).toString("latin1").includes("!0")) break;
    }
    const unpadded = telegram(lines, (crc) => crc);
    expect(Buffer.from(unpadded).toString("latin1")).toMatch(/![0-9A-F]{1,3}\r\n$/);
    expect(parseTelegram(unpadded).get("1-3:0.2.8")?.value).toBe("50");
  });

  it("may have none up to version 3", () => {
    const text = "/KMP5 KA6U001585575011\r\n\r\n0-0:96.1.1(205C)\r\n1-0:1.8.1(00185.000*kWh)\r\n!\r\n";
    expect(parseTelegram(latin1(text)).get("1-0:1.8.1")).toEqual({ value: "00185.000", unit: "kWh" });
    expect(refusal(text.replace("1-0:1.8.1(", "1-0:1.8.1["))).toContain("is no line of a telegram");
  });

  it("must have one from version 4 on", () => {
    expect(refusal("/X\r\n\r\n1-3:0.2.8(42)\r\n!\r\n")).toBe("the checksum is missing");
  });

  it("of version 3 tells gas in a profile of two lines", () => {
    const text =
      "/ISk5\\2ME382-1003\r\n\r\n0-1:24.1.0(03)\r\n0-1:96.1.0(3238)\r\n" +
      "0-1:24.3.0(121030140000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n(00024.123)\r\n!\r\n";
    expect(parseTelegram(latin1(text)).get("gas:24.2.1")).toEqual({ value: "00024.123", unit: "m3" });
  });

  it("names its channels by what is on them, wherever the meter has put them", () => {
    const values = read(
      "0-1:24.1.0(007)",
      "0-1:24.2.1(230101120000W)(00012.5*m3)",
      "0-2:24.1.0(003)",
      "0-2:24.2.1(230701120500S)(00033.000*m3)",
      "0-3:24.1.0(012)",
      "0-3:24.2.1(230101120000W)(00001.500*GJ)",
    );
    expect(values.get("water:24.2.1")?.value).toBe("00012.5");
    expect(values.get("gas:24.2.1/time")?.value).toBe("2023-07-01T10:05:00Z");
    expect(values.get("heat:24.2.1")).toEqual({ value: "00001.500", unit: "GJ" });
  });

  it("keeps the first of two gas meters under the name of gas, and both under their channels", () => {
    const values = read(
      "0-1:24.1.0(003)",
      "0-1:24.2.1(230101120000W)(1*m3)",
      "0-2:24.1.0(003)",
      "0-2:24.2.1(230101120000W)(2*m3)",
    );
    expect(values.get("gas:24.2.1")?.value).toBe("1");
    expect(values.get("0-2:24.2.1")?.value).toBe("2");
  });

  it.each([
    ["000101000000W", "1999-12-31T23:00:00Z"],
    ["230732120000S", "230732120000S"],
    ["230101250000W", "230101250000W"],
    ["231301120000W", "231301120000W"],
    ["230101120061W", "230101120061W"],
    ["230101120060W", "2023-01-01T11:01:00Z"],
    ["230001120000W", "230001120000W"],
  ])("reads the time %s as %s", (time, value) => {
    expect(read(`0-0:1.0.0(${time})`).get("0-0:1.0.0")?.value).toBe(value);
  });

  it("calls units as others do", () => {
    expect(read("0-1:24.2.1(230101120000W)(1250*dm3)").get("0-1:24.2.1")).toEqual({ value: "1250", unit: "l" });
  });

  it.each([
    ["", "no P1 telegram"],
    ["hello", "no P1 telegram"],
    ["/X\r\n1-0:1.8.0(1*kWh)\r\n", "no P1 telegram"],
    ["/X\r\n1-0:1.8.0(1*kWh)\r\n!0000\r\n", "checksum mismatch"],
  ])("that is none is refused: %j", (text, words) => {
    expect(refusal(text)).toContain(words);
  });

  it("of meaningless bytes is refused in words", () => {
    survives(parseTelegram, latin1("/ISK5\r\n\r\n1-0:1.8.0("));
  });
});

describe("devices behind a meter", () => {
  it("are the ones that were read last, where an old one keeps its channel", () => {
    const old = ["0-1:24.1.0(003)", "0-1:24.2.1(200101000000W)(00981.443*m3)"];
    const now = ["0-2:24.1.0(003)", "0-2:24.2.1(200426223001S)(00246.138*m3)"];
    for (const lines of [
      [...old, ...now],
      [...old.map((line) => line.replace("0-1:", "0-3:")), ...now],
    ])
      expect(read(...lines).get("gas:24.2.1")).toEqual({ value: "00246.138", unit: "m3" });
  });

  it("are not newer because their clock was never set", () => {
    const lines = ["0-1:24.1.0(003)", "0-1:24.2.1(700101010000W)(00000000)", "0-2:24.1.0(003)"];
    const telegram = read(...lines, "0-2:24.2.1(200426223001S)(00246.138*m3)");
    expect(telegram.get("gas:24.2.1/time")).toEqual({ value: "2020-04-26T20:30:01Z" });
    expect(telegram.get("0-1:24.2.1/time")).toEqual({ value: "1970-01-01T00:00:00Z" });
  });

  it("are the first of their kind, where none says when it was read", () => {
    const lines = ["0-1:24.1.0(003)", "0-1:24.2.1(00001.000*m3)", "0-2:24.1.0(003)", "0-2:24.2.1(00002.000*m3)"];
    expect(read(...lines).get("gas:24.2.1")).toEqual({ value: "00001.000", unit: "m3" });
  });

  it("may tell gas as it was measured, and their number elsewhere, as in Belgium", () => {
    const telegram = read("0-1:24.1.0(003)", "0-1:96.1.1(37464C4F)", "0-1:24.2.3(200512134558S)(00112.384*m3)");
    expect(telegram.get("gas:24.2.1")).toEqual({ value: "00112.384", unit: "m3" });
    expect(telegram.get("gas:24.2.1/time")).toEqual({ value: "2020-05-12T11:45:58Z" });
    expect(telegram.get("gas:96.1.0")).toEqual({ value: "37464C4F" });
  });
});
