/** A CoAP server with one file, block by block, at the far end of a wire: it may lose blocks, change or refuse. */

import { Code, Endpoint } from "../../src/coap/index.ts";
import { silentLog } from "../../src/base/log.ts";
import type { FakeClock } from "./fake-clock.ts";
import { SeededRandom } from "./seeded-random.ts";
import { type VirtualTransport, wire } from "./virtual-network.ts";

export class FileServer {
  file: Uint8Array;
  /** What it answers instead of the file. */
  code: number | undefined;
  /** Paths and queries asked for. */
  readonly asked: string[] = [];
  /** Transports handed out, the newest last. */
  readonly wires: VirtualTransport[] = [];
  /** Whether datagrams of the client arrive, by their number on their wire. */
  hears: (index: number) => boolean = () => true;
  readonly #clock: FakeClock;
  #far: VirtualTransport | undefined;

  constructor(clock: FakeClock, file: Uint8Array) {
    this.#clock = clock;
    this.file = file;
  }

  /** For `connect`. */
  readonly connect = (): VirtualTransport => {
    const { near, far } = wire();
    near.fate = (_, index) => (this.hears(index) ? "deliver" : "drop");
    this.wires.push(near);
    this.#far = far;
    this.#serve(far);
    return near;
  };

  /** Another file, which is there at once, in the middle of whatever is being read. */
  change(file: Uint8Array): void {
    this.file = file;
    if (this.#far) this.#serve(this.#far);
  }

  #serve(far: VirtualTransport): void {
    const endpoint = new Endpoint({
      transport: far,
      clock: this.#clock,
      random: new SeededRandom(3),
      log: silentLog,
      parameters: { maxBody: 1_000_000 },
    });
    endpoint.onRequest(({ path, query }) => {
      this.asked.push([`/${path.join("/")}`, ...query].join("?"));
      if (this.code !== undefined) return { code: this.code };
      return { code: Code.Content, format: 42, payload: this.file };
    });
    void endpoint.open(new AbortController().signal);
  }
}
