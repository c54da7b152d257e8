/** Numbers, units, ages and words as people write them. */

import { describe, expect, it } from "vitest";
import {
  ago,
  bytes,
  dateTime,
  duration,
  fixed,
  madeBy,
  plain,
  plural,
  qualityWord,
  securityText,
  type Shown,
  showScalar,
  showValue,
  signalBars,
  until,
  words,
} from "../../src/http/page/format.ts";
import type { Value } from "../../src/http/page/types.ts";

const text = ({ figure, unit }: Shown) => `${figure} ${unit}`.trim();
const value = (of: Value["value"], unit?: string): Value => ({
  value: of,
  name: "x",
  time: "2026-06-01T12:00:00Z",
  ...(unit !== undefined && { unit }),
});

describe("a value with its unit", () => {
  it.each([
    [21.54, "Cel", "21.5 °C"],
    [21, "Cel", "21.0 °C"],
    [-3.25, "Cel", "−3.3 °C"],
    [-0.01, "Cel", "0.0 °C"],
    [46.4, "%RH", "46.4 %"],
    [90, "/100", "90 %"],
    [101_325, "Pa", "1,013.3 hPa"],
    [1_013.25, "hPa", "1,013.3 hPa"],
    [2_977, "mV", "2.98 V"],
    [2.977, "V", "2.98 V"],
    [230.14, "V", "230.1 V"],
    [1.732, "A", "1.732 A"],
    [412.44, "W", "412.4 W"],
    [1_293_318, "Wh", "1,293.318 kWh"],
    [9.81, "m/s2", "9.81 m/s²"],
    [129.4, "deg", "129 °"],
    [-67, "dBm", "−67 dBm"],
    [3, "count", "3"],
    [7.25, "furlong", "7.25 furlong"],
  ])("shows %d %s as %s", (number, unit, shown) => {
    expect(text(showScalar(number, unit))).toBe(shown);
  });

  it("keeps its number of decimals, so that figures stay where they are", () => {
    const widths = [19.9, 20, 20.1].map((n) => showScalar(n, "Cel").figure.length);
    expect(new Set(widths).size).toBe(1);
  });

  it("says where a position is", () => {
    expect(text(showScalar(37.941923, "lat"))).toBe("37.94192° N");
    expect(text(showScalar(-22.973253, "lon"))).toBe("22.97325° W");
    expect(text(showScalar(-33.5, undefined, "/6/0/0"))).toBe("33.50000° S");
  });

  it("says on and off of a switch, yes and no of all else", () => {
    expect(showScalar(true, undefined, "/3306/0/5850").figure).toBe("On");
    expect(showScalar(false, undefined, "/3306/0/5850").figure).toBe("Off");
    expect(showScalar(true, undefined, "/1/0/6").figure).toBe("Yes");
  });

  it("says what numbers mean that stand for words", () => {
    expect(text(showScalar(4, undefined, "/3303/0/6042"))).toBe("4 good");
    expect(text(showScalar(8, undefined, "/3/0/11/0"))).toBe("8 peripheral malfunction");
    expect(text(showScalar(99, undefined, "/3/0/11/0"))).toBe("99");
  });

  it("borrows the unit that the Instance names for what was measured and can be", () => {
    const beside = { "/3303/0/5701": value("Cel") };
    expect(text(showValue("/3303/0/5601", value(18.64), beside))).toBe("18.6 °C");
    expect(text(showValue("/3303/1/5601", value(18.64), beside))).toBe("18.64");
    expect(text(showValue("/3303/0/5518", value(18.64), beside))).not.toContain("°C");
  });

  it("shows a stroke where there is nothing", () => {
    expect(showValue("/3303/0/5700", undefined).figure).toBe("—");
    expect(showScalar("").figure).toBe("—");
    expect(plain(Number.NaN)).toBe("—");
    expect(dateTime(Number.NaN)).toBe("—");
  });

  it("shows times of Resources of type Time", () => {
    expect(showScalar(1_750_000_000, undefined, "/3303/0/5518").figure).toMatch(/15 Jun|16 Jun/);
  });
});

describe("numbers without a custom", () => {
  it("are as exact as is good to read", () => {
    expect([0, 0.123456, 12.34567, 1_234.5678, 1e6].map(plain)).toEqual([
      "0",
      "0.1235",
      "12.346",
      "1,234.6",
      "1,000,000",
    ]);
    expect(fixed(-0.04, 1)).toBe("0.0");
    expect(fixed(1_234.5, 0)).toMatch(/^1,23[45]$/);
  });

  it("count things and bytes", () => {
    expect([0, 1, 2].map((n) => plural(n, "sensor"))).toEqual(["0 sensors", "1 sensor", "2 sensors"]);
    expect([512, 65_536, 116_700_000].map(bytes)).toEqual(["512 B", "66 kB", "116.7 MB"]);
  });
});

describe("time", () => {
  const now = Date.parse("2026-06-01T12:00:00Z");
  const before = (ms: number) => new Date(now - ms).toISOString();

  it.each([
    [0, "0 s"],
    [4_400, "4 s"],
    [59_400, "59 s"],
    [60_000, "1 min"],
    [3_599_000, "59 min"],
    [3_600_000, "1 h"],
    [47 * 3_600_000, "47 h"],
    [49 * 3_600_000, "2 d"],
    [-5_000, "0 s"],
  ])("of %d ms is %s", (ms, shown) => {
    expect(duration(ms)).toBe(shown);
  });

  it("is told from now on", () => {
    expect(ago(before(12_000), now)).toBe("12 s ago");
    expect(ago(before(300), now)).toBe("just now");
    expect(ago(before(-60_000), now)).toBe("just now");
    expect(ago(undefined, now)).toBe("never");
    expect(ago("rubbish", now)).toBe("never");
    expect(until(before(-240_000), now)).toBe("in 4 min");
    expect(until(before(1), now)).toBe("now");
    expect(until(undefined, now)).toBe("");
  });
});

describe("how a way is secured", () => {
  const suite = "TLS_PSK_WITH_AES_128_CCM_8";

  it("is told in one line, or why it is not yet", () => {
    expect(securityText(undefined)).toBe("nothing");
    expect(securityText({ protocol: "DTLS 1.2" })).toBe("DTLS 1.2, not agreed yet");
    expect(securityText({ protocol: "DTLS 1.2", failure: "wrong key?" })).toBe("DTLS 1.2: wrong key?");
    expect(securityText({ protocol: "DTLS 1.2", suite, connectionId: false, resumed: false })).toBe(
      `DTLS 1.2, ${suite}`,
    );
    expect(securityText({ protocol: "DTLS 1.2", suite, connectionId: true, resumed: true })).toBe(
      `DTLS 1.2, ${suite}, Connection ID, resumed`,
    );
    expect(securityText({ protocol: "DTLS 1.2", suite, warning: "our certificate ends" })).toBe(
      `DTLS 1.2, ${suite}; our certificate ends`,
    );
  });
});

describe("words", () => {
  it("for signal and quality", () => {
    expect([-95, -85, -75, -65, -40].map(signalBars)).toEqual([0, 1, 2, 3, 4]);
    expect([undefined, 4, 3, 1, 77].map(qualityWord)).toEqual(["", "", "old", "not valid", ""]);
  });

  it("for fields and makers", () => {
    expect(words("movement_counter")).toBe("Movement counter");
    expect(words("txPower")).toBe("Tx power");
    expect(madeBy("Ruuvi", "RuuviTag")).toBe("RuuviTag");
    expect(madeBy("Xiaomi", "LYWSD03MMC")).toBe("Xiaomi LYWSD03MMC");
    expect(madeBy(undefined, "Meter")).toBe("Meter");
    expect(madeBy(undefined, undefined)).toBe("");
  });
});
