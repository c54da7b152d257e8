/** Adverts that everybody knows and no sensor sends: one plain sentence on each, so that an installer can pass them by. */

import type { Payload } from "../../sdk/adapter.ts";
import { shortUuid } from "./assigned.ts";

type Advert = Extract<Payload, { kind: "advert" }>;

/** What a section says if its data begins so. */
interface Sign {
  readonly prefix?: readonly number[];
  /** Bytes in the section. */
  readonly length?: number;
  readonly says: string;
}

/** Of the company's messages the first decides; https://github.com/furiousMAC/continuity lists those of Apple. */
const COMPANIES: Readonly<Record<number, readonly Sign[]>> = {
  0x004c: [
    { prefix: [0x02, 0x15], says: "iBeacon: it tells a place who it is, and measures nothing" },
    { prefix: [0x12, 0x19], says: "Apple Find My: an AirTag or another thing away from its owner, not a sensor" },
    { prefix: [0x12], says: "Apple Find My: an AirTag or another thing near its owner, not a sensor" },
    { prefix: [0x07], says: "Apple: AirPods or other headphones, not a sensor" },
    { prefix: [0x06], says: "Apple HomeKit: an accessory that tells its values to a connection only" },
    { prefix: [0x11], says: "Apple HomeKit: an accessory that tells its values to a connection only" },
    ...[0x01, 0x03, 0x05, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x13, 0x14, 0x16].map((type) => ({
      prefix: [type],
      says: "Apple: a phone, computer or watch nearby (Continuity), not a sensor",
    })),
  ],
  // MS-CDP §2.2.2.1; Swift Pair: learn.microsoft.com, "Bluetooth Swift Pair".
  0x0006: [
    { prefix: [0x01], says: "Microsoft: a computer, phone or console nearby (Connected Devices), not a sensor" },
    {
      prefix: [0x03],
      says: "Microsoft Swift Pair: a mouse, headset or the like that waits to be paired, not a sensor",
    },
  ],
  0x0075: [{ prefix: [0x42, 0x04], says: "Samsung: a television, phone or appliance nearby, not a sensor" }],
};

/** github.com/AltBeacon/spec: of whatever company. */
const ANY_COMPANY: Sign = {
  prefix: [0xbe, 0xac],
  length: 24,
  says: "AltBeacon: it tells a place who it is, and measures nothing",
};

const TAG = "a tag that finds things, not a sensor";
const ASKED = "It tells its values to a connection only: adverts say no more than that it is there";

/** With data or without. */
const SERVICES: Readonly<Record<number, readonly Sign[]>> = {
  // developers.google.com/nearby/fast-pair: a model of three bytes while it waits.
  0xfe2c: [
    { length: 3, says: "Google Fast Pair: headphones or the like that wait to be paired, not a sensor" },
    { says: "Google Fast Pair: headphones or the like, paired already, not a sensor" },
  ],
  0xfd6f: [{ says: "Exposure Notification: a phone that helps to trace contacts, not a sensor" }],
  0xfeaa: [
    { prefix: [0x40], says: `Google Find Hub: ${TAG}` },
    { prefix: [0x41], says: `Google Find Hub: ${TAG}` },
    { says: "Eddystone: it tells a place who it is, and measures nothing" },
  ],
  0xfef3: [{ says: "Google: a phone with Android or a Chromecast nearby, not a sensor" }],
  0xfcb2: [{ says: `A finder network, away from its owner: ${TAG}` }],
  0xfd5a: [{ says: `Samsung SmartTag: ${TAG}` }],
  0xfd59: [{ says: `Samsung SmartTag: ${TAG}` }],
  0xfd69: [{ says: "Samsung: a phone or watch that wants to be found, not a sensor" }],
  0xfd84: [{ says: `Tile: ${TAG}` }],
  0xfeec: [{ says: `Tile: ${TAG}` }],
  0xfeed: [{ says: `Tile: ${TAG}` }],
  0xfe33: [{ says: `Chipolo: ${TAG}` }],
  0xfe65: [{ says: `Chipolo: ${TAG}` }],
  0xfd50: [{ says: "Tuya: what it says is sealed for Tuya's own app" }],
  0xfe07: [{ says: "Sonos: a loudspeaker, not a sensor" }],
  0xfe0f: [{ says: "Philips Hue: a lamp or its accessory, which tells nothing in adverts" }],
  0xfff6: [{ says: "Matter: a device that waits to be commissioned into a network of its own" }],
  0xfffa: [{ says: "A drone that tells where it flies (ASTM Remote ID)" }],
  0x1812: [{ says: "A keyboard, mouse or remote control, not a sensor" }],
  // What the SIG has profiles for, and those read by connecting: here without data, for with it they would say something.
  ...Object.fromEntries(
    [0x1808, 0x1809, 0x180d, 0x1810, 0x1814, 0x1816, 0x1818, 0x181a, 0x181b, 0x181d, 0x181f, 0x1822, 0x1826].map(
      (uuid) => [uuid, [{ length: 0, says: ASKED }]] as const,
    ),
  ),
};

const NOTHING = new Uint8Array(0);

/** Undefined if it may be anything. */
export function wellKnown({ manufacturer, services, serviceUuids }: Advert): string | undefined {
  // Of several sections the last is the newest.
  for (const [company, data] of manufacturer.toReversed()) {
    const says = read([...(COMPANIES[company] ?? []), ANY_COMPANY], data);
    if (says !== undefined) return says;
  }
  for (const uuid of new Set([...services.keys(), ...serviceUuids])) {
    const says = read(SERVICES[shortUuid(uuid) ?? -1] ?? [], services.get(uuid) ?? NOTHING);
    if (says !== undefined) return says;
  }
  return undefined;
}

function read(signs: readonly Sign[], data: Uint8Array): string | undefined {
  const fits = ({ prefix = [], length = data.length }: Sign) =>
    length === data.length && prefix.every((byte, at) => data[at] === byte);
  return signs.find(fits)?.says;
}
