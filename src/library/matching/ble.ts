/** Whether an advert is of a definition: what it must show, and how much that is. */

import type { Frame } from "../../sdk/adapter.ts";
import type { FrameSpec } from "../definition/frame.ts";
import type { BleMatch } from "../definition/match.ts";
import { checkedRegExp } from "../language/names.ts";
import { literalBeginnings } from "../language/pattern.ts";
import type { Complain } from "../source.ts";
import { type Advert, fullUuid, manufacturerSection, serviceSection, serviceUuids } from "./advert.ts";
import { bytesTest } from "./conditions.ts";

/** Weights: what identifies a maker counts most, then what narrows it down. */
export const SURE = 10;
export const SOME = 5;
export const HINT = 2;
const BARELY = 1;

/** A part of an advert that may be asked for: found and fitting, not there, or there and another's. */
type Found = "fits" | "absent" | "differs";

interface Part {
  readonly weight: number;
  find(advert: Advert, source: string): Found;
}

export interface BleMatcher {
  /** 0: not mine. */
  score(advert: Advert, source: string): number;
  /** The same for an address that has shown all of it before: what this advert does not speak of counts as shown. */
  scoreRemembered(advert: Advert, source: string): number;
}

const MATCHES_EVERYTHING = "matches everything: name a manufacturer, service_data, services or a name";

export function compileBle(ble: BleMatch, frame: FrameSpec | undefined, complain: Complain): BleMatcher {
  const section = sectionPart(ble, frame, complain);
  const other = otherSection(ble, section.name);
  const sections = [...(section.part ? [section.part] : []), ...other];
  const others = [...servicePart(ble, complain), ...namePart(ble, complain)];
  const address = addressPart(ble);
  if (!tells(ble, section.narrows)) complain(["match", "ble"], MATCHES_EVERYTHING);
  else if (section.narrows > 0 && !section.part)
    complain(["match", "ble"], "length, prefix and bytes of what? manufacturer or service_data is missing");
  const parts = [...sections, ...others, ...(address ? [address] : [])];
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  // What is remembered may come in two adverts, one with each section.
  const optional = ble.remember ? other : [];
  return {
    score(advert, source) {
      let score = total;
      for (const part of parts) {
        if (part.find(advert, source) === "fits") continue;
        if (!optional.includes(part)) return 0;
        score -= part.weight;
      }
      return score;
    },
    scoreRemembered(advert, source) {
      let heard = sections.length === 0;
      for (const part of parts) {
        const found = part.find(advert, source);
        if (found === "differs") return 0;
        if (found === "fits" && sections.includes(part)) heard = true;
      }
      return heard ? total : 0;
    },
  };
}

function tells({ manufacturer, service_data, services = [], name, address }: BleMatch, narrows: number): boolean {
  if (manufacturer === "any" && narrows > 0) return true;
  const company = manufacturer !== undefined && manufacturer !== "any";
  return company || service_data !== undefined || services.length > 0 || name !== undefined || address !== undefined;
}

interface SectionPart {
  readonly name: "manufacturer" | "service_data" | undefined;
  readonly part?: Part;
  /** How much the conditions ask of its bytes. */
  readonly narrows: number;
}

/** The section that length, prefix and bytes speak of: the only one, or the one that is read. */
function sectionPart(ble: BleMatch, frame: FrameSpec | undefined, complain: Complain): SectionPart {
  const where = ["match", "ble"];
  const test = bytesTest(ble, where, complain);
  const uuids = serviceUuids(ble);
  if (ble.service_data !== undefined && uuids.length < [ble.service_data].flat().length)
    complain([...where, "service_data"], "no UUID");
  const narrows = test.weight;
  const reads = frame?.bytes === "ble.service_data" && ble.service_data !== undefined;
  if (ble.manufacturer !== undefined && !reads) {
    const section = manufacturerSection(ble);
    const find: Part["find"] = ({ manufacturer }) => {
      const found = section(manufacturer);
      return found === undefined ? "absent" : test.fits(found[1]) ? "fits" : "differs";
    };
    return { name: "manufacturer", part: { weight: companyWeight(ble.manufacturer) + narrows, find }, narrows };
  }
  if (ble.service_data !== undefined) {
    const service = serviceSection(ble);
    const find: Part["find"] = ({ services }) => {
      const data = service(services);
      return data === undefined ? "absent" : test.fits(data) ? "fits" : "differs";
    };
    return { name: "service_data", part: { weight: serviceWeight(uuids) + narrows, find }, narrows };
  }
  return { name: undefined, narrows };
}

/** Where a definition names two sections, the other one has to be there. */
function otherSection(ble: BleMatch, taken: SectionPart["name"]): Part[] {
  if (ble.manufacturer === undefined || ble.service_data === undefined) return [];
  if (taken === "service_data") {
    const section = manufacturerSection(ble);
    const weight = companyWeight(ble.manufacturer);
    return [{ weight, find: ({ manufacturer }) => (section(manufacturer) ? "fits" : "absent") }];
  }
  const service = serviceSection(ble);
  const weight = serviceWeight(serviceUuids(ble));
  return [{ weight, find: ({ services }) => (service(services) ? "fits" : "absent") }];
}

/** One of several is a little less than this one. */
const serviceWeight = (uuids: readonly string[]) => (uuids.length > 1 ? SURE - BARELY : SURE);

/** Apple's number stands in every iBeacon, and makers put one beside their own section: it names nobody for sure. */
const APPLE = 0x004c;

function companyWeight(manufacturer: NonNullable<BleMatch["manufacturer"]>): number {
  if (manufacturer === APPLE) return SOME;
  if (typeof manufacturer === "number") return SURE;
  if (manufacturer === "any") return BARELY;
  if (Array.isArray(manufacturer)) return manufacturer.length > 1 ? SURE - BARELY : SURE;
  let bits = 0;
  for (let mask = manufacturer.mask; mask > 0; mask >>= 1) bits += mask & 1;
  return HINT + (bits >> 1);
}

function servicePart({ services = [] }: BleMatch, complain: Complain): Part[] {
  const wanted = services.map((each) => fullUuid(each)).filter((uuid) => uuid !== undefined);
  if (wanted.length < services.length) complain(["match", "ble", "services"], "no UUID");
  return wanted.map((uuid) => ({
    weight: SOME,
    find: (advert) => (advert.serviceUuids.includes(uuid) || advert.services.has(uuid) ? "fits" : "absent"),
  }));
}

/** Names of devices have 29 bytes at most in an advert of 31; extended ones are longer. */
const MAX_NAME = 248;
const MAX_LETTERS = 15;

function namePart({ name }: BleMatch, complain: Complain): Part[] {
  if (name === undefined) return [];
  const pattern = checkedRegExp(name, ["match", "ble", "name"], complain);
  if (!pattern) return [{ weight: SOME, find: () => "absent" }];
  const fits = ({ name: heard = "" }: Advert) =>
    heard === "" ? "absent" : heard.length <= MAX_NAME && pattern.test(heard) ? "fits" : "differs";
  return [{ weight: SOME + lettersOf(name), find: fits }];
}

/** The more of a text an expression spells out, the more it asks for. */
export function lettersOf(pattern: string): number {
  const beginnings = literalBeginnings(pattern) ?? [""];
  const letters = Math.min(...beginnings.map(({ length }) => length));
  return Math.min(MAX_LETTERS, letters + (pattern.endsWith("$") ? 1 : 0));
}

function addressPart({ address }: BleMatch): Part | undefined {
  if (address === undefined) return undefined;
  const find = (_advert: Advert, source: Frame["source"]) =>
    source.startsWith(address) || source.slice(0, address.length).toUpperCase() === address ? "fits" : "differs";
  return { weight: HINT * address.split(":").length, find };
}
