/** `isthmus device new`: a draft says what stands still and what moves, finds what was read off the device, and tests green. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { counterOf, fitsOf, runsOf } from "../../src/cli/device/draft/bytes.ts";
import { draftFrom } from "../../src/cli/device/draft/new.ts";
import { deviceTest } from "../../src/cli/device/test.ts";
import { FakeSurroundings } from "../support/fake-surroundings.ts";

const folder = mkdtempSync(join(tmpdir(), "isthmus-draft-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));

/** A sensor that nobody knows: letters, temperature in hundredths, humidity, battery, a counter. */
function frame(hundredths: number, humidity: number, counter: number): Uint8Array {
  const out = new Uint8Array([0x41, 0x43, 0x02, 0, 0, humidity, 87, 0, 0]);
  const view = new DataView(out.buffer);
  view.setInt16(3, hundredths, true);
  view.setUint16(7, counter);
  return out;
}
const FRAMES = [frame(2146, 46, 100), frame(2140, 45, 101), frame(2133, 47, 103), frame(-129, 48, 104)];
const adverts = FRAMES.map((each) =>
  JSON.stringify({
    kind: "advert",
    address: "C0:FF:EE:00:00:01",
    manufacturer_data: { FFFF: Buffer.from(each).toString("hex") },
  }),
);
const wanted = (now: Readonly<Record<string, number>> = {}) => ({
  id: "acme.thermo",
  vendor: "Acme",
  model: "Thermo",
  now: new Map(Object.entries(now)),
});

async function tested(text: string): Promise<{ code: number; lines: string[] }> {
  const file = join(folder, "draft.yaml");
  writeFileSync(file, text);
  const lines: string[] = [];
  return { code: await deviceTest([file], (line) => lines.push(line)), lines };
}

describe("frames laid over one another", () => {
  it("show which bytes stand still and which move", () => {
    expect(runsOf([bytes("01 02 03 04"), bytes("01 02 05 04")])).toEqual([
      { at: 0, length: 2, moving: false, first: "0102", last: "0102" },
      { at: 2, length: 1, moving: true, first: "03", last: "05" },
      { at: 3, length: 1, moving: false, first: "04", last: "04" },
    ]);
    expect(runsOf([bytes("")])).toEqual([]);
  });

  it("show where a value stands that was read off the device", () => {
    const sought = { value: -1.29, range: [-55, 150] as const, taken: new Set<number>() };
    expect(fitsOf(FRAMES, sought, runsOf(FRAMES))[0]).toEqual({ at: 3, type: "i16le", scale: 0.01 });
    expect(fitsOf(FRAMES, { value: 999.5, taken: new Set() }, runsOf(FRAMES))).toEqual([]);
    expect(fitsOf([], sought, [])).toEqual([]);
  });

  it("show what counts messages, over its end as well", () => {
    expect(counterOf(FRAMES, new Set())).toEqual({ at: 7, type: "u16be", scale: 1 });
    const wrapping = ["FE", "FF", "00", "01"].map(bytes);
    expect(counterOf(wrapping, new Set())).toEqual({ at: 0, type: "u8", scale: 1 });
    expect(counterOf(["05", "05", "05", "05"].map(bytes), new Set())).toBeUndefined();
    expect(counterOf(wrapping.slice(1), new Set())).toBeUndefined();
  });
});

describe("a draft", () => {
  it("of adverts finds the quantities that somebody names, and tests green as it is", async () => {
    const drafted = draftFrom(adverts, wanted({ temperature: -1.29, humidity: 48, battery: 87 }));
    expect(drafted?.text).toContain("match:    { ble: { manufacturer: 0xFFFF, length: 9, prefix:");
    expect(drafted?.text).toContain("temperature: { at: 3, type: i16le, scale: 0.01, unit: Cel");
    expect(drafted?.text).toContain("humidity: { at: 5, type: u8");
    expect(drafted?.text).toContain("packet_id: { at: 7, type: u16be }");
    expect(drafted?.text).toContain("9: battery");
    const { code, lines } = await tested(drafted?.text ?? "");
    expect(lines).toEqual([
      "ok   acme.thermo                  4 frames, 4 fields",
      "1 definition, 4 frames, all as expected; every field proven",
    ]);
    expect(code).toBe(0);
  });

  it("without any hint names every byte that moves", async () => {
    const drafted = draftFrom(adverts, wanted());
    for (const name of ["byte_3", "byte_4", "byte_5"]) expect(drafted?.text).toContain(`  ${name}: { at:`);
    expect((await tested(drafted?.text ?? "")).code).toBe(0);
  });

  it("of messages takes every path, and calls it by what it is", async () => {
    const message = (name: string, temp: number) =>
      JSON.stringify({
        kind: "message",
        topic: `shed/${name}/state`,
        payload: { temp, batt_mv: 3000, mode: "auto", in: { lux: 5 } },
      });
    const drafted = draftFrom([message("a", 21.5), message("b", 20)], wanted());
    expect(drafted?.text).toContain("topic: shed/+name/state");
    expect(drafted?.text).toContain("temperature: { json: $.temp, unit: Cel");
    expect(drafted?.text).toContain("illuminance: { json: $.in.lux");
    expect(drafted?.text).toContain("7/0: battery_voltage");
    expect((await tested(drafted?.text ?? "")).code).toBe(0);
  });

  it("of messages takes what only some of them say, states as states, and words that are no document as a note", async () => {
    const said = (payload: unknown, topic = "shed/fan1/state") => JSON.stringify({ kind: "message", topic, payload });
    const lines = [
      said({ on: true, temp: 21.5, rpm: 900 }),
      said("online", "shed/fan1/status"),
      said({ on: false, temp: null, rpm: 912 }),
    ];
    const drafted = draftFrom(lines, wanted({ speed: 912, humidity: 44 }));
    expect(drafted?.text).toContain("temperature: { json: $.temp, unit: Cel");
    expect(drafted?.text).toContain("speed: { json: $.rpm");
    expect(drafted?.text).toContain("3200/0: { value: on");
    expect(drafted?.text).toContain("# also heard, no JSON document: shed/fan1/status online");
    expect(drafted?.text).toContain("temperature: null");
    expect(drafted?.missed).toEqual(["humidity=44"]);
    expect((await tested(drafted?.text ?? "")).code).toBe(0);
  });

  it("of lines takes columns, and words that never change for what tells the device", async () => {
    const lines = ["S,1,21.5,on", "S,2,21.6,off"].map((text) =>
      JSON.stringify({ kind: "text", text, source: "/dev/ttyUSB0" }),
    );
    const drafted = draftFrom(lines, wanted({ temperature: 21.6 }));
    expect(drafted?.text).toContain('line: "^S,-?[0-9.]+,-?[0-9.]+,[^');
    expect(drafted?.text).toContain("temperature: { column: column_3, unit: Cel");
    expect((await tested(drafted?.text ?? "")).code).toBe(0);
  });

  it("of lines that say what they hold takes them apart by an expression, and checks their sum", async () => {
    const line = (body: string) => {
      const sum = Buffer.from(body).reduce((all, byte) => all ^ byte, 0);
      const text = `${body}*${sum.toString(16).toUpperCase().padStart(2, "0")}`;
      return JSON.stringify({ kind: "text", text, source: "/dev/ttyUSB0" });
    };
    const lines = ["RV;T=21.5C;H=47;N:0001", "RV;T=-3.2C;H=88;N:0002", "RV;T=21.3C;H=46;N:0003"].map(line);
    const { text = "" } = draftFrom(lines, wanted({ count: 3 })) ?? {};
    expect(text).toContain('check: { kind: xor8, after: "*" }');
    expect(text).toContain("temperature: { group: t, unit: Cel");
    expect(text).toContain("humidity: { group: h, unit:");
    expect(text).toContain("count: { group: n, type: number }");
    expect(text).toContain("a sum, and right in every line: xor8");
    const { code, lines: said } = await tested(text);
    expect(said.at(-1)).toBe("1 definition, 3 frames, all as expected; every field proven");
    expect(code).toBe(0);
    expect((await tested(text.replaceAll("21.5C", "21.6C"))).code).toBe(1);
  });

  it("of lines with signs and blanks before their numbers takes them as they are", async () => {
    const lines = ["1, +21.5", "2, -1.0"].map((text) => JSON.stringify({ kind: "text", text, source: "a" }));
    expect((await tested(draftFrom(lines, wanted())?.text ?? "")).code).toBe(0);
  });

  it("of packets finds the sum that ends them, and does not take it for a value", async () => {
    const packets = [215, 216, -32, 213].map((tenths, i) => {
      const body = [0x5a, 0xb6, (tenths >> 8) & 0xff, tenths & 0xff, i];
      const sum = -body.slice(2).reduce((all, byte) => all + byte, 0) & 0xff;
      return JSON.stringify({ kind: "bytes", source: "a", hex: Buffer.from([...body, sum, 0x0d]).toString("hex") });
    });
    const { text = "" } = draftFrom(packets, wanted({ temperature: 21.3 })) ?? {};
    expect(text).toContain("packet: { check: { kind: sum8.negated, from: 2, to: -2, at: -2 } }");
    expect(text).toContain("temperature: { at: 2, type: i16be, scale: 0.1");
    expect(text).not.toContain("byte_5:");
    expect((await tested(text)).code).toBe(0);
    expect((await tested(text.replaceAll("00D503", "00D504"))).code).toBe(1);
  });

  it("is of the source that says most, or of the one that was asked for", () => {
    const other = JSON.stringify({ kind: "bytes", source: "b", hex: "0102" });
    expect(draftFrom([other, ...adverts], wanted())?.frames).toBe(4);
    expect(draftFrom([other, ...adverts], wanted(), "b")?.frames).toBe(1);
    expect(draftFrom([other, ...adverts], wanted(), "c")).toBeUndefined();
  });

  it("counts what is no frame, and is none of nothing", () => {
    expect(draftFrom(["oops", ...adverts], wanted())?.skipped).toEqual({ count: 1, reason: "no JSON" });
    expect(draftFrom(["", "oops"], wanted())).toBeUndefined();
  });
});

describe("isthmus device new", () => {
  it("writes a file that device test takes, and never over another", async () => {
    const make = () => new FakeSurroundings({ folder, input: adverts.map((line) => `${line}\n`) });
    const first = make();
    expect(await first.run("device new --id acme.t --now temperature=-1.29 -o new.yaml")).toBe(0);
    expect(first.out).toContain("new.yaml: drafted from 4 frames");
    expect(readFileSync(join(folder, "new.yaml"), "utf8")).toContain("id: acme.t\n");
    const second = make();
    expect(await second.run("device new -o new.yaml")).toBe(1);
    expect(second.err).toContain("new.yaml cannot be written");
  });

  it("says which reading it has found nowhere", async () => {
    const console = new FakeSurroundings({ folder, input: adverts.map((line) => `${line}\n`) });
    expect(await console.run("device new --now temperature=-1.29,pressure=777.7")).toBe(0);
    expect(console.err).toContain("pressure=777.7: found nowhere in the last frame. Did the device show it then");
  });

  it("says what a reading looks like", async () => {
    const console = new FakeSurroundings({ folder });
    expect(await console.run("device new --now hot")).toBe(2);
    expect(console.err).toContain('"hot" is no reading');
    expect(console.err).toContain("temperature=21.5");
  });

  it("says what a frame is where it finds none", async () => {
    const console = new FakeSurroundings({ folder, input: ["hello\n"] });
    expect(await console.run("device new")).toBe(1);
    expect(console.err).toContain("no frame that a draft could be made of: line 1: no JSON");
    expect(console.err).toContain("a frame is a JSON object in a line");
    const empty = new FakeSurroundings({ folder, input: ["\n"] });
    expect(await empty.run("device new")).toBe(1);
    expect(empty.err).toContain("there are no lines");
  });
});
