/** NMEA 0183: published sentences, and all that must not become a position. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DecodeError } from "../../src/base/bytes.ts";
import { loadDevices } from "../../src/library/index.ts";
import { parseSentence } from "../../src/library/framing/nmea.ts";
import { AT, frameOf, values } from "../support/definitions.ts";

interface Vectors {
  readonly streams: readonly { sentences: readonly string[]; last_fix: Readonly<Record<string, unknown>> }[];
}
const isVectors = (value: unknown): value is Vectors =>
  typeof value === "object" && value !== null && "streams" in value;
const vectors: unknown = JSON.parse(readFileSync(new URL("../vectors/nmea.json", import.meta.url), "utf8"));

const receiver = loadDevices().library.get("gnss.nmea0183")!;

/** A sentence with its checksum. */
function sentence(body: string): string {
  let sum = 0;
  for (const char of body) sum ^= char.charCodeAt(0);
  return `$${body}*${sum.toString(16).toUpperCase().padStart(2, "0")}`;
}
const read = (body: string) => values(receiver, { kind: "text", text: sentence(body) });

describe("a sentence", () => {
  it("is what it says, whoever talks", () => {
    for (const talker of ["GP", "GN", "GL", "GA", "BD", "QZ"])
      expect(parseSentence(sentence(`${talker}GLL,1,2`))?.formatter).toBe("GLL");
    expect(parseSentence(`!${sentence("AIVDM,1,1").slice(1)}`)?.formatter).toBe("VDM");
  });

  it("needs a checksum that is right, in either case of letters", () => {
    expect(
      parseSentence(
        sentence("GPGLL,1")
          .toLowerCase()
          .replace("gpgll", "GPGLL")
          .replace(/\*.*/, (sum) => sum.toLowerCase()),
      ),
    ).toBeDefined();
    for (const line of ["$GPGLL,1", "$GPGLL,1*", "$GPGLL,1*0", "$GPGLL,1*00", "$GPGLL,1*ZZ", "$GPGLL,1*600", ""])
      expect(() => parseSentence(line)).toThrow(DecodeError);
  });

  it("is refused if it is malformed under a right checksum", () => {
    for (const body of ["GPGL,1", "GPGLLX,1", "gpgll,1", "", ",", "G"])
      expect(() => parseSentence(sentence(body))).toThrow(DecodeError);
    expect(() => parseSentence(sentence(`GPGLL,${"1".repeat(150)}`))).toThrow("sentence of 160 characters");
  });

  it("of a maker's own is not for us", () => {
    expect(parseSentence(sentence("PSRFTXT,Baud rate: 57600"))).toBeUndefined();
    expect(read("PUBX,00,1")).toBeUndefined();
  });
});

describe("a position", () => {
  it("is in degrees, north and east positive", () => {
    expect(read("GPGLL,4717.11364,N,00833.91565,E,092321.00,A,A")).toMatchObject({
      latitude: 47.28522733333,
      longitude: 8.56526083333,
    });
    expect(read("GPGLL,3351.00000,S,15112.00000,W,092321.00,A,A")).toMatchObject({
      latitude: -33.85,
      longitude: -151.2,
    });
    expect(read("GPGLL,0000.00000,N,00000.00000,E,092321.00,A,A")).toMatchObject({ latitude: 0, longitude: 0 });
  });

  it("is not available while the receiver says that it is not valid", () => {
    for (const body of [
      "GPGLL,5201.0687,N,00832.0645,E,142818.899,V,N",
      "GPRMC,142818.899,V,5201.0687,N,00832.0645,E,,,180708,,,N",
      "GPGGA,142818.899,5201.0687,N,00832.0645,E,0,04,,35.8,M,47.2,M,,0000",
      "GPGGA,142818.899,5201.0687,N,00832.0645,E,6,04,,35.8,M,47.2,M,,0000",
      "GPGLL,5201.0687,N,00832.0645,E,142818.899,,N",
    ])
      expect(read(body)).toMatchObject({ latitude: null, longitude: null });
  });

  it("is not available where the receiver leaves it empty", () => {
    expect(read("GPGLL,,,,,142816.359,A,N")).toMatchObject({ latitude: null, longitude: null, valid: true });
  });

  it.each([
    ["9000.00001,N"],
    ["4760.0000,N"],
    ["4717.11364,E"],
    ["4717.11364,"],
    ["47.11364,N"],
    ["-4717.113,N"],
    ["4717.1136a,N"],
    ["47171.1364,N"],
  ])("that is none makes the sentence malformed: %s", (latitude) => {
    expect(() => read(`GPGLL,${latitude},00833.91565,E,092321.00,A,A`)).toThrow("latitude");
  });

  it("east of 180 degrees makes the sentence malformed", () => {
    expect(() => read("GPGLL,4717.11364,N,18000.00001,E,092321.00,A,A")).toThrow("longitude");
  });
});

describe("time and numbers", () => {
  it("have a century: from 80 on the last one", () => {
    expect(read("GPRMC,000000,A,,,,,,,010180,,,A")).toMatchObject({ utc: Date.UTC(1980, 0, 1) / 1000 });
    expect(read("GPRMC,000000,A,,,,,,,311279,,,A")).toMatchObject({ utc: Date.UTC(2079, 11, 31) / 1000 });
    expect(read("GPRMC,123519.25,A,,,,,,,130998,,,A")).toMatchObject({
      utc: Date.UTC(1998, 8, 13, 12, 35, 19) / 1000 + 0.25,
    });
  });

  it.each(["240000", "126000", "123461", "12351", "12:35:19", "123519.", "now"])(
    "that are none make the sentence malformed: %s",
    (time) => {
      expect(() => read(`GPRMC,${time},A,,,,,,,010126,,,A`)).toThrow(DecodeError);
    },
  );

  it.each(["310226", "000126", "011326", "1126", "29022o"])(
    "dates that are none make the sentence malformed: %s",
    (date) => {
      expect(() => read(`GPRMC,123519,A,,,,,,,${date},,,A`)).toThrow(DecodeError);
    },
  );

  it("knows leap days and leap seconds", () => {
    expect(read("GPRMC,235960,A,,,,,,,290224,,,A")).toMatchObject({
      date_yy_mm_dd: "24-02-29",
      time_utc: "23:59:60.000",
    });
  });

  it("refuses letters where numbers belong", () => {
    expect(() => read("GPGGA,092725.00,,,,,1,08,x,499.6,M,48.0,M,,")).toThrow('hdop: "x" is no number');
    expect(read("GPGGA,092725.00,,,,,1,08,99.99,499.6,M,48.0,M,,")).toMatchObject({ hdop: null });
  });

  it("has variation to the west negative", () => {
    expect(read("GPRMC,123519,A,,,,,,,230394,003.1,E,A")).toMatchObject({ magnetic_variation: 3.1 });
    expect(() => read("GPRMC,123519,A,,,,,,,230394,003.1,N,A")).toThrow("magnetic_variation");
  });

  it("takes parts that a short sentence does not have for not available", () => {
    expect(read("GPRMC,123519,A")).toMatchObject({ latitude: null, speed: null, magnetic_variation: null });
  });
});

describe("the time of measurement", () => {
  const at = (ms: number, trusted: boolean) => {
    const text = sentence("GPRMC,120003.00,A,4717.11437,N,00833.91522,E,0.004,77.52,010626,,,A");
    return receiver.decode({ ...frameOf({ kind: "text", text }), at: { ms, trusted } })?.at;
  };
  const fix = Date.UTC(2026, 5, 1, 12, 0, 3);

  it("is that of the satellites where both clocks agree", () => {
    expect(at(AT.ms, true)).toEqual({ ms: fix, trusted: true });
  });

  it("is that of reception where they do not: a receiver may play a recording", () => {
    expect(at(AT.ms + 3_600_000, true)).toEqual({ ms: AT.ms + 3_600_000, trusted: true });
  });

  it("is that of the satellites where the gateway has no clock", () => {
    expect(at(0, false)).toEqual({ ms: fix, trusted: true });
  });

  it("is that of reception for sentences without a date", () => {
    const text = sentence("GPGGA,120003.00,4717.11399,N,00833.91590,E,1,08,1.01,499.6,M,48.0,M,,");
    expect(receiver.decode(frameOf({ kind: "text", text }))?.at).toEqual(AT);
  });
});

describe("a recorded receiver", () => {
  it("arrives at the position that its makers' test expects", () => {
    if (!isVectors(vectors)) throw new Error("no vectors");
    const [stream] = vectors.streams;
    const last: Record<string, unknown> = {};
    for (const text of stream!.sentences)
      for (const [name, value] of Object.entries(values(receiver, { kind: "text", text }) ?? {}))
        if (value !== null) last[name] = value;
    const fix = stream!.last_fix;
    expect(last["latitude"]).toBeCloseTo(Number(fix["latitude_deg"]), 8);
    expect(last["longitude"]).toBeCloseTo(Number(fix["longitude_deg"]), 8);
    expect(last["altitude_msl"]).toBe(fix["altitude_msl_m"]);
    expect(last["course"]).toBe(fix["course_deg"]);
    expect(last["speed"]).toBeCloseTo(Number(fix["speed_m_s"]), 3);
    expect(new Date(Number(last["utc"]) * 1000).toISOString()).toBe(fix["time"]);
  });
});
