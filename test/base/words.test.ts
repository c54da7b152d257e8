/** What errors, secrets, log lines and near misses look like to people. */

import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { BoundedMap, Ring } from "../../src/base/bounded.ts";
import { ByteReader, ByteWriter, DecodeError, fromHex, sameBytes, toHex } from "../../src/base/bytes.ts";
import { parseDuration } from "../../src/base/duration.ts";
import { codeOf, isMissing, words } from "../../src/base/errors.ts";
import { LineSplitter } from "../../src/base/lines.ts";
import { lineLog, type LineLogOptions, silentLog } from "../../src/base/log.ts";
import { nearest } from "../../src/base/nearest.ts";
import { notable } from "../../src/base/notable.ts";
import { Secret } from "../../src/base/secret.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { SeededRandom } from "../support/seeded-random.ts";

describe("an error in words", () => {
  const system = (code: string, message = code) => Object.assign(new Error(message), { code });

  it.each([
    [new Error("first line\nsecond line"), "first line"],
    [new AggregateError([system("A", "no route"), system("B", "refused")]), "no route; refused"],
    [new AggregateError([new Error("x")], "all failed"), "all failed"],
    [new AggregateError([]), ""],
    ["text", "text"],
    [42, "42"],
    [undefined, "undefined"],
    [null, "null"],
    [{ message: "no error" }, "[object Object]"],
  ])("%s", (error, expected) => {
    expect(words(error)).toBe(expected);
  });

  it("has a code only where the system gave it one, as text", () => {
    expect(codeOf(system("ENOENT"))).toBe("ENOENT");
    expect(codeOf(Object.assign(new Error("x"), { code: 5 }))).toBeUndefined();
    expect(codeOf({ code: "ENOENT" })).toBeUndefined();
    expect(codeOf(undefined)).toBeUndefined();
    expect([isMissing(system("ENOENT")), isMissing(system("EACCES")), isMissing("ENOENT")]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe("a secret", () => {
  const secret = new Secret("hunter2", "!env PASSWORD");

  it.each([
    ["text", String(secret)],
    ["JSON", JSON.stringify({ deep: [{ secret }] })],
    ["inspection", inspect(secret)],
    ["inspection of what holds it", inspect({ deep: { secret } }, { depth: 9, showHidden: true })],
    ["a list joined", [secret].join()],
    ["an error's message", words(new Error(`cannot connect with ${String(secret)}`))],
    ["its keys", Object.keys(secret).join() + JSON.stringify(Object.entries(secret))],
  ])("does not show in %s", (_where, shown) => {
    expect(shown).not.toContain("hunter2");
  });

  it("says where it came from, and gives itself to those who ask by name", () => {
    expect(String(secret)).toBe("<secret !env PASSWORD>");
    expect(secret.reveal()).toBe("hunter2");
  });
});

describe("what is worth a line", () => {
  it("is the first, the tenth, the hundredth", () => {
    const worth = Array.from({ length: 100_001 }, (_, i) => i).filter(notable);
    expect(worth).toEqual([1, 10, 100, 1_000, 10_000, 100_000]);
  });
});

describe("the log for people", () => {
  function human(options: Partial<LineLogOptions> = {}) {
    const lines: string[] = [];
    const clock = new FakeClock();
    const write = (line: string) => void lines.push(line);
    return { lines, clock, log: lineLog({ write, clock, level: "debug", style: "human", ...options }) };
  }

  it("begins with the level in a word, in one column", () => {
    const { lines, log } = human();
    log.debug("a");
    log.info("b");
    log.warn("c");
    log.error("d");
    expect(lines).toEqual(["debug a\n", "info  b\n", "warn  c\n", "error d\n"]);
  });

  it("quotes what could be misread, and only that", () => {
    const { lines, log } = human();
    log.info("x", {
      plain: "coap://127.0.0.1:5683/rd+1@x",
      spaced: "two words",
      empty: "",
      quote: 'a"b',
      break: "a\nb",
      list: [1, 2],
      object: { a: 1 },
      nothing: null,
      no: undefined,
      yes: true,
      call: () => undefined,
      big: Number.NaN,
      error: new Error("why\nso"),
    });
    expect(lines).toEqual([
      'info  x plain=coap://127.0.0.1:5683/rd+1@x spaced="two words" empty="" quote="a\\"b" break="a\\nb" list=[1,2]' +
        ' object={"a":1} nothing=null yes=true call=function big=null error="why\\nso"\n',
    ]);
  });

  it("is cut to a length that no reader chokes on", () => {
    const { lines, log } = human();
    log.info("x", { text: "y".repeat(100_000) });
    expect(lines[0]!.length).toBeLessThan(2_100);
  });

  it("carries the fields of every log it was made from, in their order", () => {
    const { lines, log } = human();
    log.with({ a: 1 }).with({ b: 2 }).info("x", { c: 3 });
    log.info("y");
    expect(lines).toEqual(["info  x a=1 b=2 c=3\n", "info  y\n"]);
  });

  it("repeats information as often as it comes, and trouble once a minute with a count", () => {
    const { lines, log, clock } = human();
    for (let i = 0; i < 3; i++) log.info("same");
    for (let i = 0; i < 3; i++) log.error("trouble");
    log.error("trouble", { of: "another kind" });
    clock.tick(60_000);
    log.error("trouble");
    clock.tick(60_000);
    log.error("trouble");
    expect(lines.filter((line) => line.includes("same"))).toHaveLength(3);
    expect(lines.filter((line) => line.includes("trouble")).map((line) => line.trim())).toEqual([
      "error trouble",
      'error trouble of="another kind"',
      "error trouble repeated=2",
      "error trouble",
    ]);
  });

  it("remembers a bounded number of troubles, however many kinds there are", () => {
    const { lines, log } = human();
    for (let i = 0; i < 5_000; i++) log.warn("trouble", { i });
    log.warn("trouble", { i: 4_999 });
    expect(lines).toHaveLength(5_000);
    log.warn("trouble", { i: 0 });
    expect(lines).toHaveLength(5_001);
  });

  it.each(["debug", "info", "warn", "error"] as const)("from %s on leaves out what is less", (level) => {
    const { lines, log } = human({ level });
    for (const each of ["debug", "info", "warn", "error"] as const) log[each](each);
    expect(lines.map((line) => line.split(" ")[0])).toEqual(
      ["debug", "info", "warn", "error"].slice(["debug", "info", "warn", "error"].indexOf(level)),
    );
  });

  it("that is silent stays so with any fields", () => {
    const quiet = silentLog.with({ a: 1 });
    for (const each of ["debug", "info", "warn", "error"] as const) quiet[each]("x");
    expect(quiet).toBe(silentLog);
  });
});

describe("the nearest word", () => {
  const keys = ["topics", "url", "username", "password", "protocol", "client_id"];
  it.each([
    ["topic", "topics"],
    ["Topics", "topics"],
    ["usrname", "username"],
    ["pasword", "password"],
    ["clientid", "client_id"],
    ["uri", "url"],
    ["", undefined],
    ["interval", undefined],
    ["x", undefined],
  ])("to %j is %j", (word, expected) => {
    expect(nearest(word, keys)).toBe(expected);
  });

  it("is the first of two as near, and none of none", () => {
    expect(nearest("bat", ["cat", "bar"])).toBe("cat");
    expect(nearest("bat", [])).toBeUndefined();
  });
});

describe("durations", () => {
  it.each([
    ["0s", 0],
    [" 5m ", 300_000],
    ["0.5h", 1_800_000],
    ["90s", 90_000],
    ["1000000d", 86_400_000_000_000],
  ])("%s", (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(["5 m", "5M", ".5s", "1.s", "1,5s", "5sec", "∞s", "1s1m", "0x5s", "5ms5"])("not %s", (text) =>
    expect(parseDuration(text)).toBeUndefined(),
  );
});

describe("lines", () => {
  const text = (words: string) => new TextEncoder().encode(words);

  it("may be as long as allowed, and not a character longer, with the end in the same chunk or another", () => {
    for (const parts of [
      ["12345\n", "123456\n", "1\n"],
      ["12345", "\n", "123456", "\n1\n"],
    ]) {
      const splitter = new LineSplitter("\n", 5);
      expect(parts.flatMap((part) => splitter.push(text(part)))).toEqual(["12345", "1"]);
      expect(splitter.overlong).toBe(1);
    }
  });

  it("end as their instrument ends them", () => {
    expect(new LineSplitter("\r", 10).push(text("a\rb\r"))).toEqual(["a", "b"]);
    expect(new LineSplitter("END", 10).push(text("aENDbEND"))).toEqual(["a", "b"]);
    expect(new LineSplitter("\n", 10).push(text("a\r\n\r\n\n"))).toEqual(["a", "", ""]);
  });

  it("keep every byte, whatever it is", () => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i).filter((byte) => byte !== 10 && byte !== 13);
    const [line] = new LineSplitter("\n", 500).push(Uint8Array.from([...all, 10]));
    expect(Buffer.from(line!, "latin1")).toEqual(Buffer.from(all));
  });

  it("are counted once each when they are too long, one after the other", () => {
    const splitter = new LineSplitter("\n", 4);
    expect(splitter.push(text("toolong\nok\nlonger\nlongest\nfine\n"))).toEqual(["ok", "fine"]);
    expect(splitter.overlong).toBe(3);
  });
});

describe("bounded containers", () => {
  it("tell what they forget, once, and not what was deleted", () => {
    const gone: [string, number][] = [];
    const map = new BoundedMap<string, number>(2, (key, value) => gone.push([key, value]));
    map.set("a", 1);
    map.set("a", 2);
    map.set("b", 3);
    expect(map.delete("a")).toBe(true);
    expect(map.delete("a")).toBe(false);
    map.set("c", 4);
    map.set("d", 5);
    expect(gone).toEqual([["b", 3]]);
    expect([...map.entries()]).toEqual([
      ["c", 4],
      ["d", 5],
    ]);
    expect([...map.values()]).toEqual([4, 5]);
    map.clear();
    expect([map.size, map.get("c"), map.peek("c"), map.has("c")]).toEqual([0, undefined, undefined, false]);
  });

  it("with no room at all hold nothing", () => {
    const map = new BoundedMap<string, number>(0);
    map.set("a", 1);
    expect(map.size).toBe(0);
  });

  it("rings are read the same however often they went round", () => {
    for (let pushes = 0; pushes < 12; pushes++) {
      const ring = new Ring<number>(4);
      for (let i = 0; i < pushes; i++) ring.push(i);
      expect([...ring]).toEqual(Array.from({ length: pushes }, (_, i) => i).slice(-4));
    }
  });
});

describe("bytes", () => {
  it("come back from the writer as they went in, wherever its buffer had to grow", () => {
    const random = new SeededRandom(2);
    for (let round = 0; round < 300; round++) {
      const writer = new ByteWriter(random.below(4));
      const numbers = Array.from({ length: random.below(20) }, () => random.below(2 ** 32));
      for (const number of numbers) writer.u32(number).u8(number).u16(number).f64(number).u64(BigInt(number));
      const reader = new ByteReader(writer.finish());
      for (const number of numbers) {
        expect([reader.u32(), reader.u8(), reader.u16()]).toEqual([number, number & 0xff, number & 0xffff]);
        expect([reader.f64(), reader.u64()]).toEqual([number, BigInt(number)]);
      }
      expect([reader.done, reader.remaining, reader.rest().length]).toEqual([true, 0, 0]);
    }
  });

  it.each(["u8", "u16", "u32", "u64", "f32", "f64"] as const)(
    "of %s beyond the end are refused with the place",
    (read) => {
      const reader = new ByteReader(new Uint8Array(0));
      expect(() => reader[read]()).toThrow(/wanted, 0 left at byte 0/);
      expect(reader.error("odd")).toBeInstanceOf(DecodeError);
    },
  );

  it("of views are hexed as the view, not as what lies around it", () => {
    const view = fromHex("00 0102 ff").subarray(1, 3);
    expect(toHex(view)).toBe("0102");
    expect(sameBytes(view, fromHex("0102"))).toBe(true);
    expect(fromHex(" ")).toEqual(new Uint8Array(0));
  });
});
