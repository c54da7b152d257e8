/** What clients say of themselves: what the lab believes, and what it refuses. */

import { describe, expect, it } from "vitest";
import {
  byNumbers,
  readObjectLinks,
  readBootstrapRequest,
  readRegister,
  readUpdate,
} from "../../src/lab/registration.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const LINKS = '</>;rt="oma.lwm2m";ct="60 110 112 11542",</1/0>,</3/0>,</3303>;ver=1.1,</3303/0>,</3303/1>,</5>';
const QUERY = "ep=kitchen&lwm2m=1.1&lt=300&b=U";

describe("reading a Register", () => {
  it("takes name, version, lifetime, binding and Objects", () => {
    expect(readRegister(QUERY, bytes(LINKS))).toEqual({
      endpoint: "kitchen",
      version: "1.1",
      queue: false,
      lifetime: 300,
      binding: "U",
      links: { objects: ["/1/0", "/3/0", "/5", "/3303/0", "/3303/1"], versions: { "3303": "1.1" } },
    });
  });

  it("gives a client without a lifetime a day (Core §6.2.1)", () => {
    expect(readRegister("ep=a&lwm2m=1.0", bytes("</3/0>"))).toMatchObject({ lifetime: 86_400 });
  });

  it("takes an alternate root path off", () => {
    expect(readObjectLinks(bytes('</lwm2m>;rt="oma.lwm2m",</lwm2m/3/0>,</lwm2m/3303/0>,</other/1>'))).toEqual({
      objects: ["/3/0", "/3303/0"],
      versions: {},
    });
  });

  it.each([
    ["no name", "lwm2m=1.1", LINKS, "4.00"],
    ["an empty name", "ep=&lwm2m=1.1", LINKS, "4.00"],
    ["a name beyond measure", `ep=${"x".repeat(300)}&lwm2m=1.1`, LINKS, "4.00"],
    ["no version", "ep=a", LINKS, "4.00"],
    ["an unknown version", "ep=a&lwm2m=1.3", LINKS, "4.12"],
    ["a lifetime in words", "ep=a&lwm2m=1.1&lt=abc", LINKS, "4.00"],
    ["a lifetime with a point", "ep=a&lwm2m=1.1&lt=4.0", LINKS, "4.00"],
    ["a lifetime beyond 68 years", "ep=a&lwm2m=1.1&lt=9999999999", LINKS, "4.00"],
    ["an unknown binding", "ep=a&lwm2m=1.1&b=Z", LINKS, "4.00"],
    ["no Objects", "ep=a&lwm2m=1.1", "", "4.00"],
    ["only the root", "ep=a&lwm2m=1.1", '</>;rt="oma.lwm2m"', "4.00"],
    ["something else than Objects", "ep=a&lwm2m=1.1", "</3/0>,</dev0/3303/0>", "4.00"],
    ["links that are no links", "ep=a&lwm2m=1.1", "3/0", "4.00"],
    ["bytes that are no text", "ep=a&lwm2m=1.1", "\uDC00", "4.00"],
  ])("refuses %s", (_, query, links, code) => {
    const payload = links === "\uDC00" ? Uint8Array.of(0xff, 0xfe) : bytes(links);
    const refused = readRegister(query, payload);
    expect(refused).toMatchObject({ code });
    expect("reason" in refused && refused.reason).not.toBe("");
  });

  it("refuses more Objects than a client can have", () => {
    const many = Array.from({ length: 2_000 }, (_, i) => `</3303/${i}>`).join(",");
    expect(readRegister(QUERY, bytes(many))).toMatchObject({ code: "4.00", reason: "too many Objects" });
  });

  it("never throws, whatever the bytes", () => {
    const random = new SeededRandom(7);
    for (let i = 0; i < 5_000; i++) {
      const noise = random.bytes(random.below(60));
      readRegister(QUERY, noise);
      const mutated = bytes(LINKS);
      mutated[random.below(mutated.length)] = random.below(256);
      readRegister(Buffer.from(noise).toString("latin1"), mutated);
    }
  });
});

describe("reading a Bootstrap-Request", () => {
  it("takes the name and the wish for a format", () => {
    expect(readBootstrapRequest("ep=a")).toEqual({ endpoint: "a" });
    expect(readBootstrapRequest("ep=a&pct=11542")).toEqual({ endpoint: "a", preferredFormat: 11_542 });
  });

  it.each(["", "pct=112", "ep=", "ep=a&pct=senml", "ep=a&pct=-1", "ep=a&pct=1000000", `ep=${"x".repeat(300)}`])(
    "refuses %s",
    (query) => {
      expect(readBootstrapRequest(query)).toMatchObject({ code: "4.00" });
    },
  );
});

describe("reading an Update", () => {
  it("takes only what is there", () => {
    expect(readUpdate("", new Uint8Array(0))).toEqual({});
    expect(readUpdate("lt=60", new Uint8Array(0))).toEqual({ lifetime: 60 });
    expect(readUpdate("b=UT", bytes("</3/0>"))).toEqual({ binding: "UT", links: { objects: ["/3/0"], versions: {} } });
  });

  it("takes a binding of the version that was registered, and no other", () => {
    const nothing = new Uint8Array(0);
    expect(readUpdate("b=UQ", nothing, "1.0")).toEqual({ binding: "UQ" });
    expect(readUpdate("b=UQ", nothing, "1.1")).toMatchObject({ code: "4.00" });
    expect(readUpdate("b=UQ", nothing, "1.2")).toMatchObject({ code: "4.00" });
    expect(readUpdate("b=T", nothing, "1.0")).toMatchObject({ code: "4.00" });
  });

  it("passes over what only other servers need to know", () => {
    expect(readUpdate("lt=60&pid=7&hash=00ff", new Uint8Array(0), "1.2")).toEqual({ lifetime: 60 });
  });

  it("refuses another name and a bad lifetime", () => {
    expect(readUpdate("ep=b", new Uint8Array(0))).toMatchObject({ code: "4.00" });
    expect(readUpdate("lt=-1", new Uint8Array(0))).toMatchObject({ code: "4.00" });
    expect(readUpdate("lt=60", bytes("<"))).toMatchObject({ code: "4.00" });
  });
});

describe("the order of paths", () => {
  it("goes by numbers, and what contains comes before what is contained", () => {
    const paths = ["/3303/10", "/3303/2", "/3", "/3/0/9", "/3/0", "/3303"];
    expect(paths.sort(byNumbers)).toEqual(["/3", "/3/0", "/3/0/9", "/3303", "/3303/2", "/3303/10"]);
  });
});
