/**
 * Definitions of adverts by what an advert must show: company, service, name or address. Most of what is on the air is
 * nobody's: that costs a look-up for each of its sections, and leaves nothing behind.
 */

import type { Frame } from "../../sdk/adapter.ts";
import type { BleMatch } from "../definition/match.ts";
import { type Advert, fullUuid, serviceUuids } from "./advert.ts";
import { Beginnings } from "./beginnings.ts";
import { ByFirstByte, firstBytes, makersFirstBytes } from "./first-byte.ts";
import { type Candidate, put, type Search } from "./search.ts";

/** The maker's part of an address, such as `A4:C1:38`. */
const OUI = 8;

export class AdvertIndex<T extends Candidate> {
  readonly #search: Search<T>;
  readonly #companies = new Map<number, ByFirstByte<T>>();
  readonly #uuids = new Map<string, ByFirstByte<T>>();
  readonly #addresses = new Map<number, T[]>();
  readonly #names = new Beginnings<T>();
  /** Known by bytes of a company that may be any. */
  readonly #sections: T[] = [];
  /** Known by less than a maker's part of an address. */
  readonly #others: T[] = [];
  #named = false;
  #frame: Frame | undefined;
  /** Made once: an iterator over the services of each advert would be garbage. */
  readonly #considerService = (data: Uint8Array, uuid: string) => {
    if (this.#frame) this.#uuids.get(uuid)?.consider(this.#frame, this.#search, data);
  };

  constructor(search: Search<T>) {
    this.#search = search;
  }

  /** Under one kind of key, as a rule: one that every advert of it has. */
  add(device: T): void {
    const { match, frame } = device.head;
    const ble = match?.ble;
    if (!ble) return;
    const first = firstBytes(ble, frame);
    // Where something is remembered, only the section that is read is in each advert that tells the device. Otherwise
    // both are, and one whose first byte is known is found among fewer.
    const byService = frame.bytes === "ble.service_data" && (ble.remember === true || first !== undefined);
    const companies = byService ? [] : companiesOf(ble);
    const data = serviceUuids(ble);
    const [advertised] = (ble.services ?? []).map(fullUuid).filter((uuid) => uuid !== undefined);
    for (const company of companies) of(this.#companies, company).add(device, makersFirstBytes(ble, frame));
    // What is remembered may come in two adverts, one with each section.
    if (companies.length === 0 || ble.remember) for (const uuid of data) of(this.#uuids, uuid).add(device, first);
    if (companies.length + data.length > 0) return;
    if (advertised !== undefined) of(this.#uuids, advertised).add(device);
    else if (ble.name !== undefined) this.#addName(ble.name, device);
    else if ((ble.address?.length ?? 0) >= OUI) put(this.#addresses, makerOf(ble.address ?? ""), device);
    else (ble.manufacturer === undefined ? this.#others : this.#sections).push(device);
  }

  consider(frame: Frame, { manufacturer, services, serviceUuids, name }: Advert): void {
    const search = this.#search;
    for (let i = 0; i < manufacturer.length; i++) {
      const [company, data] = manufacturer[i]!;
      this.#companies.get(company)?.consider(frame, search, data);
    }
    if (services.size > 0) {
      this.#frame = frame;
      services.forEach(this.#considerService);
    }
    for (let i = 0; i < serviceUuids.length; i++) this.#uuids.get(serviceUuids[i]!)?.consider(frame, search);
    if (this.#named && name !== undefined) this.#names.consider(name, frame, search);
    if (this.#addresses.size > 0) search.consider(this.#addresses.get(makerOf(frame.source)), frame);
    if (this.#sections.length > 0 && manufacturer.length > 0) search.consider(this.#sections, frame);
    if (this.#others.length > 0) search.consider(this.#others, frame);
  }

  #addName(pattern: string, device: T): void {
    this.#named = true;
    this.#names.add(pattern, device);
  }
}

function of<K, T extends Candidate>(known: Map<K, ByFirstByte<T>>, key: K): ByFirstByte<T> {
  const found = known.get(key) ?? new ByFirstByte<T>();
  known.set(key, found);
  return found;
}

/** The maker's part of an address as a number, in whichever letters: a text of its own for each advert would be garbage. */
function makerOf(address: string): number {
  let maker = 0;
  for (let i = 0; i < OUI; i++) {
    // Small letters and capitals differ by this bit, and digits have it.
    if (i !== 2 && i !== 5) maker = (maker * 64 + ((address.charCodeAt(i) | 0x20) & 0x7f) - 0x30) | 0;
  }
  return maker;
}

/** A mask that leaves no more bits than these open stands for a list of companies. */
const OPEN_BITS = 4;

/** None: any, or too many. */
function companiesOf({ manufacturer = "any" }: BleMatch): number[] {
  if (manufacturer === "any") return [];
  if (typeof manufacturer === "number") return [manufacturer];
  if (Array.isArray(manufacturer)) return [...new Set(manufacturer)];
  const { mask, is } = manufacturer;
  const open = Array.from({ length: 16 }, (_, bit) => 1 << bit).filter((bit) => (mask & bit) === 0);
  if (open.length > OPEN_BITS) return [];
  return open.reduce((found, bit) => found.flatMap((company) => [company, company | bit]), [is]);
}
