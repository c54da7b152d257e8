import { createSecretKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import { SequenceBook } from "../../src/dial/sequences.ts";
import { SenderSequence } from "../../src/oscore/sender.ts";
import { settle } from "../support/fake-clock.ts";
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

  it.each(["", "{", "[]", "null", '{"next":null}', '{"next":{"a":"b","c":1.5,"d":-0.1}}'])(
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

  it("live in memory where there is no disk", async () => {
    const book = new SequenceBook(undefined);
    await book.of(secrets(1)).reserve(0, 77);
    expect(await book.of(secrets(1)).read()).toBe(77);
  });
});
