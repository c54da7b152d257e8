import { createSecretKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import { SequenceBook } from "../../src/dial/sequences.ts";
import { SenderSequence } from "../../src/oscore/sender.ts";
import { settle } from "../support/fake-clock.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { MemoryStore } from "../gateway/rig.ts";

const secrets = (sender: number, key = 7) => ({
  masterSecret: createSecretKey(Buffer.alloc(16, key)),
  senderId: Uint8Array.of(sender),
  recipientId: Uint8Array.of(0xff),
});

describe("the numbers of OSCORE contexts", () => {
  it("are there after a restart, each for its own context", async () => {
    const disk = new MemoryStore();
    const before = new SequenceBook(disk);
    await Promise.all([before.of(secrets(1)).reserve(0, 1_024), before.of(secrets(2)).reserve(0, 2_048)]);
    const after = new SequenceBook(new MemoryStore(disk.text));
    expect(await after.of(secrets(1)).read()).toBe(1_024);
    expect(await after.of(secrets(2)).read()).toBe(2_048);
    expect(await after.of(secrets(3)).read()).toBeUndefined();
    // Another key: another context, which counts anew.
    expect(await after.of(secrets(1, 8)).read()).toBeUndefined();
    expect(await after.of({ ...secrets(1), masterSalt: new Uint8Array() }).read()).toBeUndefined();
    expect(await after.of({ ...secrets(1), idContext: Uint8Array.of(1) }).read()).toBeUndefined();
  });

  it("give no key away", async () => {
    const disk = new MemoryStore();
    await new SequenceBook(disk).of(secrets(1)).reserve(0, 5);
    const key = Buffer.alloc(16, 7);
    for (const encoding of ["hex", "base64", "base64url"] as const)
      expect(disk.text).not.toContain(key.toString(encoding).slice(0, 12));
  });

  it("are set aside only once the disk has them", async () => {
    const disk = new MemoryStore();
    disk.fails = true;
    await expect(new SequenceBook(disk).of(secrets(1)).reserve(0, 5)).rejects.toThrow("no space");
  });

  it.each(["", "{", "[]", "null", '{"next":null}', '{"next":{"a":"b","c":1.5,"d":-0.1}}', '{"next":[5]}'])(
    "may be lost on a disk that has %j: then they begin beyond all that was used",
    async (text) => {
      expect(await new SequenceBook(new MemoryStore(text)).of(secrets(1)).read()).toBeUndefined();
    },
  );

  it("are used by nobody while the disk cannot be read", async () => {
    const broken = { read: () => Promise.reject(new Error("input/output error")), write: () => Promise.resolve() };
    await expect(new SequenceBook(broken).of(secrets(1)).read()).rejects.toThrow("input/output");
  });

  it("are given to one alone where two ways count under the same context, whatever order they ask in", async () => {
    const disk = new MemoryStore();
    const book = new SequenceBook(disk);
    const ways = [1, 2].map(() => new SenderSequence(book.of(secrets(1)), () => undefined));
    for (const way of ways) await way.open({ ms: Date.UTC(2026, 0, 1), trusted: true });
    const used: number[] = [];
    for (let i = 0; i < 8_000; i++) {
      // One talks three times as much as the other.
      const taken = ways[i % 4 === 0 ? 1 : 0]?.take();
      if (taken !== undefined) used.push(taken);
      if (i % 50 === 0) await settle();
    }
    expect(used).toHaveLength(8_000);
    expect(new Set(used).size).toBe(used.length);
    const after = await new SequenceBook(new MemoryStore(disk.text)).of(secrets(1)).read();
    expect(after).toBeGreaterThan(Math.max(...used));
  });

  it("that nobody can have set aside are as good as lost, and the others hold", async () => {
    const disk = new MemoryStore();
    for (const sender of [1, 2, 3]) await new SequenceBook(disk).of(secrets(sender)).reserve(9_000, 1_024);
    const before = disk.text ?? "";
    const names = [...before.matchAll(/"([\w-]{43})":/g)].map(([, name]) => name);
    expect(names).toHaveLength(3);
    disk.text = before
      .replace(`${names[0]}":10024`, `${names[0]}":-1`)
      .replace(`${names[1]}":10024`, `${names[1]}":1e15`);
    const book = new SequenceBook(disk);
    const read = await Promise.all([1, 2, 3].map((sender) => book.of(secrets(sender)).read()));
    expect(read).toEqual([undefined, undefined, 10_024]);
  });

  it("can be read again after the disk could not for a moment", async () => {
    let fails = true;
    const text = `{"version":1,"next":{}}`;
    const disk = {
      read: () => (fails ? Promise.reject(new Error("input/output error")) : Promise.resolve(text)),
      write: () => Promise.resolve(),
    };
    const place = new SequenceBook(disk).of(secrets(1));
    await expect(place.reserve(0, 1_024)).rejects.toThrow("input/output");
    fails = false;
    expect(await place.reserve(0, 1_024)).toBe(0);
  });

  it("are not used twice when the process dies between setting aside and using, at whatever moment", async () => {
    const disk = new MemoryStore();
    const used = new Set<number>();
    const random = new SeededRandom(12);
    for (let life = 0; life < 40; life++) {
      // What is on the disk when it dies is what the next life finds.
      const store = new SenderSequence(new SequenceBook(disk).of(secrets(1)), () => undefined);
      const opening = store.open({ ms: Date.UTC(2026, 0, 1), trusted: true });
      // It dies before the disk has answered, or after some messages.
      if (random.unit() < 0.2) continue;
      await opening;
      for (let left = Math.floor(random.unit() * 2_500); left > 0; left--) {
        const number = store.take();
        if (number === undefined) await settle();
        else {
          expect(used.has(number)).toBe(false);
          used.add(number);
        }
      }
    }
    expect(used.size).toBeGreaterThan(10_000);
  });

  it("are not used while the disk has not answered, and are not given out again when it has refused", async () => {
    const disk = new MemoryStore();
    const place = new SequenceBook(disk).of(secrets(1));
    const first = await place.reserve(0, 100);
    disk.fails = true;
    await expect(place.reserve(0, 100)).rejects.toThrow("no space");
    disk.fails = false;
    // Whether the refused ones have reached the disk after all is not known.
    const next = await place.reserve(0, 100);
    expect(next).toBeGreaterThanOrEqual(first + 100);
    expect(await new SequenceBook(new MemoryStore(disk.text)).of(secrets(1)).read()).toBe(next + 100);
  });

  it("of five thousand that begin at once are written together, each safe before it is used", async () => {
    const written: string[] = [];
    let release: () => void = () => undefined;
    const disk = {
      read: () => Promise.resolve(undefined),
      write: (text: string) => {
        written.push(text);
        return new Promise<void>((resolve) => (release = resolve));
      },
    };
    const book = new SequenceBook(disk);
    let safe = 0;
    const begin = (from: number) =>
      Array.from({ length: 2_500 }, async (_, i) => {
        const senderId = Uint8Array.of(from + (i >> 8), i & 0xff);
        await book.of({ ...secrets(1), senderId }).reserve(0, 1_024);
        safe += 1;
      });
    const first = begin(0);
    await settle();
    const second = begin(100);
    await settle();
    // The disk is busy with the first of them; nobody goes on before it has answered.
    expect([written.length, safe]).toEqual([1, 0]);
    release();
    await Promise.all(first);
    await settle();
    expect([written.length, safe]).toEqual([2, 2_500]);
    release();
    await Promise.all(second);
    expect(written).toHaveLength(2);
    expect(safe).toBe(5_000);
  });

  it("of contexts whose keys were changed long ago are forgotten, so that the file does not grow for ever", async () => {
    const disk = new MemoryStore();
    const book = new SequenceBook(disk);
    const name = (i: number) => ({ ...secrets(1), senderId: Uint8Array.of(i >> 8, i & 0xff) });
    await Promise.all(Array.from({ length: 20_000 }, (_, i) => book.of(name(i)).reserve(0, 1_024)));
    expect(disk.text?.length).toBeLessThan(1_000_000);
    expect(await book.of(name(19_999)).read()).toBe(1_024);
    expect(await book.of(name(0)).read()).toBeUndefined();
  });

  it("live in memory where there is no disk", async () => {
    const book = new SequenceBook(undefined);
    await book.of(secrets(1)).reserve(0, 77);
    expect(await book.of(secrets(1)).read()).toBe(77);
  });
});
