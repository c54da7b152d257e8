/** Public-key arithmetic on P-256, by node:crypto. */

import { createECDH, sign, type KeyObject } from "node:crypto";
import type { EphemeralPair, KeyWork } from "../types.ts";

/** The name that node:crypto has for P-256. */
const CURVE = "prime256v1";

export const nodeKeyWork: KeyWork = {
  ephemeral(): EphemeralPair {
    const pair = createECDH(CURVE);
    // Fresh for every handshake: what was recorded stays secret though a key be stolen later (RFC 8422 §5.4).
    const point = pair.generateKeys();
    return { point, agree: (peer) => pair.computeSecret(peer) };
  },

  sign(key: KeyObject, data: Uint8Array): Uint8Array {
    return sign("sha256", data, key);
  },
};
