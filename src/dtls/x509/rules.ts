/** What must be so along a path before it is believed, beside the signatures (RFC 5280 §6.1). */

import { sameBytes } from "../../base/bytes.ts";
import type { CertificateFault } from "../../base/credentials.ts";
import { type Certificate, printable, titleOf } from "./certificate.ts";
import { violation } from "./constraints.ts";
import { KeyUsage, Purpose } from "./extensions.ts";
import type { GeneralName } from "./general-names.ts";
import { bearsName } from "./host-name.ts";
import type { Path } from "./path.ts";
import { keyOf } from "./signature.ts";

export interface Fault {
  readonly fault: CertificateFault;
  readonly reason: string;
}

/** What is wrong with a path at any time; `name` is the server's. */
export function lastingFault(path: Path, name: string): Fault | undefined {
  for (const [i, certificate] of path.entries()) {
    const fault = extensionFault(certificate) ?? (i === 0 ? undefined : issuerFault(path, i));
    if (fault !== undefined) return fault;
  }
  return path[0] === undefined ? undefined : serverFault(path[0], name);
}

/** What is wrong with it at this time, in milliseconds since 1970 UTC (RFC 5280 §6.1.3 (a)(2)). */
export function passingFault(path: Path, now: number): Fault | undefined {
  for (const certificate of path) {
    const { validFrom, validUntil } = certificate;
    if (now > validUntil) return { fault: "expired", reason: `${titleOf(certificate)} expired on ${day(validUntil)}` };
    if (now < validFrom)
      return { fault: "expired", reason: `${titleOf(certificate)} is not valid before ${day(validFrom)}` };
  }
  return undefined;
}

/** Nothing on it ends, so that no clock is needed (RFC 5280 §4.1.2.5: 99991231235959Z). */
export function isEndless(path: Path): boolean {
  return path.every(({ validUntil }) => validUntil === Infinity);
}

/** What the handshake itself needs of the server's key, whoever vouches for it: that it signs, on P-256 (RFC 7925 §4.4). */
export function keyFault(leaf: Certificate): Fault | undefined {
  if (keyOf(leaf)?.asymmetricKeyDetails?.namedCurve !== "prime256v1")
    return {
      fault: "unsupported",
      reason: `${titleOf(leaf)} holds no key on the curve P-256, and no other is supported`,
    };
  return undefined;
}

function serverFault(leaf: Certificate, name: string): Fault | undefined {
  const { keyUsage, purposes } = leaf.extensions;
  const title = titleOf(leaf);
  const key = keyFault(leaf);
  if (key !== undefined) return key;
  // RFC 5246 §7.4.2: the key of ECDHE_ECDSA signs.
  if (keyUsage !== undefined && (keyUsage & KeyUsage.DigitalSignature) === 0)
    return { fault: "unsupported", reason: `${title} is not for signing (Key Usage)` };
  if (!serves(purposes)) return { fault: "unsupported", reason: `${title} is not for servers (Extended Key Usage)` };
  if (!bearsName(leaf, name))
    return { fault: "bad", reason: `${title} is not for ${printable(name)}: ${namesInWords(leaf)}` };
  return undefined;
}

/** RFC 5280 §4.2: a critical extension that is not understood refuses the certificate. */
function extensionFault({ extensions, ...certificate }: Certificate): Fault | undefined {
  const [unknown] = extensions.unknownCritical;
  if (unknown !== undefined)
    return {
      fault: "unsupported",
      reason: `${titleOf(certificate)} has the critical extension ${unknown}, which is not understood`,
    };
  if (extensions.constraints?.beyondUs)
    return { fault: "unsupported", reason: `${titleOf(certificate)} constrains names that are not understood` };
  return undefined;
}

/** What is wrong with number `i` of the path as the issuer of those before it (RFC 5280 §6.1.4). */
function issuerFault(path: Path, i: number): Fault | undefined {
  const certificate = path[i]!;
  const below = path.slice(0, i);
  const { authority, pathLength, keyUsage, purposes, constraints } = certificate.extensions;
  const title = titleOf(certificate);
  const refuse = (why: string): Fault => ({ fault: "unknown-authority", reason: `${title} ${why}` });
  // Before version 3 none could say it: then only to be trusted by name is to be an authority (RFC 5280 §6.1.4 (k)).
  const trustedByName = certificate.version !== 3 && i === path.length - 1;
  if (authority !== true && !trustedByName) return refuse("is not one of an authority (Basic Constraints)");
  if (keyUsage !== undefined && (keyUsage & KeyUsage.CertificateSign) === 0)
    return refuse("may not sign certificates (Key Usage)");
  if (!serves(purposes)) return { fault: "unsupported", reason: `${title} is not for servers (Extended Key Usage)` };
  // RFC 5280 §6.1.4 (l): those that issued themselves do not count.
  const between = below.slice(1).filter((one) => !isSelfIssued(one)).length;
  if (pathLength !== undefined && between > pathLength)
    return refuse(`may have ${pathLength} authorities below it, and has ${between} (path length)`);
  return constraints === undefined
    ? undefined
    : constraintFault(below, (names) => violation(names, constraints), refuse);
}

function constraintFault(
  below: Path,
  offends: (names: readonly GeneralName[]) => string | undefined,
  refuse: (why: string) => Fault,
): Fault | undefined {
  for (const [i, one] of below.entries()) {
    // RFC 5280 §6.1.3 (b): the last certificate of the path is never left out.
    const offence = i > 0 && isSelfIssued(one) ? undefined : offends(namesOf(one));
    if (offence !== undefined) return refuse(`may not vouch for ${printable(offence)} (Name Constraints)`);
  }
  return undefined;
}

/** A common name that may stand for a host is held to the constraints too. */
function namesOf({ extensions, commonName }: Certificate): readonly GeneralName[] {
  const { names = [] } = extensions;
  if (names.some(({ kind }) => kind !== "other") || commonName === undefined) return names;
  return [...names, { kind: "dns", name: commonName.toLowerCase() }];
}

function serves(purposes: readonly string[] | undefined): boolean {
  return purposes === undefined || purposes.some((one) => one === Purpose.ServerAuth || one === Purpose.Any);
}

function isSelfIssued({ issuer, subject }: Certificate): boolean {
  return sameBytes(issuer, subject);
}

function namesInWords({ extensions, commonName }: Certificate): string {
  const hosts = (extensions.names ?? []).flatMap((one) => (one.kind === "dns" ? [printable(one.name)] : []));
  if (hosts.length > 0) return `it is for ${hosts.slice(0, 3).join(", ")}`;
  return commonName === undefined || extensions.names !== undefined
    ? "it names no host"
    : `it is for "${printable(commonName)}"`;
}

function day(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString().slice(0, 10) : "no day";
}
