/** Values as they leave a client, byte by byte: the looks for which servers are known to refuse them. */

import { describe, expect, it } from "vitest";
import { path } from "../../../src/model/path.ts";
import { at, R, testStation } from "../../support/test-object.ts";
import { readBody } from "../../support/strict/bodies.ts";
import { testModels } from "../../support/test-object.ts";

const [TEXT, OPAQUE, CBOR, SENML_JSON, SENML_CBOR, TLV, JSON_1_0, LWM2M_CBOR] = [
  0, 42, 60, 110, 112, 11_542, 11_543, 11_544,
] as const;
const VALUES = {
  [R.float]: 22,
  [R.integer]: 22,
  [R.unsigned]: 22,
  [R.boolean]: true,
  [R.time]: 1_700_000_000,
  [R.string]: "22",
  [R.link]: { object: 3, instance: 0 },
  [R.rawBytes]: Uint8Array.of(1, 2, 0xff),
} as const;

/** A client that has them all, and what it answers to a Read of one, in hexadecimal digits or as text. */
async function client() {
  const here = await testStation({ account: { version: "1.2" } });
  const now = here.clock.now();
  here.tree.setAll(Object.entries(VALUES).map(([id, value]) => ({ path: at(Number(id)), value, at: now })));
  const read = async (id: number, accept: number) => here.server.ask("GET", { path: at(id), accept });
  return {
    ...here,
    hex: async (id: number, accept: number) => Buffer.from((await read(id, accept)).payload).toString("hex"),
    text: async (id: number, accept: number) => (await read(id, accept)).text,
    code: async (id: number, accept: number) => (await read(id, accept)).code,
  };
}

describe("a whole FLOAT", () => {
  it("E30: is a float in CBOR, never the integer that it looks like", async () => {
    const { hex } = await client();
    expect(await hex(R.float, CBOR)).toBe("f94d80");
    expect(await hex(R.float, LWM2M_CBOR)).toMatch(/f94d80$/);
  });

  it("E31: is a float in SenML CBOR, and has its point in both kinds of JSON", async () => {
    const { hex, text } = await client();
    expect(await hex(R.float, SENML_CBOR)).toMatch(/02f94d80$/);
    expect(await text(R.float, SENML_JSON)).toBe('[{"bn":"/33605/0/14","v":22.0}]');
    expect(await text(R.float, JSON_1_0)).toContain('"v":22.0');
  });

  it("E33: takes four bytes of TLV, or eight", async () => {
    const { hex, set } = await client();
    expect(await hex(R.float, TLV)).toBe("e40e41b00000".replace("e4", "c4"));
    set([33_605, 0, R.float], 22.1);
    expect(await hex(R.float, TLV)).toBe("c80e08403619999999999a");
  });

  it("E34: is written with a point, and never with a comma or an exponent", async () => {
    const { text, set } = await client();
    expect(await text(R.float, TEXT)).toBe("22.0");
    for (const [value, words] of [
      [1e21, "1000000000000000000000.0"],
      [-2.5e-9, "-0.0000000025"],
    ] as const) {
      set([33_605, 0, R.float], value);
      expect(await text(R.float, TEXT)).toBe(words);
    }
  });
});

describe("an INTEGER", () => {
  it("E32: is an integer in CBOR and SenML CBOR, never a float", async () => {
    const { hex } = await client();
    for (const id of [R.integer, R.unsigned]) {
      expect(await hex(id, CBOR)).toBe("16");
      expect(await hex(id, SENML_CBOR)).toMatch(/0216$/);
      expect(await hex(id, LWM2M_CBOR)).toMatch(/16$/);
    }
  });

  it("E32, E34: has no point in text and JSON", async () => {
    const { text } = await client();
    for (const id of [R.integer, R.unsigned]) {
      expect(await text(id, TEXT)).toBe("22");
      expect(await text(id, SENML_JSON)).toBe(`[{"bn":"/33605/0/${id}","v":22}]`);
    }
  });
});

describe("a BOOLEAN", () => {
  it("E35: is 0 or 1 in text, vb in SenML, and a boolean in CBOR", async () => {
    const { hex, text } = await client();
    expect(await text(R.boolean, TEXT)).toBe("1");
    expect(await text(R.boolean, SENML_JSON)).toBe('[{"bn":"/33605/0/13","vb":true}]');
    expect(await hex(R.boolean, SENML_CBOR)).toMatch(/04f5$/);
    expect(await hex(R.boolean, CBOR)).toBe("f5");
  });
});

describe("a TIME", () => {
  it("E36: carries tag 1 in CBOR, and is seconds since 1970 in text", async () => {
    const { hex, text } = await client();
    expect(await hex(R.time, CBOR)).toBe("c11a6553f100");
    expect(await text(R.time, TEXT)).toBe("1700000000");
    expect(await text(R.time, SENML_JSON)).toBe('[{"bn":"/33605/0/20","v":1700000000}]');
  });
});

describe("what is not opaque", () => {
  it("E37: is never given as raw bytes", async () => {
    const { code, hex } = await client();
    for (const id of [R.string, R.float, R.integer, R.boolean, R.link]) expect(await code(id, OPAQUE)).toBe("4.06");
    expect(await hex(R.rawBytes, OPAQUE)).toBe("0102ff");
  });
});

describe("a SenML Pack", () => {
  it("E38: is a list of maps with small integers for keys, and names that begin with a slash", async () => {
    const { hex, server } = await client();
    expect(await hex(R.integer, SENML_CBOR)).toBe("81a2216b2f33333630352f302f31320216");
    const whole = await server.ask("GET", { path: "/33605", accept: SENML_CBOR });
    expect(whole.payload[0]! >> 5).toBe(4);
    // A foreign reader takes every name, label and value of it.
    const told = readBody(SENML_CBOR, whole.payload, {
      base: "/33605",
      typeAt: (where) => {
        const ids = where.split("/").slice(1).map(Number);
        return testModels.resource(path(...ids));
      },
    });
    expect(told.map((each) => each.path)).toContain("/33605/0/14");
  });
});
