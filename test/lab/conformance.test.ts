/** Registrations as naive and as unusual clients send them, bytes on a real socket: what a server must make of each. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CoapSensor } from "../support/coap-sensor.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { LabBench } from "../support/lab-bench.ts";

let bench: LabBench;
let sensor: CoapSensor;
const clock = new FakeClock();

beforeEach(async () => {
  bench = await new LabBench({ watch: false, clock }).start();
  sensor = await bench.sensor();
});
afterEach(() => bench.stop());

const LINKS = "</1/0>,</3/0>,</3303/0>";
const CON = 0x40;
const NON = 0x50;
const POST = 0x02;
const PUT = 0x03;
const DELETE = 0x04;

/** A request by hand (RFC 7252 §3): Uri-Path, Content-Format 40 if there is a payload, Uri-Query. */
function datagram(
  code: number,
  { path = ["rd"], query = [], links = "", type = CON, id = 1 }: Partial<Parts> = {},
): Uint8Array {
  const options = [
    ...path.map((segment) => [11, Buffer.from(segment)] as const),
    ...(links === "" ? [] : [[12, Buffer.of(40)] as const]),
    ...query.map((parameter) => [15, Buffer.from(parameter)] as const),
  ];
  let number = 0;
  const written = options.map(([option, value]) => {
    const delta = option - number;
    number = option;
    const length = value.length < 13 ? [value.length] : [13, value.length - 13];
    return Buffer.from([(delta << 4) | length[0]!, ...length.slice(1), ...value]);
  });
  const payload = links === "" ? [] : [Buffer.of(0xff), Buffer.from(links)];
  return Buffer.concat([Uint8Array.of(type | 1, code, 0x7d, id, 0xaa), ...written, ...payload]);
}

interface Parts {
  readonly path: readonly string[];
  readonly query: readonly string[];
  readonly links: string;
  readonly type: number;
  readonly id: number;
}

const codeOf = (answer: Uint8Array) => `${answer[1]! >> 5}.${String(answer[1]! & 31).padStart(2, "0")}`;
let messages = 0;
const send = async (code: number, parts: Partial<Parts>) =>
  codeOf(await sensor.exchange(datagram(code, { ...parts, id: (messages += 1) & 0xff })));
const register = (query: string, links = LINKS) => send(POST, { query: query.split("&"), links });
const registered = () => bench.lab.clients().map(({ endpoint }) => endpoint);

describe("a Register with odd parameters", () => {
  it.each([
    ["all that is usual", "ep=a&lwm2m=1.1&lt=300&b=U", "2.01"],
    ["version 1.0 and its queue in the binding", "ep=a&lwm2m=1.0&b=UQ", "2.01"],
    ["version 1.1 and its queue apart", "ep=a&lwm2m=1.1&b=U&Q", "2.01"],
    ["no lifetime: it is a day", "ep=a&lwm2m=1.1", "2.01"],
    ["parameters that nobody knows", "ep=a&lwm2m=1.1&pid=1&x", "2.01"],
    ["a later version, so that the client tries an earlier one", "ep=a&lwm2m=1.3", "4.12"],
    ["a version that is none", "ep=a&lwm2m=one", "4.12"],
    ["no version", "ep=a&lt=300", "4.00"],
    ["no name", "lwm2m=1.1&lt=300", "4.00"],
    ["an empty name", "ep=&lwm2m=1.1", "4.00"],
    ["a name without a value", "ep&lwm2m=1.1", "4.00"],
    ["a lifetime in words", "ep=a&lwm2m=1.1&lt=abc", "4.00"],
    ["a lifetime with a point", "ep=a&lwm2m=1.1&lt=4.0", "4.00"],
    ["a lifetime below zero", "ep=a&lwm2m=1.1&lt=-1", "4.00"],
    ["an unknown binding", "ep=a&lwm2m=1.1&b=X", "4.00"],
    ["the queue of 1.0 in the binding of 1.1", "ep=a&lwm2m=1.1&b=UQ", "4.00"],
    ["TCP with 1.0, which has none", "ep=a&lwm2m=1.0&b=T", "4.00"],
    ["the queue of 1.1 with 1.0", "ep=a&lwm2m=1.0&b=U&Q", "4.00"],
    ["a queue with a value", "ep=a&lwm2m=1.1&b=U&Q=1", "4.00"],
  ])("%s", async (_what, query, code) => {
    expect(await register(query)).toBe(code);
    expect(registered()).toEqual(code === "2.01" ? ["a"] : []);
  });

  it("a lifetime of nothing is over at once", async () => {
    expect(await register("ep=a&lwm2m=1.1&lt=0")).toBe("2.01");
    clock.tick(1_100);
    expect(registered()).toEqual([]);
  });

  it("the last of two names counts for one client, not for two", async () => {
    expect(await register("ep=a&lwm2m=1.1&ep=b")).toBe("2.01");
    expect(registered()).toHaveLength(1);
  });
});

describe("a Register with odd links", () => {
  it.each([
    ["an Object version without quotes", "</3303>;ver=1.1,</3303/0>", "2.01"],
    ["an Object version in quotes", '</3303>;ver="1.1",</3303/0>', "2.01"],
    ["the root in quotes", '</>;rt="oma.lwm2m",</3/0>', "2.01"],
    ["the root without quotes", "</>;rt=oma.lwm2m,</3/0>", "2.01"],
    ["formats in every spelling", '</>;rt="oma.lwm2m";ct="60 110 112",</3/0>', "2.01"],
    ["one format, and an attribute without a value", '</>;rt="oma.lwm2m";ct=60;hb,</3/0>', "2.01"],
    ["another root, and links below it", '</lwm2m>;rt="oma.lwm2m",</lwm2m/3/0>', "2.01"],
    ["no Object at all", "", "4.00"],
    ["nothing but the root", '</>;rt="oma.lwm2m"', "4.00"],
    ["a comma at the end", "</3/0>,", "4.00"],
    ["no slash at the beginning", "<3/0>", "4.00"],
    ["Instances of other devices", "</3/0>,</dev0/3303/0>", "4.00"],
    ["a Resource", "</3/0/1>", "4.00"],
    ["an angle that is never closed", "</3/0", "4.00"],
    ["a quote that is never closed", '</3/0>;ver="1', "4.00"],
    ["an attribute that is cut off", "</3/0>;", "4.00"],
    ["text", "hello", "4.00"],
  ])("%s", async (_what, links, code) => {
    expect(await register("ep=a&lwm2m=1.1", links)).toBe(code);
    expect(registered()).toEqual(code === "2.01" ? ["a"] : []);
  });

  it("blanks between links are taken or refused whole, never half", async () => {
    const code = await register("ep=a&lwm2m=1.1", "</3/0>, </3303/0>");
    expect(bench.lab.clients().flatMap(({ objects }) => objects)).toEqual(code === "2.01" ? ["/3/0", "/3303/0"] : []);
  });
});

describe("what follows a Register", () => {
  async function location(): Promise<readonly string[]> {
    await sensor.register("ep=a&lwm2m=1.1&lt=300", LINKS);
    return sensor.location.split("/").slice(1);
  }

  it("has a location of several segments, new each time; the old one is no more", async () => {
    const first = await location();
    expect(first).toHaveLength(2);
    const second = await location();
    expect(second).not.toEqual(first);
    expect(await send(POST, { path: first })).toBe("4.04");
    expect(await send(POST, { path: second })).toBe("2.04");
  });

  it("an Update is a POST, and nothing else", async () => {
    const path = await location();
    expect(await send(PUT, { path })).toBe("4.05");
    expect(await send(POST, { path, query: ["lt=60"] })).toBe("2.04");
    expect(bench.lab.clients()[0]?.lifetime).toBe(60);
  });

  it("an Update cannot rename, nor change a thing if one of its parts is wrong", async () => {
    const path = await location();
    expect(await send(POST, { path, query: ["ep=b"] })).toBe("4.00");
    expect(await send(POST, { path, query: ["lt=60", "b=?"] })).toBe("4.00");
    expect(await send(POST, { path, query: ["lt=60"], links: "</3/0>,</" })).toBe("4.00");
    expect(bench.lab.clients()[0]).toMatchObject({
      endpoint: "a",
      lifetime: 300,
      objects: ["/1/0", "/3/0", "/3303/0"],
    });
  });

  it("a location that nobody has is 4.04, for Update and De-register: a client then registers anew", async () => {
    expect(await send(POST, { path: ["rd", "gone"] })).toBe("4.04");
    expect(await send(DELETE, { path: ["rd", "gone"] })).toBe("4.04");
    expect(await send(DELETE, { path: ["rd"] })).toBe("4.05");
    expect(await send(POST, { path: ["bs"] })).toBe("4.04");
    expect(await send(POST, { path: ["rd", "a", "b"] })).toBe("4.04");
  });

  it("de-registering twice says so", async () => {
    const path = await location();
    expect(await send(DELETE, { path })).toBe("2.02");
    expect(await send(DELETE, { path })).toBe("4.04");
    expect(registered()).toEqual([]);
  });

  it("a Register that is not confirmable is answered all the same", async () => {
    const answer = await sensor.exchange(
      datagram(POST, { type: NON, id: 0xfe, query: ["ep=non", "lwm2m=1.1"], links: LINKS }),
    );
    expect(codeOf(answer)).toBe("2.01");
    expect(registered()).toEqual(["non"]);
  });
});
