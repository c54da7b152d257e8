import { describe, expect, it } from "vitest";
import { DecodeError, fromHex, toHex } from "../../src/base/bytes.ts";
import { isReport, ReportDecoder } from "../../src/io/hci-events.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { ad, type ExtendedOptions, extendedEvent, joined, legacyEvent } from "../support/virtual-controller.ts";

const ONE = "CB:B8:33:4C:88:4F";
const TWO = "A4:C1:38:00:00:01";
const data = fromHex("020106");

describe("legacy advertising reports (§7.7.65.2)", () => {
  it("give address, kind, data and signal strength", () => {
    // Written out by hand: one report, ADV_NONCONN_IND, random address, three bytes of data, -60 dBm.
    const packet = fromHex("04 3e 0f 02 01 03 01 4f884c33b8cb 03 020106 c4");
    expect(new ReportDecoder().decode(packet, 0)).toEqual([
      { address: ONE, random: true, scanResponse: false, rssi: -60, data },
    ]);
  });

  it("come several at a time", () => {
    const packet = legacyEvent(
      { address: ONE, data },
      { address: TWO, data: new Uint8Array(0), type: 4, addressType: 0 },
    );
    const reports = new ReportDecoder().decode(packet, 0);
    expect(reports.map(({ address, random, scanResponse }) => [address, random, scanResponse])).toEqual([
      [ONE, true, false],
      [TWO, false, true],
    ]);
  });

  it("leave the signal strength out if the controller does not know it", () => {
    const [report] = new ReportDecoder().decode(legacyEvent({ address: ONE, data, rssi: 127 }), 0);
    expect(report).not.toHaveProperty("rssi");
  });

  it.each([
    ["no report at all", "043e02 02 00"],
    ["more reports than allowed", "043e02 02 1a"],
    ["a report cut off in its head", "043e09 02 01 03 01 4f884c33b8"],
    ["data that reaches beyond the event", "043e0f 02 01 03 01 4f884c33b8cb 04 020106 c4"],
    ["data longer than an advert can be", `043e2c 02 01 03 01 4f884c33b8cb 20 ${"00".repeat(32)} c4`],
    ["bytes after the last report", "043e10 02 01 03 01 4f884c33b8cb 03 020106 c4 00"],
    ["an event shorter than it says", "043e10 02 01 03 01 4f884c33b8cb 03 020106 c4"],
    ["an event of four bytes", "043e01 02"],
  ])("are refused: %s", (_what, hex) => {
    expect(() => new ReportDecoder().decode(fromHex(hex), 0)).toThrow(DecodeError);
  });
});

describe("extended advertising reports (§7.7.65.13)", () => {
  it("give address, kind, data and signal strength", () => {
    const head = "0000 01 4f884c33b8cb 01 00 00 7f c4 0000 00 000000000000";
    const packet = fromHex(`04 3e 1d 0d 01 ${head} 03 020106`);
    expect(new ReportDecoder().decode(packet, 0)).toEqual([
      { address: ONE, random: true, scanResponse: false, rssi: -60, data },
    ]);
  });

  it("join an advert that came in pieces", () => {
    const decoder = new ReportDecoder();
    const whole = joined(ad(0xff, `9904${"11".repeat(200)}`), ad(0x09, "4142"));
    const piece = (from: number, to: number, status: number): ExtendedOptions => ({
      address: ONE,
      data: whole.subarray(from, to),
      status,
    });
    expect(decoder.decode(extendedEvent(piece(0, 100, 1)), 0)).toEqual([]);
    expect(decoder.decode(extendedEvent(piece(100, 180, 1)), 1)).toEqual([]);
    const [report] = decoder.decode(extendedEvent(piece(180, whole.length, 0)), 2);
    expect(toHex(report!.data)).toBe(toHex(whole));
  });

  it("keep the pieces of two advertisers, and of two sets of one, apart", () => {
    const decoder = new ReportDecoder();
    decoder.decode(extendedEvent({ address: ONE, data: fromHex("01"), status: 1 }), 0);
    decoder.decode(extendedEvent({ address: TWO, data: fromHex("02"), status: 1 }), 0);
    decoder.decode(extendedEvent({ address: ONE, data: fromHex("03"), status: 1, set: 1 }), 0);
    const end = (address: string, set = 0) => {
      const [report] = decoder.decode(extendedEvent({ address, data: fromHex("ff"), set }), 0);
      return toHex(report!.data);
    };
    expect([end(TWO), end(ONE, 1), end(ONE), end(ONE)]).toEqual(["02ff", "03ff", "01ff", "ff"]);
  });

  it("drop what the controller could not deliver whole, and count it", () => {
    const decoder = new ReportDecoder();
    decoder.decode(extendedEvent({ address: ONE, data: fromHex("01"), status: 1 }), 0);
    expect(decoder.decode(extendedEvent({ address: ONE, data: fromHex("02"), status: 2 }), 0)).toEqual([]);
    expect(decoder.truncated).toBe(1);
    expect(toHex(decoder.decode(extendedEvent({ address: ONE, data }), 0)[0]!.data)).toBe("020106");
  });

  it("do not glue the end of one advert to the beginning of an older one", () => {
    const decoder = new ReportDecoder();
    decoder.decode(extendedEvent({ address: ONE, data: fromHex("01"), status: 1 }), 0);
    const [report] = decoder.decode(extendedEvent({ address: ONE, data }), 1_001);
    expect(toHex(report!.data)).toBe("020106");
  });

  it("never hold more than an advert can be, nor those of more than 64 advertisers", () => {
    const decoder = new ReportDecoder();
    for (let i = 0; i < 9; i++)
      decoder.decode(extendedEvent({ address: ONE, data: new Uint8Array(200), status: 1 }), 0);
    expect(decoder.truncated).toBe(1);
    for (let i = 0; i < 1_000; i++) {
      const low = (i & 0xff).toString(16).padStart(2, "0");
      const high = (i >> 8).toString(16).padStart(2, "0");
      decoder.decode(extendedEvent({ address: `C0:00:00:00:${high}:${low}`, data: fromHex("01"), status: 1 }), 0);
    }
    const [report] = decoder.decode(extendedEvent({ address: "C0:00:00:00:00:00", data: fromHex("02") }), 0);
    expect(toHex(report!.data)).toBe("02");
  });

  it("count adverts without an address", () => {
    const decoder = new ReportDecoder();
    expect(decoder.decode(extendedEvent({ address: ONE, data, addressType: 0xff }), 0)).toEqual([]);
    expect(decoder.anonymous).toBe(1);
  });

  it("know scan responses", () => {
    const [report] = new ReportDecoder().decode(extendedEvent({ address: ONE, data, scanResponse: true }), 0);
    expect(report!.scanResponse).toBe(true);
  });

  it.each([
    ["no report at all", "043e02 0d 00"],
    ["more reports than allowed", "043e02 0d 0b"],
    ["a report cut off in its head", "043e08 0d 01 0000014f884c"],
    ["data that reaches beyond the event", `043e1d 0d 01 000001 4f884c33b8cb 0100007fc4000000000000000000 04 020106`],
    ["a reserved data status", `043e1d 0d 01 600001 4f884c33b8cb 0100007fc4000000000000000000 03 020106`],
  ])("are refused: %s", (_what, hex) => {
    expect(() => new ReportDecoder().decode(fromHex(hex), 0)).toThrow(DecodeError);
  });
});

describe("events", () => {
  it("that are reports are told from all others", () => {
    expect(isReport(legacyEvent({ address: ONE, data }))).toBe(true);
    expect(isReport(extendedEvent({ address: ONE, data }))).toBe(true);
    expect(isReport(fromHex("043e020b01"))).toBe(true);
    expect(isReport(fromHex("040e0401030c00"))).toBe(false);
    expect(isReport(fromHex("043e1301"))).toBe(false);
    expect(isReport(new Uint8Array(0))).toBe(false);
  });

  it("that tell of directed adverts carry nothing for us", () => {
    expect(new ReportDecoder().decode(fromHex("043e020b01"), 0)).toEqual([]);
  });

  it("never end in anything but DecodeError, on 200 000 random and mutated ones", () => {
    const random = new SeededRandom(5);
    const decoder = new ReportDecoder();
    const models = [
      legacyEvent({ address: ONE, data }, { address: TWO, data: random.bytes(31) }),
      extendedEvent({ address: ONE, data: random.bytes(100), status: 1 }, { address: TWO, data }),
    ];
    let refused = 0;
    for (let i = 0; i < 200_000; i++) {
      try {
        decoder.decode(i % 2 === 0 ? randomEvent(random) : mutated(random, random.pick(models)), i);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(50_000);
  });
});

function randomEvent(random: SeededRandom): Uint8Array {
  const body = random.bytes(random.below(60));
  return Uint8Array.from([4, 0x3e, body.length + 1, random.pick([0x02, 0x0b, 0x0d]), ...body]);
}

function mutated(random: SeededRandom, model: Uint8Array): Uint8Array {
  const copy = model.slice(0, random.below(3) === 0 ? random.below(model.length) : model.length);
  for (let i = random.below(4); i > 0 && copy.length > 0; i--) copy[random.below(copy.length)] = random.below(256);
  return copy;
}
