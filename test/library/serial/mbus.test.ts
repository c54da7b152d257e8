/** M-Bus long frames: a published one is read as published, every kind of data once, broken ones are refused. */

import { describe, expect, it } from "vitest";
import { DecodeError, fromHex } from "../../../src/base/bytes.ts";
import { parseLongFrame } from "../../../src/library/framing/mbus.ts";
import { refusesAllButWhole, survives, vectorsOf } from "./telegrams.ts";

const HEADER = "08 01 72 78563412 2d2c 35 04 2a 00 0000";

/** A frame around these records. */
function frame(records: string, header = HEADER): Uint8Array {
  const inner = fromHex(header + records);
  const sum = inner.reduce((total, byte) => (total + byte) & 0xff, 0);
  return Uint8Array.from([0x68, inner.length, inner.length, 0x68, ...inner, sum, 0x16]);
}

/** What one record says, by name. */
function record(hex: string): Record<string, unknown> {
  const HEAD = ["address", "id", "manufacturer", "version", "medium", "access", "status"];
  const found = [...parseLongFrame(frame(hex))].filter(([name]) => !HEAD.includes(name));
  return Object.fromEntries(
    found.map(([name, { value, unit }]) => [
      name,
      unit === undefined || value === null ? value : `${String(value)} ${unit}`,
    ]),
  );
}

describe("a published frame of a water meter", () => {
  const [vector] = vectorsOf("M-Bus");
  const bytes = fromHex(vector?.frame_hex ?? "");
  const telegram = parseLongFrame(bytes);
  const expected = vector?.expected as { slave: Record<string, string>; records: readonly { value: unknown }[] };

  it("says who it is", () => {
    expect(Number(telegram.get("id")?.value)).toBe(Number(expected.slave["Id"]));
    expect(telegram.get("manufacturer")?.value).toBe(expected.slave["Manufacturer"]);
    expect(String(telegram.get("version")?.value)).toBe(expected.slave["Version"]);
    expect(telegram.get("medium")?.value).toBe(expected.slave["Medium"]?.toLowerCase());
    expect(String(telegram.get("access")?.value)).toBe(expected.slave["AccessNumber"]);
    expect(telegram.get("status")?.value).toBe(0);
  });

  it.each([
    [0, "fabrication_number", "09011523"],
    [1, "cust_id", "09LA076755"],
    [2, "datetime", "2014-03-13T14:26:00"],
    [3, "bat_time", 2516],
    [4, "volume", 0.031],
    [5, "volume+7f", 0],
    [6, "volume@1", 0.031],
  ])("record %d is %s", (at, name, value) => {
    expect(telegram.get(name)?.value).toBe(value);
    const published = expected.records[at]?.value;
    if (typeof published === "number") expect(Number(telegram.get(name)?.value)).toBe(published);
    else expect(`${String(telegram.get(name)?.value)}${name === "datetime" ? "Z" : ""}`).toBe(published);
  });

  it("keeps what the maker says for himself out of it", () => {
    expect(telegram.get("more")?.value).toBe(false);
    expect(telegram.get("volume")?.unit).toBe("m3");
    expect(telegram.size).toBe(15);
  });

  it("is refused wherever it is cut and with any bit changed", () => {
    refusesAllButWhole(parseLongFrame, bytes);
  });
});

describe("a record", () => {
  it.each([
    ["energy in kWh", "04 06 d2040000", { energy: "1234000 Wh" }],
    ["energy in packed decimals", "0c 06 78563412", { energy: "12345678000 Wh" }],
    ["energy in MJ", "0c 0e 90000000", { energy: "90000000 J" }],
    ["volume in litres", "0c 13 27040000", { volume: "0.427 m3" }],
    ["power in W", "0b 2b 123400", { power: "3412 W" }],
    ["power in J/h", "04 30 100e0000", { power: "1 W" }],
    ["flow", "0b 3b 340100", { volume_flow: "0.134 m3/h" }],
    ["flow by the minute", "02 46 0100", { volume_flow: "6 m3/h" }],
    ["flow temperature", "0a 5a 2706", { flow_temperature: "62.7 Cel" }],
    ["return temperature below zero", "02 5d 18fc", { return_temperature: "-10 Cel" }],
    ["a negative decimal", "0b 59 1500f0", { flow_temperature: "-0.15 Cel" }],
    ["a difference of temperatures", "02 61 e803", { temperature_difference: "10 K" }],
    ["a float", "05 5b 0000ac41", { flow_temperature: "21.5 Cel" }],
    ["pressure", "02 69 d204", { pressure: "12.34 bar" }],
    ["voltage", "02 fd48 fa08", { voltage: "229.8 V" }],
    ["current", "02 fd59 d204", { current: "1.234 A" }],
    ["hours of operation", "02 26 e803", { operating_time: "1000 h" }],
    ["a date", "02 6c 9f2c", { date: "2020-12-31" }],
    ["a date that is none", "02 6c 0000", { date: null }],
    ["a day of every year is no date", "02 6c fffc", { date: null }],
    ["the last day of 1999", "02 6c 7fcc", { date: "1999-12-31" }],
    ["a year of this century, as late as there are any", "02 6c 1fac", { date: "2080-12-31" }],
    ["a year of the last one, as early as there are any", "02 6c 3fac", { date: "1981-12-31" }],
    ["the last minute of a day", "04 6d 3b17cd13", { datetime: "2014-03-13T23:59:00" }],
    ["an hour that no day has", "04 6d 0018cd13", { datetime: null }],
    ["a minute that no hour has", "04 6d 3c17cd13", { datetime: null }],
    ["a time that is invalid", "04 6d 9a0ecd13", { datetime: null }],
    ["a number of the device with its zeros", "0c 78 56340000", { fabrication_number: "00003456" }],
    ["eight bytes", "07 03 0100000000000000", { energy: "1 Wh" }],
    ["the most negative number is none", "02 5a 0080", { flow_temperature: null }],
    ["digits beyond nine are none", "0c 13 aaaaaaaa", { volume: null }],
    ["a maximum", "12 2b e803", { "power:max": "1000 W" }],
    ["a minimum", "22 2b e803", { "power:min": "1000 W" }],
    ["a value of an error", "32 2b e803", { "power:error": "1000 W" }],
    ["storage 1", "44 13 1f000000", { "volume@1": "0.031 m3" }],
    ["storage 3", "c401 13 1f000000", { "volume@3": "0.031 m3" }],
    ["storage 32 and tariff 2", "84a001 06 01000000", { "energy@32#2": "1000 Wh" }],
    ["subunit 1", "8440 13 01000000", { "volume.1": "0.001 m3" }],
    ["ten times as much", "04 9377 01000000", { volume: "0.01 m3" }],
    ["a thousand times as much", "04 937d 01000000", { volume: "1 m3" }],
    ["an extension that we do not know", "04 933b 01000000", { "volume+3b": "0.001 m3" }],
    ["energy beyond the first table", "04 fb01 02000000", { energy: "2000000 Wh" }],
    ["a quantity that we do not know", "01 ff05 01", {}],
    ["no data", "00 13", {}],
    ["text", "0d fd11 03434241", { customer: "ABC" }],
    ["a number of variable length", "0d 13 e2 0102", { volume: "0.513 m3" }],
    ["negative digits of variable length", "0d 5a d1 15", { flow_temperature: "-1.5 Cel" }],
  ])("holds %s", (_what, hex, expected) => {
    expect(record(hex)).toEqual(expected);
  });

  /** EN 13757-3 tables 10, 12 and 14: what one stands for, under the first and the last code of each row. */
  it.each([
    ["00", "energy", "0.001 Wh", "07", "10000 Wh"],
    ["08", "energy", "1 J", "0f", "10000000 J"],
    ["10", "volume", "0.000001 m3", "17", "10 m3"],
    ["18", "mass", "0.001 kg", "1f", "10000 kg"],
    ["28", "power", "0.001 W", "2f", "10000 W"],
    ["30", "power", "0.000277777777778 W", "37", "2777.77777778 W"],
    ["38", "volume_flow", "0.000001 m3/h", "3f", "10 m3/h"],
    ["40", "volume_flow", "0.000006 m3/h", "47", "60 m3/h"],
    ["48", "volume_flow", "1e-9 m3/s", "4f", "0.01 m3/s"],
    ["50", "mass_flow", "0.001 kg/h", "57", "10000 kg/h"],
    ["58", "flow_temperature", "0.001 Cel", "5b", "1 Cel"],
    ["5c", "return_temperature", "0.001 Cel", "5f", "1 Cel"],
    ["60", "temperature_difference", "0.001 K", "63", "1 K"],
    ["64", "external_temperature", "0.001 Cel", "67", "1 Cel"],
    ["68", "pressure", "0.001 bar", "6b", "1 bar"],
    ["20", "on_time", "1 s", "23", "1 d"],
    ["24", "operating_time", "1 s", "27", "1 d"],
    ["70", "averaging_time", "1 s", "73", "1 d"],
    ["74", "actuality_time", "1 s", "77", "1 d"],
    ["fd40", "voltage", "1e-9 V", "fd4f", "1000000 V"],
    ["fd50", "current", "1e-12 A", "fd5f", "1000 A"],
    ["fb00", "energy", "100000 Wh", "fb01", "1000000 Wh"],
    ["fb08", "energy", "100000000 J", "fb09", "1000000000 J"],
    ["fb10", "volume", "100 m3", "fb11", "1000 m3"],
    ["fb18", "mass", "100000 kg", "fb19", "1000000 kg"],
    ["fb28", "power", "100000 W", "fb29", "1000000 W"],
  ])("under %s is %s of %s, up to %s with %s", (first, quantity, least, last, most) => {
    expect(record(`01 ${first} 01`)).toEqual({ [quantity]: least });
    expect(record(`01 ${last} 01`)).toEqual({ [quantity]: most });
  });

  it("may be multiplied by powers of ten from -6 to 1 and by a thousand", () => {
    expect(record("01 9370 01")).toEqual({ volume: "1e-9 m3" });
    expect(record("01 9376 01")).toEqual({ volume: "0.001 m3" });
    expect(record("01 93f07d 01")).toEqual({ volume: "0.000001 m3" });
  });

  it("counts once where its name comes again", () => {
    expect(record("01 13 01 01 13 02")).toEqual({ volume: "0.001 m3" });
  });

  it("may be followed by filling bytes, and by the maker's own", () => {
    expect(record("2f2f 01 13 01 2f 1f aabbcc")).toEqual({ volume: "0.001 m3", more: true });
  });
});

describe("a frame", () => {
  const refusal = (bytes: Uint8Array) => {
    try {
      parseLongFrame(bytes);
    } catch (error) {
      return error instanceof DecodeError ? error.message : error;
    }
    return undefined;
  };

  it.each([
    ["that is encrypted", frame("", "08 01 72 78563412 2d2c 35 04 2a 00 0005"), "encrypted"],
    ["that is encrypted in a way of the newest standards", frame("", "08 01 7a 05 00 0010"), "encrypted"],
    ["that is a request", frame("", "53 01 51"), "no answer with data"],
    ["of another kind of data", frame("", "08 01 70 05"), "CI 70"],
    ["with extensions without end", frame("84 80808080808080808080 80 13"), "more than ten extensions of a DIF"],
    ["with extensions of a VIF without end", frame(`04 93${"ff".repeat(12)}`), "more than ten extensions of a VIF"],
    ["with data of an unknown length", frame("0d 13 fb"), "length that is not known"],
    ["with a record that is cut", frame("04 13 0102"), "bytes wanted"],
    ["with the length twice, and not the same", fromHex("68 03 04 68 080172 7b 16"), "no M-Bus long frame"],
  ])("%s is refused", (_what, bytes, words) => {
    expect(refusal(bytes)).toContain(words);
  });

  it("with a short header, or none, has records too", () => {
    expect(parseLongFrame(frame("01 13 01", "08 01 7a 05 00 0000")).get("volume")?.value).toBe(0.001);
    expect(parseLongFrame(frame("01 13 01", "08 01 78")).get("volume")?.value).toBe(0.001);
  });

  it("may say besides that more waits, or that it is busy", () => {
    for (const control of ["18", "28", "38"])
      expect(parseLongFrame(frame("01 13 01", `${control} 01 78`)).get("volume")?.value).toBe(0.001);
    for (const control of ["09", "48", "88"])
      expect(refusal(frame("01 13 01", `${control} 01 78`))).toContain("no answer with data");
  });

  it("of meaningless bytes is refused in words", () => {
    survives(parseLongFrame, fromHex("68090968080172"));
    survives((bytes) => parseLongFrame(frame(Buffer.from(bytes.subarray(0, 230)).toString("hex"))), fromHex("0413"));
  });
});
