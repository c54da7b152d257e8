/** The keys of devices whose frames are sealed: what people enter, how it does, and what they can do about it. */

import { fromHex } from "../../base/bytes.ts";
import { Secret } from "../../base/secret.ts";
import type { Device, KeyNeed, Session } from "../../library/index.ts";
import { KEY_NAME } from "../memory.ts";

/** `missing`: nobody has told us one. `wrong`: it does not open what is heard. */
export type KeyState = "missing" | "wrong" | "ok";

/** What people are told of the key of a device. Never the key. */
export interface KeyStatus {
  /** Absent while nothing sealed was heard. */
  readonly state?: KeyState;
  /** Where people find it. */
  readonly where: string;
  /** How many hexadecimal digits it has. */
  readonly digits: readonly number[];
  /** It stands in the configuration, and is changed there. */
  readonly configured?: true;
}

export const digitsOf = ({ lengths }: KeyNeed): number[] => lengths.map((length) => length * 2);

/** A key as people write it, or what is wrong with it in words that do not repeat it. */
export function readKey(
  text: string,
  need: KeyNeed | undefined,
): { readonly key: Secret } | { readonly reason: string } {
  if (!need) return { reason: "this device needs no key" };
  // As tools print them: with colons or blanks between.
  const digits = text.replaceAll(/[\s:-]/g, "").toLowerCase();
  const wanted = digitsOf(need).join(" or ");
  if (!/^[0-9a-f]*$/.test(digits)) return { reason: `a key has hexadecimal digits only, ${wanted} of them` };
  if (!need.lengths.includes(digits.length / 2))
    return { reason: `a key has ${wanted} hexadecimal digits here, not ${digits.length}` };
  return { key: new Secret(digits, KEY_NAME) };
}

/** What a sensor needs from frame to frame. A key that cannot be one is as good as none. */
export function openSession(device: Device, key: Secret | undefined): Session | undefined {
  if (!key || device.key?.lengths.includes(key.reveal().length / 2) !== true) return device.createSession();
  return device.createSession(fromHex(key.reveal()));
}

/** How the key of a sensor does; undefined if its kind has none. */
export function keyState(
  { key: need }: Device,
  key: Secret | undefined,
  session: Session | undefined,
): KeyState | undefined {
  if (!need) return undefined;
  switch (session?.state) {
    case "opened":
      return "ok";
    case "wrong-key":
      return "wrong";
    case "no-key":
      return "missing";
    default:
      // Nothing sealed was heard yet: where all is sealed, that will not change it.
      return key === undefined && !need.optional ? "missing" : undefined;
  }
}
