/** Sentences whose checksum is right and whose fields are not, and receivers that have lost the sky. */

import { describe, expect, it } from "vitest";
import { DecodeError } from "../../src/base/bytes.ts";
import { loadDevices } from "../../src/library/index.ts";
import { AT, frameOf, values } from "../support/definitions.ts";

const receiver = loadDevices().library.get("gnss.nmea0183")!;

function sentence(body: string): string {
  let sum = 0;
  for (const char of body) sum ^= char.charCodeAt(0);
  return `$${body}*${sum.toString(16).toUpperCase().padStart(2, "0")}`;
}
const read = (body: string) => values(receiver, { kind: "text", text: sentence(body) });

const RMC = "GPRMC,083559.00,A,4717.11437,N,00833.91522,E,0.004,77.52,091202,003.1,W,A";
const GGA = "GPGGA,092725.00,4717.11399,N,00833.91590,E,1,08,1.01,499.6,M,48.0,M,,";

/** The sentence with one of its parts exchanged. */
function withPart(body: string, part: number, text: string): string {
  const parts = body.split(",");
  parts[part] = text;
  return parts.join(",");
}

describe("a sentence with one corrupt part under a right checksum", () => {
  it.each([
    [1, "08355900"],
    [1, "083561.00"],
    [1, "253559.00"],
    [1, "8:35:59"],
    [1, "083559.0a"],
    [3, "4717,11437"],
    [3, "4717.114.37"],
    [3, "47 17.11437"],
    [3, "9100.00000"],
    [3, "4799.00000"],
    [3, "NaN"],
    [4, "X"],
    [4, "n"],
    [4, "NN"],
    [4, "E"],
    [5, "0833.91522"],
    [5, "18100.00000"],
    [5, "008O3.91522"],
    [6, "N"],
    [6, "w"],
    [7, "0.0.4"],
    [7, "fast"],
    [7, "0,004"],
    [8, "77.5.2"],
    [8, "north"],
    [9, "320202"],
    [9, "091302"],
    [9, "290223"],
    [9, "0912"],
    [9, "09-12-02"],
    [10, "three"],
    [10, "-3.1"],
    [10, "181"],
    [11, "N"],
    [11, "WW"],
  ])("is refused as a whole: RMC part %i is %j", (part, text) => {
    expect(() => read(withPart(RMC, part, text))).toThrow(DecodeError);
  });

  it.each([
    [1, "99"],
    [2, "471711399"],
    [3, "S1"],
    [4, "833"],
    [5, ""],
    [7, "o8"],
    [8, "1.0.1"],
    [9, "499.6M"],
    [11, "forty"],
  ])("is refused as a whole: GGA part %i is %j", (part, text) => {
    expect(() => read(withPart(GGA, part, text))).toThrow(DecodeError);
  });

  it("is refused with a single bit turned anywhere, or says the same: the checksum sees it", () => {
    const text = sentence(RMC);
    const sound = values(receiver, { kind: "text", text });
    for (let at = 0; at < text.length; at++)
      for (let bit = 0; bit < 7; bit++) {
        const code = text.charCodeAt(at) ^ (1 << bit);
        const turned = text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
        let outcome: unknown = "refused";
        try {
          outcome = values(receiver, { kind: "text", text: turned });
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error;
        }
        // A letter of the checksum in the other case is the same checksum; $ and ! both begin a sentence.
        if (outcome !== "refused") expect([sound, undefined]).toContainEqual(outcome);
      }
  });

  it("is refused with two sentences run into one another", () => {
    const [first, second] = [sentence(RMC), sentence(GGA)];
    for (const cut of [5, 20, 40, 60])
      expect(() => values(receiver, { kind: "text", text: first.slice(0, cut) + second })).toThrow(DecodeError);
  });
});

describe("a status that is none", () => {
  it.each(["", "X", "a", "AA", "1"])("of RMC (%j) is no position", (status) => {
    expect(read(withPart(RMC, 2, status))).toMatchObject(
      status === "1" ? { valid: true } : { valid: null, latitude: null, longitude: null, utc: null },
    );
  });

  it.each(["0", "6", "7", "8"])("of GGA (%s) is no position, and no altitude", (quality) => {
    expect(read(withPart(GGA, 6, quality))).toMatchObject({ latitude: null, longitude: null, altitude_msl: null });
  });

  it.each(["1", "2", "3", "4", "5"])("of GGA (%s) is a position", (quality) => {
    expect(read(withPart(GGA, 6, quality))).toMatchObject({ latitude: 47.28523316667, altitude_msl: 499.6 });
  });
});

describe("a receiver without a fix", () => {
  it("has no speed and no course, though it goes on telling them", () => {
    expect(read(withPart(RMC, 2, "V"))).toMatchObject({ speed: null, speed_knots: null, course: null });
    expect(read("GPVTG,77.52,T,,M,0.004,N,0.008,K,N")).toMatchObject({ speed: null, speed_km_h: null, course: null });
  });

  it("has both with one, also where the sentence says nothing of it", () => {
    expect(read(RMC)).toMatchObject({ speed_knots: 0.004, course: 77.52 });
    for (const end of [",A", ",D", ",", ""])
      expect(read(`GPVTG,77.52,T,,M,0.004,N,0.008,K${end}`)).toMatchObject({ speed_km_h: 0.008, course: 77.52 });
  });

  it("keeps its last position upstream, and says that it is worth nothing", () => {
    const mapping = receiver.createMapping();
    const hear = (body: string) => {
      const reading = receiver.decode(frameOf({ kind: "text", text: sentence(body) }));
      return Object.fromEntries((reading ? mapping.updates(reading) : []).map(({ path, value }) => [path, value]));
    };
    expect(hear(RMC)).toMatchObject({ "/6/0/0": 47.2852395, "/3336/0/6042": 4 });
    const lost = hear(withPart(RMC, 2, "V"));
    expect(lost).not.toHaveProperty("/6/0/0");
    expect(lost).not.toHaveProperty("/6/0/5");
    expect(lost).not.toHaveProperty("/6/0/6");
    expect(lost["/3336/0/6042"]).toBe(1);
    expect(hear(RMC)).toMatchObject({ "/3336/0/6042": 4 });
  });

  it("at the point where the equator meets the prime meridian is there only if it says so", () => {
    const zero = "GPRMC,083559.00,A,0000.00000,N,00000.00000,E,0,0,091202,,,A";
    expect(read(zero)).toMatchObject({ latitude: 0, longitude: 0 });
    expect(read(withPart(zero, 2, "V"))).toMatchObject({ latitude: null, longitude: null });
  });
});

describe("published sentences", () => {
  it.each([
    [
      "$GPGGA,092725.00,4717.11399,N,00833.91590,E,1,08,1.01,499.6,M,48.0,M,,*5B",
      {
        time_utc: "09:27:25.000",
        latitude: 47.28523316667,
        longitude: 8.565265,
        fix_quality: 1,
        satellites: 8,
        hdop: 1.01,
      },
    ],
    ["$GPGLL,4717.11364,N,00833.91565,E,092321.00,A,A*60", { time_utc: "09:23:21.000", valid: true }],
    [
      "$GPRMC,083559.00,A,4717.11437,N,00833.91522,E,0.004,77.52,091202,,,A*57",
      { date_yy_mm_dd: "02-12-09", latitude: 47.2852395, speed_knots: 0.004, course: 77.52 },
    ],
    ["$GPVTG,77.52,T,,M,0.004,N,0.008,K,A*06", { course: 77.52, speed_knots: 0.004, speed_km_h: 0.008 }],
    ["$GPZDA,082710.00,16,09,2002,00,00*64", { time_utc: "08:27:10.000", day: 16, month: 9, year: 2002 }],
    [
      "$GPGSA,A,3,23,29,07,08,09,18,26,28,,,,,1.94,1.18,1.54*0D",
      { mode: "A", fix_type: "3", sv: "23,29,07,08,09,18,26,28", pdop: 1.94, hdop: 1.18, vdop: 1.54 },
    ],
  ])("%s", (text, expected) => {
    expect(values(receiver, { kind: "text", text })).toMatchObject(expected);
  });

  it("come with the line ends and blanks that serial lines have", () => {
    for (const end of ["\r\n", "\n", "\r", "  \r\n"])
      expect(receiver.decode(frameOf({ kind: "text", text: `${sentence(GGA)}${end}` }))?.at).toEqual(AT);
  });
});
