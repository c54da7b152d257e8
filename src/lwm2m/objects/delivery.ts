/** How a package comes into its store: pushed by the server in blocks, or fetched, with as many tries as that takes. */

import { backoffMs } from "../../base/backoff.ts";
import { sleep } from "../../base/clock.ts";
import { words } from "../../base/errors.ts";
import type { BodySink, NotAllowed } from "../handlers.ts";
import type { Fault } from "./fault.ts";
import { type Fetched, type Fetcher, type Fetchers, type FetchSink, type Known, schemeOf } from "./fetcher.ts";
import type { PackageOptions } from "./package.ts";

/** Told how it goes. Of `received` and `failed`, one is called, once for each package, unless it is stopped before. */
export interface DeliveryListener {
  /** To be kept for a restart. */
  known(known: Known): void;
  received(): void;
  failed(fault: Fault): void;
}

/** Tries in a row that bring not one byte: with the waits between them, about six minutes of silence. */
const MAX_TRIES = 8;
const FIRST_WAIT_MS = 2_000;
const MAX_WAIT_MS = 120_000;
/** A file that is another one each time is not worth more. */
const MAX_CHANGES = 5;
const NO_FETCHERS: Fetchers = new Map();
const REASONS = { "no-space": "not enough storage", "no-memory": "out of memory", failed: "cannot be kept" } as const;

export class Delivery {
  readonly #options: PackageOptions;
  readonly #listener: DeliveryListener;
  /** Of what goes on; undefined: nothing does. */
  #work: AbortController | undefined;

  constructor(options: PackageOptions, listener: DeliveryListener) {
    this.#options = options;
    this.#listener = listener;
  }

  get fetchers(): Fetchers {
    return this.#options.fetchers ?? NO_FETCHERS;
  }

  /** Ends what goes on; the listener hears nothing more of it. */
  stop(): void {
    this.#work?.abort();
    this.#work = undefined;
  }

  /** Fetches, on from what is there if `known` says what that is. */
  pull(uri: URL, known: Known): void {
    const fetcher = this.fetchers.get(schemeOf(uri));
    const work = this.#begin();
    if (fetcher === undefined) this.#listener.failed("protocol");
    else void new Pull({ ...this.#options, uri, fetcher, known, listener: this.#listener, signal: work.signal }).run();
  }

  /** Takes what the server pushes. */
  push(size: number | undefined): BodySink {
    const { store, log } = this.#options;
    const { capacity } = store;
    const { signal } = this.#begin();
    store.discard();
    const fail = (fault: Fault): void => {
      if (!signal.aborted) this.#listener.failed(fault);
    };
    if (size !== undefined && size > capacity) {
      fail("no-space");
      // Over before it began; who pushes hears 4.13 and the bytes that would have been taken (RFC 7959 §2.9.3).
      return {
        max: capacity,
        chunk: () => tooLarge(capacity),
        done: () => tooLarge(capacity),
        aborted: () => undefined,
      };
    }
    return {
      chunk: (bytes, offset) => {
        if (signal.aborted) return { status: "not-allowed", reason: "cancelled" };
        const fault = this.#keep(bytes, offset);
        if (fault === undefined) return undefined;
        log.warn("package-refused", { bytes: offset + bytes.length, capacity, reason: fault });
        fail(fault);
        return { status: "rejected", reason: REASONS[fault] };
      },
      done: () => {
        if (signal.aborted) return { status: "not-allowed", reason: "cancelled" };
        this.#listener.received();
        return undefined;
      },
      aborted: () => fail("lost"),
    };
  }

  #keep(bytes: Uint8Array, offset: number): keyof typeof REASONS | undefined {
    const { store, log } = this.#options;
    try {
      return offset + bytes.length > store.capacity ? "no-space" : store.write(bytes, offset);
    } catch (error) {
      log.error("package-not-written", { error, next: "is there space, and may this user write?" });
      return "failed";
    }
  }

  #begin(): AbortController {
    this.stop();
    return (this.#work = new AbortController());
  }
}

function tooLarge(capacity: number): NotAllowed {
  return { status: "not-allowed", reason: `no more than ${capacity} bytes` };
}

interface PullOptions extends PackageOptions {
  readonly uri: URL;
  readonly fetcher: Fetcher;
  readonly known: Known;
  readonly listener: DeliveryListener;
  readonly signal: AbortSignal;
}

/** One file being fetched. */
class Pull implements FetchSink {
  readonly #options: PullOptions;
  #known: Known;
  #fault: Fault | undefined;
  #tries = 0;
  #changes = 0;

  constructor(options: PullOptions) {
    this.#options = options;
    this.#known = options.known;
  }

  async run(): Promise<void> {
    const { clock, random, signal, listener, store } = this.#options;
    for (;;) {
      if (this.#known.tag === undefined) this.#forget();
      const before = store.size;
      const fetched = await this.#fetch();
      if (this.#isOver()) return;
      const ending = this.#judge(fetched, before);
      if (ending === "received") listener.received();
      else if (ending !== undefined) listener.failed(ending);
      if (ending !== undefined) return;
      await sleep(clock, backoffMs(this.#tries, { first: FIRST_WAIT_MS, max: MAX_WAIT_MS, random }), signal);
      if (this.#isOver()) return;
    }
  }

  begins(known: Known): void {
    const { store, listener, signal } = this.#options;
    if (signal.aborted) throw new Error("stopped");
    if ((known.total ?? 0) > store.capacity) this.#refuse("no-space");
    this.#known = { ...this.#known, ...known };
    listener.known(this.#known);
  }

  chunk(bytes: Uint8Array, offset: number): void {
    const { store, signal } = this.#options;
    if (signal.aborted) throw new Error("stopped");
    if (offset > store.size) throw new Error(`byte ${offset} without those before it`);
    const fault = offset + bytes.length > store.capacity ? "no-space" : store.write(bytes, offset);
    if (fault !== undefined) this.#refuse(fault);
  }

  async #fetch(): Promise<Fetched> {
    const { uri, fetcher, store, signal } = this.#options;
    try {
      return await fetcher({ uri, from: store.size, tag: this.#known.tag, sink: this, signal });
    } catch (error) {
      return { status: "lost", reason: words(error) };
    }
  }

  /** Undefined: once more. */
  #judge(fetched: Fetched, before: number): Fault | "received" | undefined {
    const { store, log } = this.#options;
    if (this.#fault !== undefined) return this.#fault;
    switch (fetched.status) {
      case "complete":
        if (this.#known.total === undefined || this.#known.total === store.size) return "received";
        return this.#again(`${store.size} bytes came of ${this.#known.total}`, before);
      case "lost":
        return this.#again(fetched.reason, before);
      case "changed":
        this.#forget();
        this.#changes += 1;
        return this.#changes > MAX_CHANGES ? "lost" : undefined;
      case "refused":
        log.warn("package-not-fetched", { reason: fetched.reason });
        return fetched.fault;
    }
  }

  #again(reason: string, before: number): Fault | undefined {
    const { store, log } = this.#options;
    this.#tries = store.size > before ? 0 : this.#tries + 1;
    log.info("package-interrupted", { bytes: store.size, reason });
    if (this.#tries < MAX_TRIES) return undefined;
    log.warn("package-not-fetched", { reason });
    return "lost";
  }

  #forget(): void {
    this.#options.store.discard();
    this.#known = {};
    this.#options.listener.known(this.#known);
  }

  /** Asked after each wait: a server may have ended it meanwhile. */
  #isOver(): boolean {
    return this.#options.signal.aborted;
  }

  #refuse(fault: Fault): never {
    this.#fault = fault;
    throw new Error(fault);
  }
}
