/** Whether a server's certificates prove that it is the one meant: Certificate Usage of LwM2M (LwM2M Transport 1.2 §5.2.9.7, RFC 6698 §2.1.1). */

import { DecodeError, sameBytes } from "../../base/bytes.ts";
import type { Stamp } from "../../base/clock.ts";
import type { Judgement, X509Credentials } from "../../base/credentials.ts";
import { type MatchingType, matches } from "./matching.ts";
import { type Certificate, decodeCertificate, printable, titleOf } from "./certificate.ts";
import { type Path, PathSearch } from "./path.ts";
import { type Fault, isEndless, keyFault, lastingFault, passingFault } from "./rules.ts";
import { isStrong, keyOf } from "./signature.ts";
import { anchorsOf } from "./trust-store.ts";

/**
 * /0/x/15, by what `expected` is:
 *
 *     0  an authority on the way from the trust store to the server       "CA constraint"
 *     1  the server's own, which the trust store must vouch for as well   "service certificate constraint"
 *     2  the authority that is trusted; the trust store is not asked      "trust anchor assertion"
 *     3  the server's own, and nobody is asked                            "domain-issued certificate"
 *
 * With 3, dates, names and purposes mean nothing: whoever wrote /0/x/4 has decided (RFC 6698 §2.1.1, RFC 7671 §5.1).
 */
export type CertificateUsage = 0 | 1 | 2 | 3;

export interface ServerTrust {
  /** What the certificate must be made out to: a DNS name or an address, of /0/x/14 or of the URI. */
  readonly name: string;
  /** The trust store: DER each. One array shared by all who have the same is read once. */
  readonly authorities: readonly Uint8Array[];
  /** Absent: whom the trust store vouches for is trusted. */
  readonly expectation?: Expectation;
}

export interface Expectation {
  /** /0/x/4: a certificate, or its hash. */
  readonly expected: Uint8Array;
  readonly usage: CertificateUsage;
  readonly matchingType: MatchingType;
}

/** A server shows its own and those between; the rest is of no use, and would take time. */
const MAX_SHOWN = 10;

interface Shown {
  readonly leaf: Certificate;
  readonly between: readonly Certificate[];
}

/** What is asked about the ways to trust. */
interface Question {
  readonly name: string;
  readonly now: Stamp;
  readonly anchors: readonly Certificate[];
  /** What a way must fulfil besides. */
  readonly constraint?: (path: Path) => Fault | undefined;
}

export function isCertificateUsage(value: number): value is CertificateUsage {
  return value === 0 || value === 1 || value === 2 || value === 3;
}

/** A judge that holds nothing but the question: what it reads, it reads when it is asked. */
export function judgeOf(trust: ServerTrust): X509Credentials["judge"] {
  return (chain, now) => {
    const shown = read(chain);
    return "fault" in shown ? refused(shown) : judge(shown, trust, now);
  };
}

/** The server's own must be readable; of the others, what is not leads nowhere. */
function read(chain: readonly Uint8Array[]): Shown | Fault {
  const [own, ...others] = chain.slice(0, MAX_SHOWN).map(decoded);
  if (own === undefined) return { fault: "bad", reason: "the server shows no certificate" };
  if (typeof own === "string") return { fault: "bad", reason: `the server's certificate cannot be read: ${own}` };
  return { leaf: own, between: others.filter((one) => typeof one !== "string") };
}

function judge(shown: Shown, { name, authorities, expectation }: ServerTrust, now: Stamp): Judgement {
  const { leaf } = shown;
  const store = { name, now, anchors: anchorsOf(authorities) };
  if (expectation === undefined) return search(shown, store);
  const isExpected = ({ der }: Certificate): boolean => matches(der, expectation.expected, expectation.matchingType);
  switch (expectation.usage) {
    case 0:
      return search(shown, {
        ...store,
        constraint: (path) => (path.slice(1).some(isExpected) ? undefined : unasked(leaf)),
      });
    case 1:
      return isExpected(leaf) ? search(shown, store) : refused(notExpected(leaf, expectation));
    case 2:
      return isExpected(leaf)
        ? refused(ownInsteadOfAuthority(leaf))
        : search(shown, { name, now, anchors: anchorsIn(shown, expectation) });
    case 3:
      return isExpected(leaf) ? pinned(leaf) : refused(notExpected(leaf, expectation));
  }
}

/** Usage 3: nothing but the key is looked at, because the handshake needs it. */
function pinned(leaf: Certificate): Judgement {
  const fault = keyFault(leaf);
  return fault === undefined ? trusted(leaf) : refused(fault);
}

/** Usage 2: the expected authority; known by its hash only if the server shows it (RFC 7671 §5.2.2). */
function anchorsIn({ between }: Shown, { expected, matchingType }: Expectation): readonly Certificate[] {
  if (matchingType !== 0) return between.filter(({ der }) => matches(der, expected, matchingType));
  const authority = decoded(expected);
  return typeof authority === "string" ? [] : [authority];
}

/** The first way to an authority on which nothing is wrong; or what was wrong with the first one that there is. */
function search({ leaf, between }: Shown, { name, now, anchors, constraint }: Question): Judgement {
  const ways = new PathSearch(between, anchors);
  let first: Fault | undefined;
  let wait = false;
  for (const path of ways.from(leaf)) {
    const lasting = lastingFault(path, name) ?? constraint?.(path);
    const fault = lasting ?? (now.trusted ? passingFault(path, now.ms) : undefined);
    if (fault === undefined && (now.trusted || isEndless(path))) return trusted(leaf);
    wait ||= fault === undefined;
    first ??= fault;
  }
  return wait ? waiting(leaf) : refused(first ?? nobodyVouches({ leaf, between }, ways.forged));
}

function trusted(leaf: Certificate): Judgement {
  const publicKey = keyOf(leaf);
  return publicKey === undefined
    ? refused({ fault: "bad", reason: `${titleOf(leaf)} holds no key` })
    : { status: "trusted", publicKey };
}

function refused({ fault, reason }: Fault): Judgement {
  return { status: "refused", reason, fault };
}

/** RFC 7925 §4.4 leaves devices without a clock no other way than to wait for one, or to look away. */
function waiting(leaf: Certificate): Judgement {
  return {
    status: "wait",
    reason: `${titleOf(leaf)} cannot be judged before the clock is set: its dates would not be checked`,
  };
}

function unasked(leaf: Certificate): Fault {
  const reason = `${titleOf(leaf)} is not issued under the authority in Server Public Key (/0/x/4)`;
  return { fault: "unknown-authority", reason };
}

function ownInsteadOfAuthority(leaf: Certificate): Fault {
  const reason = `${titleOf(leaf)} is itself in Server Public Key (/0/x/4): for that, Certificate Usage (/0/x/15) is 3`;
  return { fault: "unknown-authority", reason };
}

function notExpected(leaf: Certificate, { expected, matchingType }: Expectation): Fault {
  const other = matchingType === 0 ? decoded(expected) : "";
  const hint =
    typeof other !== "string" && sameBytes(other.subject, leaf.issuer)
      ? "; its issuer's is there: for that, Certificate Usage (/0/x/15) is 2"
      : "";
  return { fault: "bad", reason: `${titleOf(leaf)} is not the one in Server Public Key (/0/x/4)${hint}` };
}

function nobodyVouches({ leaf, between }: Shown, forged: Certificate | undefined): Fault {
  if (forged !== undefined) {
    const why = isStrong(forged)
      ? "bears a signature that is not its issuer's, or of a key too weak"
      : "is signed in a way too weak to be believed";
    return { fault: "bad", reason: `${titleOf(forged)} ${why}` };
  }
  const top = highest(leaf, between);
  const reason = sameBytes(top.issuer, top.subject)
    ? `${titleOf(top)} signed itself, and is not among those that we trust`
    : `the issuer of ${titleOf(top)}, ${top.issuerName === undefined ? "without a name" : `"${printable(top.issuerName)}"`}, is not among those that we trust`;
  return { fault: "unknown-authority", reason };
}

/** How far the server's certificates lead: whose issuer is missing. */
function highest(leaf: Certificate, between: readonly Certificate[]): Certificate {
  return between.reduce((top) => between.find((one) => one !== top && sameBytes(one.subject, top.issuer)) ?? top, leaf);
}

/** In words, if it is no certificate. */
function decoded(der: Uint8Array): Certificate | string {
  try {
    return decodeCertificate(der);
  } catch (error) {
    if (error instanceof DecodeError) return error.message;
    throw error;
  }
}
