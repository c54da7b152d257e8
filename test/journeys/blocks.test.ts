/** Objects too large for one datagram: read and told in blocks, all of one moment (RFC 7959). */

import { describe, expect, it } from "vitest";
import { Format } from "../../src/content/index.ts";
import { Rig } from "../gateway/rig.ts";
import type { FakeServer, Heard, Question } from "../support/fake-server.ts";
import { json } from "../support/journey.ts";
import { senmlCbor } from "../support/payloads.ts";

const NODE = "radio/tele/shed/SENSOR";
const NAME = "tasmota-shed";
const BLOCK2 = 23;
const ETAG = 4;
const PROBES = 30;

/** A node with thirty thermometers, all at one temperature: a mixture of two moments shows. */
const all = (temperature: number) =>
  json(
    "tele/shed/SENSOR",
    Object.fromEntries(Array.from({ length: PROBES }, (_, i) => [`P${i}`, { Temperature: temperature }])),
  );

async function shed() {
  const rig = await Rig.start({ rules: [{ adapter: "radio" }] });
  await rig.heard(NODE, all(10));
  await rig.clock.advance(2_000);
  return { rig, server: rig.server(NAME) };
}

function block({ message }: Heard) {
  const value = message.options
    .find(({ number }) => number === BLOCK2)
    ?.value.reduce((sum, byte) => sum * 256 + byte, 0);
  const tag = message.options.find(({ number }) => number === ETAG)?.value;
  return value === undefined
    ? undefined
    : { number: value >> 4, more: (value & 8) !== 0, size: value & 7, tag: Buffer.from(tag ?? []).toString("hex") };
}

const wanted = (number: number, size: number) => {
  const value = (number << 4) | size;
  return { number: BLOCK2, value: value > 255 ? Uint8Array.of(value >> 8, value & 255) : Uint8Array.of(value) };
};

/** The blocks after the first; `between` happens before each. */
async function rest(
  server: FakeServer,
  question: Question,
  first: Heard,
  between: () => Promise<void> = async () => {},
) {
  const parts = [first.payload];
  const tags = [block(first)?.tag];
  for (let last = first; block(last)?.more === true; ) {
    await between();
    const at = block(last)!;
    last = await server.ask("GET", { ...question, options: [wanted(at.number + 1, at.size)] });
    expect([last.code, block(last)?.number]).toEqual(["2.05", at.number + 1]);
    parts.push(last.payload);
    tags.push(block(last)?.tag);
  }
  return { payload: Buffer.concat(parts), tags: new Set(tags), blocks: parts.length };
}

const temperatures = (payload: Uint8Array) =>
  [...senmlCbor(payload)].filter(([path]) => path.endsWith("/5700")).map(([, { value }]) => value);

const QUESTION = { path: "/3303", accept: Format.SenmlCbor };

describe("an Object of thirty Instances", () => {
  it.each([2, 4, 6])("is read whole in blocks of size exponent %i", async (size) => {
    const { server } = await shed();
    const first = await server.ask("GET", { ...QUESTION, options: [wanted(0, size)] });
    expect(first.payload.length).toBeLessThanOrEqual(2 ** (size + 4));
    const { payload, tags, blocks } = await rest(server, QUESTION, first);
    expect(temperatures(payload)).toEqual(Array.from({ length: PROBES }, () => 10));
    expect(tags.size).toBe(1);
    expect(blocks).toBe(Math.ceil(payload.length / 2 ** (size + 4)));
  });

  it("is never a mixture of two moments, though the node speaks between the blocks", async () => {
    const { rig, server } = await shed();
    let temperature = 10;
    const first = await server.ask("GET", QUESTION);
    const { payload, tags } = await rest(server, QUESTION, first, async () => {
      temperature += 1;
      await rig.heard(NODE, all(temperature));
    });
    expect(tags.size).toBe(1);
    expect(new Set(temperatures(payload))).toEqual(new Set([10]));
    const again = await rest(server, QUESTION, await server.ask("GET", QUESTION));
    expect(new Set(temperatures(again.payload))).toEqual(new Set([temperature]));
  });

  it("is told in a first block, and the others are fetched from the same moment", async () => {
    const { rig, server } = await shed();
    const token = server.send("GET", { ...QUESTION, observe: 0 });
    await rig.clock.advance(3_000);
    await rig.heard(NODE, all(12));
    const told = server.answers(token).at(-1)!;
    expect(told.observe).toBeGreaterThan(0);
    const { payload, tags } = await rest(server, QUESTION, told);
    expect(tags.size).toBe(1);
    expect(new Set(temperatures(payload))).toEqual(new Set([12]));
    expect(rig.gateway.sensor(NAME)?.registration.observations).toBe(1);
  });

  it("shows its links in blocks as well", async () => {
    const { server } = await shed();
    const question = { path: "/3303", accept: Format.LinkFormat };
    const { payload } = await rest(server, question, await server.ask("GET", question));
    const found = payload.toString().split(",");
    expect(found.filter((each) => /^<\/3303\/\d+\/5700>$/.test(each))).toHaveLength(PROBES);
    expect(found[0]).toBe("</3303>;ver=1.1");
  });

  it("may be written in blocks, and carries a long name whole", async () => {
    const { server } = await shed();
    const name = "cellar ".repeat(20).trim();
    const bytes = new TextEncoder().encode(name);
    const question = { path: "/3303/0/5750", format: Format.Text };
    const codes: string[] = [];
    for (let number = 0; number * 64 < bytes.length; number++) {
      const more = (number + 1) * 64 < bytes.length;
      const value = Uint8Array.of((number << 4) | (more ? 8 : 0) | 2);
      const payload = bytes.slice(number * 64, (number + 1) * 64);
      codes.push((await server.ask("PUT", { ...question, payload, options: [{ number: 27, value }] })).code);
    }
    expect(codes).toEqual(["2.31", "2.31", "2.04"]);
    expect((await server.ask("GET", { path: "/3303/0/5750", accept: Format.Text })).text).toBe(name);
  });
});
