/** Fragments: what several definitions have in common is written once, and what is wrong with it is found. */

import { describe, expect, it } from "vitest";
import { fromHex } from "../../../src/base/bytes.ts";
import { advert, changed, deviceOf, frameOf, load, shown, values } from "../../support/definitions.ts";

const FRAGMENT = `schema: fragment/v1
id: acme.common
vendor: Acme
alive: { expect: 1m, stale: 5m, gone: 1h }
fields:
  temperature: { at: 0, type: i16be, scale: 0.01, unit: Cel, range: [-40, 85] }
  counter:     { at: 2, type: u8 }
objects:
  3303/0: { value: temperature }
`;

/** A cousin: what it says itself, beside the fragment. */
const cousin = (more = "", use = "acme.common") => `schema: device/v1
id: acme.cousin
model: C-1
use: ${use}
match:    { ble: { manufacturer: 0x1234, length: 4 } }
identity: { from: ble.address, endpoint: "acme-{address}" }
frame:    { bytes: ble.manufacturer }
${more}
tests: [{ name: a room, hex: 08F2 01 00, expect: { temperature: 22.9 } }]
`;

const of = (...texts: string[]) => {
  const { library, problems } = load(...texts);
  return { device: library.get("acme.cousin"), problems: problems.map((each) => `${each.file}:${shown(each)}`) };
};
const payload = advert(0x1234, fromHex("08F20100"));

describe("a definition made of a fragment", () => {
  it("has all that the fragment says, whichever file is read first", () => {
    for (const texts of [
      [FRAGMENT, cousin()],
      [cousin(), FRAGMENT],
    ]) {
      const { device, problems } = of(...texts);
      expect(problems).toEqual([]);
      expect(device?.vendor).toBe("Acme");
      expect(device?.alive.expectMs).toBe(60_000);
      expect(device && values(device, payload)).toEqual({ temperature: 22.9, counter: 1 });
    }
  });

  it("says itself what it has otherwise, key by key", () => {
    const { device, problems } = of(
      FRAGMENT,
      cousin("vendor: Cousin\nalive: { gone: 2h }\nfields: { temperature: { scale: 0.1 }, more: { at: 3, type: u8 } }"),
    );
    expect(problems).toEqual([]);
    expect(device?.vendor).toBe("Cousin");
    expect(device?.alive).toEqual({ expectMs: 60_000, staleMs: 300_000, goneMs: 7_200_000 });
    expect(device && values(device, payload)).toEqual({ temperature: null, counter: 1, more: 0 });
  });

  it("replaces lists as a whole, and takes away what it calls null", () => {
    const { device, problems } = of(FRAGMENT, cousin("fields: { temperature: { range: [0, 20] }, counter: null }"));
    expect(problems).toEqual([]);
    expect(device && values(device, payload)).toEqual({ temperature: null });
  });

  it("keeps the order of the fragment's fields, so that computed ones find what is above them", () => {
    const computed = FRAGMENT.replace("  counter:", '  double:      { expr: "temperature * 2" }\n  counter:');
    const { device, problems } = of(computed, cousin("fields: { temperature: { scale: 0.02, range: [-40, 99] } }"));
    expect(problems).toEqual([]);
    expect(device && values(device, payload)).toEqual({ temperature: 45.8, double: 91.6, counter: 1 });
  });

  it("may be made of several: the later one wins", () => {
    const other = "schema: fragment/v1\nid: acme.other\nvendor: Other\nfields: { counter: { at: 3 } }\n";
    const { device, problems } = of(FRAGMENT, other, cousin("", "[acme.common, acme.other]"));
    expect(problems).toEqual([]);
    expect(device?.vendor).toBe("Other");
    expect(device && values(device, payload)).toEqual({ temperature: 22.9, counter: 0 });
    expect(of(FRAGMENT, other, cousin("", "[acme.other, acme.common]")).device?.vendor).toBe("Acme");
  });

  it("has golden frames of its own, and nobody else's name", () => {
    const { device } = of(FRAGMENT, cousin());
    expect(device?.id).toBe("acme.cousin");
    expect(load(FRAGMENT, cousin()).library.match(frameOf(payload))?.id).toBe("acme.cousin");
  });
});

describe("a fragment", () => {
  it("stands alone without being wrong, and is no device", () => {
    const { library, problems } = load(FRAGMENT);
    expect(problems).toEqual([]);
    expect([...library.devices()]).toEqual([]);
  });

  it("that nobody has written is named where it is used", () => {
    expect(of(FRAGMENT, cousin("", "acme.comon"))).toEqual({
      device: undefined,
      problems: ['acme-2.yaml:4:1 no fragment "acme.comon" (did you mean "acme.common"?)'],
    });
    expect(of(cousin("", "[zzz, yyy]")).problems).toEqual([
      'acme.yaml:4:1 no fragment "zzz" (a fragment is a file with schema: fragment/v1 and that id, in the same folder or among those of Isthmus)',
      'acme.yaml:4:1 no fragment "yyy" (a fragment is a file with schema: fragment/v1 and that id, in the same folder or among those of Isthmus)',
    ]);
  });

  it("is made of no other, has no golden frames, and has an id", () => {
    const { problems } = of(`${FRAGMENT}use: acme.other\ntests: []\n`);
    expect(problems).toEqual([
      "acme.yaml:10:1 a fragment is made of no other fragments",
      "acme.yaml:11:1 golden frames belong to definitions, not to fragments",
    ]);
    const says = "a fragment has an id: lower-case words joined by dots";
    expect(of("schema: fragment/v1\n").problems).toEqual([`acme.yaml:1:1 ${says}`]);
    expect(of("schema: fragment/v1\nid: Acme Common\n").problems).toEqual([`acme.yaml:2:1 ${says}`]);
  });

  it("with the id of another leaves the first in its place", () => {
    const { device, problems } = of(FRAGMENT, FRAGMENT.replace("vendor: Acme", "vendor: Second"), cousin());
    expect(problems).toEqual(['acme-2.yaml:2:1 "acme.common" is already taken']);
    expect(device?.vendor).toBe("Acme");
  });
});

describe("a mistake in what was inherited", () => {
  it("is shown where it is inherited, with the fragment and the place in it", () => {
    const bad = FRAGMENT.replace("unit: Cel", "unit: Cell");
    const [first, ...more] = of(bad, cousin()).problems;
    expect(first).toBe(
      'acme-2.yaml:4:1 fields.temperature.unit of fragment "acme.common": unknown unit "Cell" (did you mean "Cel"?)',
    );
    expect(more).toHaveLength(1);
  });

  it("is found by the schema as well", () => {
    const bad = FRAGMENT.replace("scale: 0.01", "scal: 0.01").replace("gone: 1h", "gone: never");
    expect(of(bad, cousin()).problems).toEqual([
      'acme-2.yaml:4:1 alive.gone of fragment "acme.common": "never" is not a duration such as 10s, 5m, 1h',
      'acme-2.yaml:4:1 fields.temperature.scal of fragment "acme.common": unknown key "scal" (did you mean "scale"?)',
    ]);
  });

  it("is the definition's own where it has written the part itself", () => {
    expect(of(FRAGMENT, cousin("fields: { temperature: { unit: Cell } }")).problems[0]).toBe(
      'acme-2.yaml:8:26 unknown unit "Cell" (did you mean "Cel"?)',
    );
  });

  it("is named from the last of several fragments that says it", () => {
    const other = "schema: fragment/v1\nid: acme.other\nfields: { temperature: { unit: V } }\n";
    const { problems } = of(FRAGMENT, other, cousin("", "[acme.common, acme.other]"));
    expect(problems).toEqual([
      'acme-3.yaml:4:1 objects.3303/0.value of fragment "acme.common": V does not convert to Cel, the unit of Resource 5700 (Sensor Value)',
    ]);
  });

  it("that is missing is missing in the definition", () => {
    expect(of(FRAGMENT.replace("vendor: Acme\n", ""), cousin()).problems).toEqual([
      'acme-2.yaml:1:1 "vendor" is missing',
    ]);
  });
});

describe("a definition without fragments", () => {
  it("is what it was: null is no way to say nothing", () => {
    expect(load(changed(["{ at: 2, type: u8 }", "null"])).problems.map(shown)).toEqual([
      "13:3 keys with values in { } expected, and nothing stands here",
    ]);
    expect(deviceOf(changed()).id).toBe("acme.thermometer");
  });

  it("complains of a use that is no name", () => {
    expect(of(FRAGMENT, cousin("", "7")).problems.join()).toContain("acme-2.yaml:4:1 ");
  });
});
