/** Openings of TLS that wait for their turn: few at a time, nobody forgotten, and a silent server in nobody's way. */

import { describe, expect, it } from "vitest";
import type { ByteStream } from "../../src/base/byte-stream.ts";
import { words } from "../../src/base/errors.ts";
import { GatedStream } from "../../src/dial/gated-stream.ts";
import { HandshakeGate } from "../../src/dtls/index.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const LIMIT = 2;

/** A stream that opens after so long, or not at all. */
class SlowStream implements ByteStream {
  readonly security = { protocol: "TLS" };
  readonly alert = 40;
  readonly said: Uint8Array[] = [];
  state: "new" | "opening" | "open" | "closed" = "new";
  readonly #open: () => Promise<void>;
  #fail: ((error: Error) => void) | undefined;

  constructor(open: () => Promise<void>) {
    this.#open = open;
  }

  open(): Promise<void> {
    this.state = "opening";
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      this.#open().then(() => {
        this.state = "open";
        resolve();
      }, reject);
    });
  }

  write(bytes: Uint8Array): boolean {
    this.said.push(bytes);
    return this.state === "open";
  }

  onBytes = () => undefined;
  onClose = () => undefined;

  close(): Promise<void> {
    this.state = "closed";
    this.#fail?.(new Error("closed while opening"));
    return Promise.resolve();
  }
}

function scene() {
  const clock = new FakeClock();
  const gate = new HandshakeGate({ clock, random: new SeededRandom(3), limit: LIMIT });
  const after = (ms: number) => () => new Promise<void>((resolve) => void clock.after(ms, resolve));
  const never = () => new Promise<void>(() => undefined);
  const made = (server: string, open: () => Promise<void>) => {
    const slow = new SlowStream(open);
    return { slow, gated: new GatedStream(slow, { gate, clock, server }) };
  };
  return { clock, gate, after, never, made };
}

describe("streams that wait for their turn", () => {
  it("open one after the other, a few at a time, however many there are", async () => {
    const { clock, gate, after, made } = scene();
    const all = Array.from({ length: 300 }, () => made("one", after(20)));
    const opened = Promise.all(all.map(({ gated }) => gated.open()));
    let most = 0;
    for (let turn = 0; turn < 2_000 && all.some(({ slow }) => slow.state !== "open"); turn++) {
      await clock.advance(5);
      most = Math.max(most, all.filter(({ slow }) => slow.state === "opening").length);
    }
    await opened;
    expect(most).toBeLessThanOrEqual(LIMIT);
    expect([gate.busy, gate.waiting]).toEqual([0, 0]);
  });

  it("do not wait for those whose server takes long: a long way is no arithmetic", async () => {
    const { clock, after, made } = scene();
    const far = Array.from({ length: 60 }, () => made("far", after(900)));
    const opened = Promise.all(far.map(({ gated }) => gated.open()));
    // One by one in pairs they would take half a minute.
    await clock.advance(6_000);
    expect(far.every(({ slow }) => slow.state === "open")).toBe(true);
    await opened;
  });

  it("to a server that never answers are in nobody's way who wants another one", async () => {
    const { clock, never, after, made } = scene();
    const dead = Array.from({ length: 100 }, () => made("dead", never));
    const failures = dead.map(({ gated }) => gated.open().catch(words));
    await clock.advance(1_000);
    // No more than so many find out for themselves that it is silent.
    await clock.advance(60_000);
    const trying = dead.filter(({ slow }) => slow.state === "opening").length;
    expect(trying).toBeGreaterThan(20);
    expect(trying).toBeLessThanOrEqual(32 + LIMIT);
    const { slow, gated } = made("alive", after(10));
    const open = gated.open();
    await clock.advance(300);
    expect(slow.state).toBe("open");
    await open;
    for (const { gated: each } of dead) await each.close();
    expect(new Set(await Promise.all(failures))).toEqual(new Set(["closed while opening"]));
  });

  it("are refused in the words of the stream, and leave their place", async () => {
    const { clock, gate, made } = scene();
    const { gated } = made("one", () => Promise.reject(new Error("the certificate has expired")));
    const refused = expect(gated.open()).rejects.toThrow("the certificate has expired");
    await clock.advance(100);
    await refused;
    expect([gate.busy, gate.waiting]).toEqual([0, 0]);
  });

  it("can be given up before their turn, by closing or by signal, and are not opened then", async () => {
    const { clock, gate, after, made } = scene();
    const busy = [made("one", after(50)), made("one", after(50))];
    const opened = Promise.all(busy.map(({ gated }) => gated.open()));
    const [closed, aborted, late] = [made("one", after(1)), made("one", after(1)), made("one", after(1))];
    const controller = new AbortController();
    const ends = [
      expect(closed.gated.open()).rejects.toThrow("closed while opening"),
      expect(aborted.gated.open(controller.signal)).rejects.toThrow("closed while opening"),
    ];
    await closed.gated.close();
    controller.abort();
    await expect(late.gated.open(controller.signal)).rejects.toThrow("aborted");
    await clock.advance(1_000);
    await Promise.all(ends);
    await opened;
    expect([closed.slow.state, aborted.slow.state, late.slow.state]).toEqual(["closed", "new", "new"]);
    expect([gate.busy, gate.waiting]).toEqual([0, 0]);
  });

  it("open again after they were closed, and show what the stream shows", async () => {
    const { clock, gate, after, made } = scene();
    const { slow, gated } = made("one", after(5));
    for (let life = 0; life < 3; life++) {
      const open = gated.open();
      await clock.advance(100);
      await open;
      expect(gated.write(Uint8Array.of(life))).toBe(true);
      await gated.close();
      await gated.close();
    }
    expect(slow.said).toHaveLength(3);
    expect([gated.security, gated.alert]).toEqual([{ protocol: "TLS" }, 40]);
    expect([gate.busy, gate.waiting]).toEqual([0, 0]);
  });
});
