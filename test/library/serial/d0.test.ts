/** D0 readouts of meters: published ones are read as published, broken ones are refused. */

import { describe, expect, it } from "vitest";
import { DecodeError } from "../../../src/base/bytes.ts";
import { parseReadout } from "../../../src/library/framing/d0.ts";
import { goldenTexts, latin1, survives } from "./telegrams.ts";

const readout = (...lines: readonly string[]) =>
  latin1(`/ACM5 X\r\n\r\n${lines.map((each) => `${each}\r\n`).join("")}!\r\n`);
const read = (...lines: readonly string[]) => {
  const values = new Map(parseReadout(readout(...lines)));
  expect(values.get("header")).toEqual({ value: "ACM5 X" });
  values.delete("header");
  return Object.fromEntries(values);
};

/** As a meter answers that was asked: between STX and ETX, with the sum of both and all between but the first. */
function answer(...lines: readonly string[]): Uint8Array {
  const body = `${lines.map((each) => `${each}\r\n`).join("")}!\r\n\x03`;
  const sum = latin1(body).reduce((total, byte) => total ^ byte, 0);
  return latin1(`/ACM5 X\r\n\x02${body}${String.fromCharCode(sum)}`);
}

describe("a line of a readout", () => {
  it.each([
    ["1-0:1.8.0*255(00001013.0368091*kWh)", "1.8.0", { value: "00001013.0368091", unit: "kWh" }],
    ["1-0:1.7.255*255(-000116.77*W)", "1.7.0", { value: "-000116.77", unit: "W" }],
    ["1-1:16.7.0(02.027*kW)", "16.7.0", { value: "02.027", unit: "kW" }],
    ["0-0:96.1.255*255(1ESY1233002534)", "0-0:96.1.0", { value: "1ESY1233002534" }],
    ["7-1:3.0.0(00012.345*m3)", "7-1:3.0.0", { value: "00012.345", unit: "m3" }],
    ["1.8.1*02(000900.000*kWh)", "1.8.1*2", { value: "000900.000", unit: "kWh" }],
    ["1.8.1&7(000900.000*kWh)", "1.8.1*7", { value: "000900.000", unit: "kWh" }],
    ["1.6.1(04.21*KW)(2211221500)", "1.6.1", { value: "04.21", unit: "kW" }],
    ["1.8.0(00000023,7246460*kWh)", "1.8.0", { value: "00000023.7246460", unit: "kWh" }],
    ["F.F(00)", "F.F", { value: "00" }],
    ["0.9.1()", "0.9.1", { value: null }],
  ])("%s is %s", (line, name, value) => {
    expect(read(line)).toEqual({ [name]: value });
  });

  it.each([
    "1-081.8.0*255(00000023,7246460*kWh)",
    "1-0:1.8.0*25500001013.0368091*kWh)",
    "1-0:1.8.0*255(00001013.0368091*kWh",
    "1.8.0",
    "(1.8.0)",
    "1-0:1.8.0*255(1)x",
  ])("that is none makes the readout worthless: %s", (line) => {
    expect(() => read("2.8.0(1*kWh)", line)).toThrow(DecodeError);
  });

  it("may not stand there twice: which one would be true?", () => {
    expect(() => read("1.8.0(1*kWh)", "1-0:1.8.0*255(2*kWh)")).toThrow("stands there twice");
  });
});

describe("a readout", () => {
  it.each([
    ["nothing", ""],
    ["no name", "/\r\n1.8.0(1*kWh)\r\n!\r\n"],
    ["no end", "/ACM5 X\r\n1.8.0(1*kWh)\r\n"],
    ["no values", "/ACM5 X\r\n\r\n!\r\n"],
    ["words behind its end", "/ACM5 X\r\n1.8.0(1*kWh)\r\n!\r\nmore"],
    ["no checksum where one belongs", "/ACM5 X\r\n\x021.8.0(1*kWh)\r\n!\r\n\x03"],
  ])("with %s is refused", (_name, text) => {
    expect(() => parseReadout(latin1(text))).toThrow(DecodeError);
  });

  it("that was asked for is protected by its checksum, whatever bit of it is changed", () => {
    const sound = answer("F.F(00)", "1.8.0(001581.123*kWh)", "2.8.0(000002.444*kWh)");
    expect(parseReadout(sound).get("1.8.0")).toEqual({ value: "001581.123", unit: "kWh" });
    const body = sound.indexOf(2);
    for (let bit = body * 8; bit < sound.length * 8; bit++) {
      const broken = Uint8Array.from(sound);
      broken[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => parseReadout(broken), `bit ${bit}`).toThrow(DecodeError);
    }
    for (let length = 0; length < sound.length; length++)
      expect(() => parseReadout(sound.subarray(0, length)), `cut at ${length}`).toThrow(DecodeError);
  });

  it("of any published kind is refused wherever it is cut", () => {
    const texts = goldenTexts("iec62056.d0-meter");
    expect(texts.length).toBeGreaterThan(3);
    for (const bytes of texts) {
      expect(parseReadout(bytes).size).toBeGreaterThan(2);
      // What is lost of the last line end says nothing.
      for (let length = 0; length < bytes.length - 2; length++)
        expect(() => parseReadout(bytes.subarray(0, length)), `cut at ${length}`).toThrow(DecodeError);
    }
  });

  it("without a checksum is refused if a bit of a code or a bracket is changed to what has no form", () => {
    const [sound = new Uint8Array()] = goldenTexts("iec62056.d0-meter");
    let refused = 0;
    for (let at = sound.indexOf(0x0a) + 3; at < sound.length; at++) {
      // Seven bits and parity: a receiver drops what has one bit wrong; here nobody has.
      const broken = Uint8Array.from(sound);
      broken[at]! ^= 0x40;
      try {
        parseReadout(broken);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(sound.length / 3);
  });

  it("of no meaning ends in DecodeError only", () => {
    survives(parseReadout, latin1("/ACM5 X\r\n1.8.0("));
    survives(parseReadout, latin1("/ACM5 X\r\n\x021.8.0("));
  });
});
