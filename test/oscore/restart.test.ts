/** What is left of OSCORE after a restart: numbers never used twice, and nobody believed who only repeats. */

import { describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { Code, decodeMessage, encodeMessage, type Message } from "../../src/coap/index.ts";
import { decodeOption, OSCORE } from "../../src/oscore/option.ts";
import { MAX_SEQUENCE, sequenceOf } from "../../src/oscore/context.ts";
import { firstSequence, SenderSequence } from "../../src/oscore/sender.ts";
import { settle } from "../support/fake-clock.ts";
import { MemorySequence, Pair } from "./support.ts";

const NOTHING = new Uint8Array(0);
const NOON = { ms: Date.UTC(2026, 5, 1, 12), trusted: true };
const GET = { code: Code.GET, path: ["3", "0"] };

const numbersOf = (sent: readonly Uint8Array[]) =>
  sent
    .map((datagram) => decodeMessage(datagram).options.find(({ number }) => number === OSCORE))
    .flatMap((option) => {
      const { partialIv } = option ? decodeOption(option.value) : {};
      return partialIv ? [sequenceOf(partialIv)] : [];
    });

async function talking(): Promise<{ pair: Pair; handled: string[] }> {
  const pair = await new Pair().open();
  const handled: string[] = [];
  listen(pair, handled);
  return { pair, handled };
}

function listen({ server }: Pair, handled: string[]): void {
  server.endpoint.onRequest(({ path }) => {
    handled.push(path.join("/"));
    return { code: Code.Changed };
  });
}

const ask = async ({ client }: Pair) => {
  const answer = await client.endpoint.request(GET);
  return answer.status === "answered" ? answer.response.code : answer.status;
};

describe("numbers of messages", () => {
  it("are set aside on the disk before one is used (RFC 8613 Appendix B.1.1)", async () => {
    const disk = new MemorySequence();
    const sequence = new SenderSequence(disk, () => undefined);
    expect(sequence.take()).toBeUndefined();
    await sequence.open(NOON);
    for (let i = 0; i < 5_000; i++) {
      const taken = sequence.take();
      expect(taken).toBeLessThan(disk.stored ?? 0);
      if (i % 100 === 0) await settle();
    }
    expect(disk.writes).toBeLessThan(8);
  });

  it("go on behind all that were set aside, after a restart", async () => {
    const { pair } = await talking();
    for (let i = 0; i < 10; i++) await ask(pair);
    const before = Math.max(...numbersOf(pair.line.near.sent));
    const said = pair.line.near.sent.length;
    await pair.restartClient();
    expect(await ask(pair)).toBe(Code.Changed);
    expect(Math.min(...numbersOf(pair.line.near.sent.slice(said)))).toBeGreaterThan(before);
  });

  it("run out while the disk refuses: nothing is sent rather than a number used twice, and the log says why", async () => {
    const { pair } = await talking();
    pair.clientDisk.broken = true;
    for (let i = 0; i < 1_024; i++) await ask(pair);
    const said = pair.line.near.sent.length;
    const waits = ask(pair);
    await pair.clock.advance(300_000);
    expect(await waits).toBe("timeout");
    expect(pair.line.near.sent).toHaveLength(said);
    expect(pair.client.transport.counters.unsent).toBeGreaterThan(0);
    expect(pair.client.log.events("error")).toContain("oscore-sequence-not-stored");
    pair.clientDisk.broken = false;
    await settle();
    const next = ask(pair);
    await pair.clock.advance(10_000);
    expect(await next).toBe(Code.Changed);
  });

  it("begin where nobody can have been, if the disk knows none: at the seconds since 2020, a thousand each", async () => {
    const sequence = new SenderSequence(new MemorySequence(), () => undefined);
    expect(await sequence.open(NOON)).toBe(true);
    const first = sequence.take() ?? 0;
    expect(first).toBe(firstSequence(NOON));
    expect(firstSequence({ ...NOON, ms: NOON.ms + 1_000 }) - first).toBe(1_024);
    expect(firstSequence({ ...NOON, ms: Date.UTC(2053, 11, 31) })).toBeLessThan(MAX_SEQUENCE);
  });

  it("are not begun before the clock is set, if the disk knows none", async () => {
    const sequence = new SenderSequence(new MemorySequence(), () => undefined);
    await expect(sequence.open({ ms: 1_000, trusted: false })).rejects.toThrow("once the clock is set");
    expect(sequence.take()).toBeUndefined();
  });

  it("go on without a clock, if the disk knows them", async () => {
    const disk = new MemorySequence();
    disk.stored = 500;
    const sequence = new SenderSequence(disk, () => undefined);
    expect(await sequence.open({ ms: 1_000, trusted: false })).toBe(false);
    expect(sequence.take()).toBeGreaterThanOrEqual(500);
  });

  it("go on beyond the clock, if the disk shows what it knew long ago: a backup, an older generation of the file", async () => {
    const disk = new MemorySequence();
    const before = new SenderSequence(disk, () => undefined);
    await before.open(NOON);
    const backup = disk.stored ?? 0;
    const used: number[] = [];
    for (let i = 0; i < 10_000; i++) {
      used.push(before.take() ?? 0);
      if (i % 100 === 0) await settle();
    }
    for (const now of [
      { ms: NOON.ms + 60_000, trusted: true },
      { ms: 1_000, trusted: false },
    ]) {
      disk.stored = backup;
      const after = new SenderSequence(disk, () => undefined);
      await after.open(now);
      expect(after.take()).toBeGreaterThan(Math.max(...used));
    }
  });

  it("are left, though a clock was wrong by decades", async () => {
    const disk = new MemorySequence();
    disk.stored = 500;
    await new SenderSequence(disk, () => undefined).open({ ms: Date.UTC(2099, 0, 1), trusted: true });
    const sequence = new SenderSequence(disk, () => undefined);
    await sequence.open(NOON);
    expect(sequence.take()).toBeLessThan(MAX_SEQUENCE - 1_000_000);
  });

  it("end: after the last one nothing is sent under this key", async () => {
    const disk = new MemorySequence();
    disk.stored = MAX_SEQUENCE - 16 * 1_024;
    const sequence = new SenderSequence(disk, () => undefined);
    await sequence.open(NOON);
    expect(sequence.take()).toBe(MAX_SEQUENCE);
    expect(sequence.take()).toBeUndefined();
  });
});

describe("after a restart of the end that is asked", () => {
  it("the first request is answered with an Echo, asked again with it, and handled once (RFC 9175 §2.3)", async () => {
    const { pair } = await talking();
    await ask(pair);
    const handled: string[] = [];
    await pair.restartServer();
    listen(pair, handled);
    const said = pair.line.near.sent.length;
    expect(await ask(pair)).toBe(Code.Changed);
    expect(handled).toEqual(["3/0"]);
    expect(pair.line.near.sent.length - said).toBe(2);
    expect(await ask(pair)).toBe(Code.Changed);
    expect(pair.line.near.sent.length - said).toBe(3);
  });

  it("an Echo that is lost is said again with the request, under its own message id", async () => {
    const { pair } = await talking();
    await pair.restartServer();
    const handled: string[] = [];
    listen(pair, handled);
    let dropped = 0;
    pair.line.near.fate = (_, index) => (index === 1 && dropped++ === 0 ? "drop" : "deliver");
    const waits = ask(pair);
    await pair.clock.advance(60_000);
    expect(await waits).toBe(Code.Changed);
    expect(handled).toEqual(["3/0"]);
    expect(dropped).toBe(1);
  });

  it("nothing from before it is believed, whoever repeats it", async () => {
    const { pair } = await talking();
    await ask(pair);
    const recorded = pair.line.near.sent.map(decodeMessage);
    const handled: string[] = [];
    await pair.restartServer();
    listen(pair, handled);
    const replay = (message: Message | undefined, messageId: number) => {
      if (message) pair.line.far.receive(encodeMessage({ ...message, messageId }));
    };
    replay(recorded[0], 1);
    replay(recorded[0], 2);
    expect(handled).toEqual([]);
    await ask(pair);
    replay(recorded[0], 3);
    expect(handled).toEqual(["3/0"]);
    expect(pair.server.transport.counters.replayed).toBe(1);
  });

  it("answers to requests that may be recordings have numbers of their own: none seals two texts", async () => {
    const { pair } = await talking();
    await ask(pair);
    await pair.restartServer();
    const said = pair.line.far.sent.length;
    const recorded = decodeMessage(pair.line.near.sent[0] ?? NOTHING);
    for (let messageId = 1; messageId < 5; messageId++)
      pair.line.far.receive(encodeMessage({ ...recorded, messageId, token: Uint8Array.of(messageId) }));
    const numbers = numbersOf(pair.line.far.sent.slice(said));
    expect(numbers).toHaveLength(4);
    expect(new Set(numbers).size).toBe(4);
    expect(new Set(pair.line.far.sent.slice(said).map(toHex)).size).toBe(4);
  });

  it("an end whose disk was lost answers recordings with numbers of its own: none seals two texts under one", async () => {
    const { pair } = await talking();
    await ask(pair);
    const recorded = decodeMessage(pair.line.near.sent[0] ?? NOTHING);
    pair.serverDisk.stored = undefined;
    await pair.restartServer();
    // Another answer than before.
    pair.server.endpoint.onRequest(() => ({ code: Code.Content, payload: Uint8Array.of(1, 2, 3) }));
    const said = pair.line.far.sent.length;
    pair.line.far.receive(encodeMessage({ ...recorded, messageId: recorded.messageId ^ 1 }));
    const answers = pair.line.far.sent.slice(said);
    expect(answers).toHaveLength(1);
    expect(numbersOf(answers)).toHaveLength(1);
  });
});
