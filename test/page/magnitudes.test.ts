/** Figures of every size and kind: never a wrong one, never one that breaks the card it stands in. */

import { describe, expect, it } from "vitest";
import {
  ago,
  bytes,
  dateTime,
  duration,
  fixed,
  LIVENESS_WORDS,
  madeBy,
  plain,
  plural,
  qualityWord,
  REGISTRATION_WORDS,
  showScalar,
  showValue,
  signalBars,
  until,
  words,
} from "../../src/http/page/format.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const LONGEST = 24;

describe("a number without a unit", () => {
  it.each([
    [0, "0"],
    [-0, "0"],
    [1, "1"],
    [-1, "−1"],
    [0.5, "0.5"],
    [-0.5, "−0.5"],
    [0.1 + 0.2, "0.3"],
    [0.000_012_34, "0.00001234"],
    [0.000_001, "0.000001"],
    [1.5e-7, "1.500e−7"],
    [-1.5e-7, "−1.500e−7"],
    [5e-324, "4.941e−324"],
    [999.9999, "1,000"],
    [1_000.05, "1,000.1"],
    [-1_234.56, "−1,234.6"],
    [12_345_678, "12,345,678"],
    [999_999_999_999_999, "999,999,999,999,999"],
    [1e15, "1.000e+15"],
    [-3.4028234663852886e38, "−3.403e+38"],
    [Number.MAX_VALUE, "1.798e+308"],
    [Infinity, "—"],
    [-Infinity, "—"],
    [Number.NaN, "—"],
  ])("%d is shown as %s", (number, shown) => {
    expect(plain(number)).toBe(shown);
  });

  it("keeps its sign, its size and its place, whatever it is", () => {
    const random = new SeededRandom(4);
    for (let i = 0; i < 5_000; i++) {
      const number = (random.unit() - 0.5) * 10 ** (random.below(60) - 30);
      const shown = plain(number);
      expect(shown.length, String(number)).toBeLessThanOrEqual(LONGEST);
      expect(shown, String(number)).not.toContain("-");
      const read = Number(shown.replaceAll(",", "").replaceAll("−", "-"));
      const slack = Math.max(Math.abs(number) * 1e-3, 0);
      expect(Math.abs(read - number), `${number} as ${shown}`).toBeLessThanOrEqual(slack);
    }
  });
});

describe("a number with a unit", () => {
  const units = [
    "Cel",
    "K",
    "%RH",
    "/100",
    "Pa",
    "bar",
    "V",
    "mV",
    "A",
    "W",
    "kW",
    "Wh",
    "lx",
    "m",
    "deg",
    "ppm",
    "B",
    "/",
  ];

  it.each(units)("never fills the card with digits, nor shows a zero with a sign: %s", (unit) => {
    for (const size of [0, 1e-300, 1e-9, 0.001, 0.05, 1, 99.95, 1e6, 1e12, 1e20, 3.4e38, 1.7e308])
      for (const number of [size, -size]) {
        const { figure } = showScalar(number, unit);
        expect(figure.length, `${number} ${unit} as ${figure}`).toBeLessThanOrEqual(LONGEST);
        expect(figure, `${number} ${unit}`).not.toMatch(/^[-−]0(?:\.0*)?$|NaN|Infinity|-/);
      }
  });

  it.each([Number.NaN, Infinity, -Infinity])("that is none is a stroke, not a figure: %d", (number) => {
    for (const unit of units) expect(showScalar(number, unit).figure).toBe("—");
    expect(fixed(number, 2)).toBe("—");
  });

  it("has fewer decimals where it is large, and as many where it is negative", () => {
    expect([9.9, 99.994, 100, -100].map((volts) => showScalar(volts, "V").figure)).toEqual([
      "9.90",
      "99.99",
      "100.0",
      "−100.0",
    ]);
    expect(showScalar(-1_500, "W").figure).toBe("−1,500");
    expect(showScalar(12_345, "A").figure).toBe("12,345.00");
  });

  it("is converted where people expect another unit, and said so", () => {
    expect(showScalar(101_325, "Pa")).toEqual({ figure: "1,013.3", unit: "hPa" });
    expect(showScalar(1, "Wh")).toEqual({ figure: "0.001", unit: "kWh" });
    expect(showScalar(0, "mV")).toEqual({ figure: "0.00", unit: "V" });
  });

  it("does not fall for names that every object has", () => {
    for (const unit of ["constructor", "toString", "__proto__", "hasOwnProperty"])
      expect(showScalar(7.5, unit).figure).not.toMatch(/NaN|undefined/);
  });
});

describe("a position", () => {
  it.each([
    [0, "lat", "0.00000°", "N"],
    [-0, "lon", "0.00000°", "E"],
    [90, "lat", "90.00000°", "N"],
    [-180, "lon", "180.00000°", "W"],
    [51.477_928, "lat", "51.47793°", "N"],
  ])("%d %s is %s %s", (value, unit, figure, side) => {
    expect(showScalar(value, unit)).toEqual({ figure, unit: side });
  });
});

describe("a time that is none", () => {
  it.each([1e18, -1e18, 1e300, Number.NaN, Infinity])("is a stroke: %d s", (seconds) => {
    expect(showScalar(seconds, undefined, "/3303/0/5518").figure).toBe("—");
    expect(dateTime(seconds * 1_000)).toBe("—");
  });

  it("but one before 1970, or far ahead, is a time", () => {
    expect(dateTime(-86_400_000)).toMatch(/31 Dec|30 Dec|1 Jan/);
    expect(dateTime(8.64e15)).not.toBe("—");
  });
});

describe("ages and waits", () => {
  const now = Date.parse("2026-06-01T12:00:00Z");

  it("from the future are just now: the clocks of two machines differ", () => {
    for (const ahead of [1, 1_000, 3_600_000, 1e12])
      expect(ago(new Date(now + ahead).toISOString(), now)).toBe("just now");
    for (const behind of [1, 1_000, 3_600_000]) expect(until(new Date(now - behind).toISOString(), now)).toBe("now");
  });

  it.each([undefined, "", "yesterday", "2026-13-01T00:00:00Z"])("of %j are unknown, not zero", (iso) => {
    expect(ago(iso, now)).toBe("never");
    expect(until(iso, now)).toBe("");
  });

  it("grow without a step back", () => {
    const minutes: string[] = [];
    for (let ms = 0; ms < 4 * 86_400_000; ms += 30_000) minutes.push(duration(ms));
    const size = (text: string) => {
      const [count = "0", unit = "s"] = text.split(" ");
      return Number(count) * { s: 1, min: 60, h: 3_600, d: 86_400 }[unit]!;
    };
    for (let i = 1; i < minutes.length; i++) expect(size(minutes[i]!)).toBeGreaterThanOrEqual(size(minutes[i - 1]!));
  });

  it("of nothing and of less are nothing", () => {
    expect([duration(0), duration(-1), duration(-Infinity)]).toEqual(["0 s", "0 s", "0 s"]);
    expect(duration(59_500)).toBe("1 min");
    expect(duration(400 * 86_400_000)).toBe("400 d");
  });
});

describe("counts", () => {
  it("of bytes change their unit in time", () => {
    expect([0, 9_999, 10_000, 9_999_999, 1e7, 1e10].map(bytes)).toEqual([
      "0 B",
      "9,999 B",
      "10 kB",
      "10,000 kB",
      "10.0 MB",
      "10,000.0 MB",
    ]);
  });

  it("have their plural", () => {
    expect([plural(0, "entry", "entries"), plural(1, "entry", "entries"), plural(1_234, "frame")]).toEqual([
      "0 entries",
      "1 entry",
      "1,234 frames",
    ]);
  });

  it("of bars are 0 to 4, each from its own strength on", () => {
    expect([-127, -91, -90, -81, -80, -71, -70, -61, -60, 0, 20].map(signalBars)).toEqual([
      0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 4,
    ]);
    expect(signalBars(Number.NaN)).toBe(0);
  });
});

describe("words", () => {
  it("are there for every state", () => {
    for (const each of [...Object.values(LIVENESS_WORDS), ...Object.values(REGISTRATION_WORDS)])
      expect(each).toMatch(/^[A-Z]/);
  });

  it.each([
    ["", ""],
    ["x", "X"],
    ["battery_voltage", "Battery voltage"],
    ["sensorValue", "Sensor value"],
    ["__a__", "  a  "],
    ["CO2", "Co2"],
  ])("of %j are %j", (name, shown) => expect(words(name)).toBe(shown));

  it("say the maker once", () => {
    expect(madeBy("ruuvi", "RuuviTag")).toBe("RuuviTag");
    expect(madeBy("Ruuvi", "Tag by Ruuvi")).toBe("Ruuvi Tag by Ruuvi");
    expect(madeBy("Ruuvi", undefined)).toBe("Ruuvi");
  });

  it("for quality are there only where all is not well", () => {
    expect([0, 1, 2, 3, 4, 5, -1, 1.5].map(qualityWord)).toEqual([
      "unchecked",
      "not valid",
      "doubtful",
      "old",
      "",
      "",
      "",
      "",
    ]);
  });

  it("stand for numbers only where the number is one of theirs", () => {
    for (const number of [-1, 9, 1.5, 1e9]) expect(showScalar(number, undefined, "/3/0/11/0").unit).toBe("");
    expect(showScalar(0, undefined, "/3/0/11").unit).toBe("no error");
    expect(showScalar("text", undefined, "/3/0/11/0")).toEqual({ figure: "text", unit: "" });
  });

  it("are those of a value's own Instance where it names its unit", () => {
    const time = "2026-06-01T12:00:00Z";
    const beside = { "/3303/0/5701": { value: 7, name: "Units", time } };
    expect(showValue("/3303/0/5700", { value: 21.53, name: "x", time }, beside).unit).toBe("");
    expect(showValue("/3303/0/5700", { value: 21.53, name: "x", time, unit: "Cel" }, beside).unit).toBe("°C");
  });
});
