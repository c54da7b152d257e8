import { createSecretKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import { SequenceBook } from "../../src/dial/sequences.ts";
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
    await Promise.all([before.of(secrets(1)).write(1_024), before.of(secrets(2)).write(2_048)]);
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
    await new SequenceBook(disk).of(secrets(1)).write(5);
    const key = Buffer.alloc(16, 7);
    for (const encoding of ["hex", "base64", "base64url"] as const)
      expect(disk.text).not.toContain(key.toString(encoding).slice(0, 12));
  });

  it("are set aside only once the disk has them", async () => {
    const disk = new MemoryStore();
    disk.fails = true;
    await expect(new SequenceBook(disk).of(secrets(1)).write(5)).rejects.toThrow("no space");
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

  it("live in memory where there is no disk", async () => {
    const book = new SequenceBook(undefined);
    await book.of(secrets(1)).write(77);
    expect(await book.of(secrets(1)).read()).toBe(77);
  });
});
