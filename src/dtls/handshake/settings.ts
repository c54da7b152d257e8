/** The options of an association, checked and completed once for all associations that are made with them. */

import { type Suite, suiteOf } from "../constants.ts";
import type { Credentials } from "../../base/credentials.ts";
import { DtlsCounters, type DtlsOptions, type KeyWork } from "../types.ts";
import { nodeKeyWork } from "./key-work.ts";
import { credentialsFingerprint } from "../session.ts";

export interface Settings {
  readonly credentials: Credentials;
  /** Tells sessions of other credentials apart. */
  readonly fingerprint: string;
  readonly suites: readonly Suite[];
  /** Undefined: no Connection ID is negotiated. */
  readonly ownCidLength: number | undefined;
  readonly requireExtendedMasterSecret: boolean;
  readonly retransmitMs: number;
  readonly name: string;
  readonly keyWork: KeyWork;
  readonly counters: DtlsCounters;
  readonly random: DtlsOptions["random"];
  readonly now: DtlsOptions["now"];
}

/**
 * LwM2M Transport 1.2 §5.2.9 and RFC 7925 §4.2, §4.4 ask for CCM-8; GCM is for servers that have no CCM. Suites with a
 * fresh key exchange for PSK, and CBC, are for those who ask for them.
 */
const USUAL_SUITES = [0xc0a8, 0x00a8, 0xc0ae, 0xc02b];
const USUAL_RETRANSMIT_MS = 1_000;
const RETRANSMIT_MS = { least: 200, most: 9_000 };
const MAX_OWN_CID = 32;

/** @throws RangeError in words if nothing can be offered, or a value is out of its range */
export function settingsOf(options: DtlsOptions): Settings {
  const { credentials, ownCidLength = 0, retransmitMs = USUAL_RETRANSMIT_MS } = options;
  if (!(retransmitMs >= RETRANSMIT_MS.least && retransmitMs <= RETRANSMIT_MS.most))
    throw new RangeError(`retransmitMs is 200 to 9000, not ${retransmitMs}`);
  if (ownCidLength !== false && !(Number.isInteger(ownCidLength) && ownCidLength >= 0 && ownCidLength <= MAX_OWN_CID))
    throw new RangeError(`a Connection ID of ours has 0 to ${MAX_OWN_CID} bytes, not ${ownCidLength}`);
  return {
    credentials,
    fingerprint: credentialsFingerprint(credentials),
    suites: suitesFor(options),
    ownCidLength: ownCidLength === false ? undefined : ownCidLength,
    requireExtendedMasterSecret: options.requireExtendedMasterSecret ?? false,
    retransmitMs,
    name: options.name ?? "the server",
    keyWork: options.keyWork ?? nodeKeyWork,
    counters: options.counters ?? new DtlsCounters(),
    random: options.random,
    now: options.now,
  };
}

function suitesFor({ credentials, suites = USUAL_SUITES, allowCbc = false }: DtlsOptions): Suite[] {
  const withCertificates = credentials.mode !== "psk";
  const fitting = suites.flatMap((id) => {
    const suite = suiteOf(id);
    const fits =
      suite && (suite.keyExchange === "ecdhe-ecdsa") === withCertificates && (allowCbc || suite.cipher !== "cbc");
    return fits ? [suite] : [];
  });
  if (fitting.length === 0)
    throw new RangeError(`none of the cipher suites can be used with ${credentials.mode} credentials`);
  return fitting;
}
