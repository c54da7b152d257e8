/** Bluetooth LE adverts: everything in earshot becomes a frame, and nothing is kept of it but a few names. */

import { z } from "zod";
import { BoundedMap } from "../base/bounded.ts";
import type { Advert, OpenRadio, Radio } from "../io/hci.ts";
import { type Adapter, defineAdapter, type Frame, type Health, type Host } from "../sdk/adapter.ts";
import { duration, milliseconds } from "./settings.ts";

const Config = z.strictObject({
  /** The kernel's name of the adapter, or the path of a serial line with a controller (H4). */
  device: z
    .string()
    .regex(/^(?:hci\d{1,3}|\/.+)$/, { error: "expected hci0, or the path of a serial line such as /dev/ttyAMA0" })
    .default("hci0"),
  /** Bits per second of the serial line. */
  baud: z.int().min(9_600).max(4_000_000).default(115_200),
  /** Nothing heard for so long: the scan is begun again. */
  silence: duration(10_000, 86_400_000).default("90s"),
});
type Config = z.infer<typeof Config>;

/** Names often come in another packet than data; of so many devices they are remembered. */
const MAX_NAMES = 1_024;

export const bleAdapter = (openRadio: OpenRadio) =>
  defineAdapter<Config>({
    id: "ble",
    sdk: 1,
    config: Config,
    start: (host, config) => Promise.resolve(new Listener(host, config, openRadio)),
  });

class Listener implements Adapter {
  readonly #host: Host;
  readonly #radio: Radio;
  readonly #names = new BoundedMap<string, string>(MAX_NAMES);

  constructor(host: Host, { device, baud, silence }: Config, openRadio: OpenRadio) {
    this.#host = host;
    this.#radio = openRadio({ device, baud, silenceMs: milliseconds(silence) });
    this.#radio.onAdvert((advert) => this.#hear(advert));
    host.signal.addEventListener("abort", () => void this.#radio.close(), { once: true });
  }

  health(): Health {
    return this.#radio.health();
  }

  stop(): Promise<void> {
    return this.#radio.close();
  }

  #hear(advert: Advert): void {
    const { address, manufacturer, services, serviceUuids, rssi } = advert;
    if (advert.name !== undefined) this.#names.set(address, advert.name);
    const empty = manufacturer.length === 0 && services.size === 0 && serviceUuids.length === 0;
    // A scan response with nothing but a name adds to the advert it belongs to; the next advert will carry it.
    if (empty && (advert.scanResponse || advert.name === undefined)) return;
    const name = advert.name ?? this.#names.peek(address);
    const payload: Frame["payload"] =
      name === undefined
        ? { kind: "advert", manufacturer, services, serviceUuids }
        : { kind: "advert", name, manufacturer, services, serviceUuids };
    const at = this.#host.clock.now();
    this.#host.emit(rssi === undefined ? { source: address, at, payload } : { source: address, at, payload, rssi });
  }
}
