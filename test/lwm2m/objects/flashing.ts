/** A device with Object 5, its disk, its installer and the servers that it fetches from: on virtual time. */

import { Format } from "../../../src/content/index.ts";
import { objects } from "../../../src/lwm2m/index.ts";
import { path } from "../../../src/model/path.ts";
import type { FakeClock } from "../../support/fake-clock.ts";
import { FileServer } from "../../support/file-server.ts";
import { MemoryLog } from "../../support/memory-log.ts";
import { MemoryPackageStore, packageOf } from "../../support/package-store.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { type Station, station } from "../../support/station.ts";

export const PACKAGE = path(5, 0, 0);
const BLOCK1 = 27;
const SIZE1 = 60;
export const BLOCK = 64;

/** An installer that does as it is told, and remembers what it was asked. */
export class FakeInstaller implements objects.FirmwareInstaller {
  readonly asked: unknown[] = [];
  inspection: objects.Inspection | Error = { status: "sound", name: "app", version: "2.0" };
  outcome: objects.InstallOutcome | Error = { status: "installed" };
  verdict: objects.InstallOutcome = { status: "installed" };
  /** While it is there, whoever must agree has not. */
  agree: (() => void) | undefined;
  asks = false;

  inspect(store: objects.PackageStore): Promise<objects.Inspection> {
    this.asked.push(`inspect ${store.size}`);
    return this.inspection instanceof Error ? Promise.reject(this.inspection) : Promise.resolve(this.inspection);
  }

  install(): Promise<objects.InstallOutcome> {
    this.asked.push("install");
    return this.outcome instanceof Error ? Promise.reject(this.outcome) : Promise.resolve(this.outcome);
  }

  verify(expected: { readonly name?: string; readonly version?: string }): Promise<objects.InstallOutcome> {
    this.asked.push(["verify", expected]);
    return Promise.resolve(this.verdict);
  }

  approve(severity: number): Promise<void> | undefined {
    if (!this.asks) return undefined;
    this.asked.push(`approve ${severity}`);
    return new Promise((resolve) => (this.agree = resolve));
  }
}

export interface Flashing extends Station {
  readonly update: objects.FirmwareUpdate;
  readonly store: MemoryPackageStore;
  readonly installer: FakeInstaller;
  readonly files: FileServer;
  readonly log: MemoryLog;
  /** `/5/0/3` and `/5/0/5`. */
  state(): readonly [unknown, unknown];
  read(resource: number): unknown;
  uri(text: string): Promise<string>;
  /** Pushes a package in blocks of 64 bytes, those of `numbers` or all; the codes of the answers. */
  push(bytes: Uint8Array, numbers?: readonly number[], size?: number): Promise<string[]>;
  execute(resource: number): Promise<string>;
  /** The process ends without a word, and another takes its place. */
  restart(): Promise<Flashing>;
}

export interface FlashingOptions {
  readonly store?: MemoryPackageStore;
  readonly installer?: FakeInstaller;
  readonly files?: FileServer;
  readonly push?: boolean;
  readonly fetchers?: objects.Fetchers | undefined;
  /** Fetches http and https, instead of coap. */
  readonly web?: (clock: FakeClock) => objects.Fetcher;
}

export async function flashing(options: FlashingOptions = {}): Promise<Flashing> {
  const { store = new MemoryPackageStore(), installer = new FakeInstaller() } = options;
  const log = new MemoryLog();
  let update: objects.FirmwareUpdate | undefined;
  let files = options.files;
  const here = station({
    fill: (tree, clock) => {
      files ??= new FileServer(clock, packageOf(5_000));
      const fetcher = objects.coapFetcher({ connect: files.connect, clock, random: new SeededRandom(5), log });
      const web = options.web?.(clock);
      const own: objects.Fetchers =
        web === undefined
          ? new Map([["coap", fetcher]])
          : new Map([
              ["http", web],
              ["https", web],
            ]);
      const { fetchers = own } = options;
      update = objects.plantFirmware(tree, {
        store,
        installer,
        clock,
        random: new SeededRandom(9),
        log,
        ...("fetchers" in options && options.fetchers === undefined ? {} : { fetchers }),
        ...(options.push !== undefined && { push: options.push }),
      });
    },
  });
  await here.registered();
  return {
    ...here,
    update: update!,
    store,
    installer,
    files: files!,
    log,
    state: () => [here.tree.get(path(5, 0, 3))?.value, here.tree.get(path(5, 0, 5))?.value],
    read: (resource) => here.tree.get(path(5, 0, resource))?.value,
    uri: async (text) => (await here.server.ask("PUT", { path: "/5/0/1", format: 0, payload: text })).code,
    execute: async (resource) => {
      const { code } = await here.server.ask("POST", { path: `/5/0/${resource}` });
      await here.clock.advance(20);
      return code;
    },
    push: async (bytes, numbers, size) => {
      const count = Math.ceil(bytes.length / BLOCK);
      const codes: string[] = [];
      for (const number of numbers ?? Array.from({ length: count }, (_, i) => i)) {
        const value = (number << 4) | (number < count - 1 ? 8 : 0) | 2;
        const { code } = await here.server.ask("PUT", {
          path: PACKAGE,
          format: Format.Opaque,
          payload: bytes.subarray(number * BLOCK, (number + 1) * BLOCK),
          options: [
            { number: BLOCK1, value: value > 255 ? Uint8Array.of(value >> 8, value & 255) : Uint8Array.of(value) },
            ...(size === undefined ? [] : [{ number: SIZE1, value: Uint8Array.of(size >> 8, size & 0xff) }]),
          ],
        });
        codes.push(code);
      }
      return codes;
    },
    restart: () => {
      update?.stop();
      return flashing({ ...options, store, installer });
    },
  };
}
