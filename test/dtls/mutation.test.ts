import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import type { Credentials } from "../../src/base/credentials.ts";
import { DtlsCounters, dtls } from "../../src/dtls/index.ts";
import { judgeOf } from "../../src/dtls/x509/judge.ts";
import type { Openssl } from "../../src/io/openssl/library.ts";
import type { OpensslServerOptions } from "../../src/io/openssl/server.ts";
import { family } from "../support/certificates.ts";
import { RecordMutator } from "../support/mutate-records.ts";
import { findTestOpenssl, keyOf, pskOf, titled } from "../support/openssl-server.ts";
import { KEY, SecureScene } from "../support/secure-scene.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const found = await findTestOpenssl();
/** How long to look at least, in seconds; unset: as many handshakes as every run can afford. */
const SECONDS = Number(process.env["ISTHMUS_FUZZ_SECONDS"] ?? 0);
const HANDSHAKES = 3_000;
/** A minute is not over before this many: on a busy machine it is longer. */
const PER_MINUTE = 50_000;
const SLOW_MS = 200;
const RETRIES = 4;
const HEAP_BYTES = 24_000_000;
/** In virtual milliseconds: long enough for three repetitions. */
const PATIENCE_MS = 8_000;

const people = family();
const trust = { name: "lwm2m.example", authorities: [people.root.der] };
const now = () => ({ ms: Date.UTC(2026, 5, 1), trusted: true });

interface Kind {
  readonly credentials: Credentials;
  readonly server: Partial<OpensslServerOptions>;
  /** A client that does not know the key, or whom the server's certificate does not convince: it may never open. */
  readonly hopeless?: true;
}

const x509 = (host: string): Credentials => ({
  mode: "x509",
  privateKey: people.client.privateKey,
  chain: people.client.chain,
  serverName: "lwm2m.example",
  judge: judgeOf({ ...trust, name: host }),
});
const certificates = { certificate: people.server, authorities: [people.root.der], suites: [0xc0ae] };
const otherKeys = { psk: keyOf("dev1", KEY), suites: [0xc037] };
const keys = { psk: keyOf("dev1", KEY), suites: [0xc0a8, 0x00a8] };

/** Public keys cost ten times as much: they come up less often. */
const KINDS: readonly Kind[] = [
  ...Array.from({ length: 20 }, () => ({ credentials: pskOf("dev1", KEY), server: keys })),
  { credentials: pskOf("dev1", Buffer.alloc(16, 1)), server: keys, hopeless: true },
  { credentials: pskOf("dev1", Buffer.alloc(16, 2)), server: otherKeys, hopeless: true },
  { credentials: pskOf("dev1", KEY), server: otherKeys },
  { credentials: x509("lwm2m.example"), server: certificates },
  { credentials: x509("elsewhere.example"), server: certificates, hopeless: true },
];

describe.skipIf(!found.canLose)(titled("a handshake that somebody meddles with", found), () => {
  it("ends in order: nothing thrown, nothing slow, nothing kept, and never open without the server's proof", {
    timeout: (SECONDS * 20 + 120) * 1_000,
  }, () => {
    const run = new Fuzz(found.openssl!);
    for (let i = 0; i < 300; i++) run.handshake(i);
    const heap = settledHeap();
    const began = performance.now();
    const wanted = SECONDS > 0 ? (PER_MINUTE * SECONDS) / 60 : HANDSHAKES;
    const over = () => run.handshakes >= wanted && performance.now() - began >= SECONDS * 1_000;
    for (let seed = 1_000; !over(); seed++) run.handshake(seed);
    const grown = settledHeap() - heap;
    run.close();
    run.report(grown, (performance.now() - began) / 1_000);
    expect(run.opened).toBeGreaterThan(run.handshakes / 10);
    expect(grown).toBeLessThan(HEAP_BYTES);
  });
});

class Fuzz {
  handshakes = 0;
  opened = 0;
  slowestMs = 0;
  readonly endings = new Map<string, number>();
  readonly counters = new DtlsCounters();
  readonly #openssl: Openssl;
  /** One server for all clients of a kind. */
  readonly #servers = new Map<Kind["server"], SecureScene>();
  readonly #mutator = new RecordMutator(new SeededRandom(42));

  constructor(openssl: Openssl) {
    this.#openssl = openssl;
  }

  handshake(seed: number): void {
    let took = this.#timed(seed);
    // The machine may have been busy elsewhere: what is slow by itself is slow again.
    for (let again = 0; again < RETRIES && took > SLOW_MS; again++) took = Math.min(took, this.#timed(seed));
    this.slowestMs = Math.max(this.slowestMs, took);
    expect(took, `seed ${seed} is slow`).toBeLessThan(SLOW_MS);
  }

  close(): void {
    for (const scene of this.#servers.values()) scene.end();
  }

  report(heapBytes: number, seconds: number): void {
    const endings = [...this.endings].map(([kind, count]) => `${count} ${kind}`).join(", ");
    console.log(
      `meddled with ${this.#mutator.changed} datagrams of ${this.handshakes} handshakes in ${seconds.toFixed(1)} s: ` +
        `${this.opened} open, ${endings}; slowest ${this.slowestMs.toFixed(1)} ms, heap ${(heapBytes / 1e6).toFixed(1)} MB more; ` +
        JSON.stringify(this.counters),
    );
  }

  #timed(seed: number): number {
    const before = performance.now();
    this.#one(seed);
    return performance.now() - before;
  }

  #one(seed: number): void {
    const random = new SeededRandom(seed);
    const { credentials, server, hopeless } = random.pick(KINDS);
    const associate = dtls({ credentials, random, now, allowCbc: true, counters: this.counters });
    const at = this.#servers.get(server);
    const scene = new SecureScene(this.#openssl, { associate, seed, server, ...(at && { at }) });
    this.#servers.set(server, scene);
    scene.network.toClient = this.#mutator.meddle;
    if (random.below(3) === 0) scene.network.toServer = this.#mutator.meddle;
    scene.shake(PATIENCE_MS);
    this.handshakes += 1;
    if (scene.facts) {
      this.opened += 1;
      expect(hopeless, `seed ${seed} opened without the right key`).toBeUndefined();
      // The server sends its Finished only once it has verified ours.
      expect(scene.echo.opens, `seed ${seed} opened alone`).not.toHaveLength(0);
      scene.say("open");
    }
    const ending = scene.failure?.kind ?? (scene.facts ? undefined : "unfinished");
    if (ending !== undefined) this.endings.set(ending, (this.endings.get(ending) ?? 0) + 1);
    scene.leave();
  }
}

/** Bytes in use once the garbage is gone. */
function settledHeap(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc()");
  return process.memoryUsage().heapUsed;
}
