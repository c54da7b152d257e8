/** Every defect that a server's certificates can have, against every Certificate Usage and every Matching Type. */

import { createHash, generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Stamp } from "../../../src/base/clock.ts";
import type { CertificateFault } from "../../../src/base/credentials.ts";
import { type CertificateUsage, judgeOf } from "../../../src/dtls/x509/judge.ts";
import type { MatchingType } from "../../../src/dtls/x509/matching.ts";
import { authority, certificate, type CertificateOptions, EKU, type Issued } from "../../support/certificates.ts";
import { der, explicit, oid, sequence, setOf, text } from "../../support/der.ts";

const NOON: Stamp = { ms: Date.UTC(2026, 5, 1, 12), trusted: true };
const UNSET: Stamp = { ms: Date.UTC(1970, 0, 1), trusted: false };
const PAST = Date.UTC(2025, 0, 1);
const FUTURE = Date.UTC(2027, 0, 1);
const NO_END = Date.UTC(9999, 11, 31, 23, 59, 59);
const NAME = "lwm2m.example";

/** A server, an authority between, and a root: each with what is wrong about it. */
interface Scene {
  readonly root?: CertificateOptions;
  readonly between?: CertificateOptions;
  readonly server?: CertificateOptions;
  readonly now?: Stamp;
  readonly name?: string;
  /** What the server shows; all three unless said otherwise. */
  readonly shows?: (family: Family) => readonly Uint8Array[];
  /** The trust store; the root unless said otherwise. */
  readonly store?: (family: Family) => readonly Uint8Array[];
  /** What is in /0/x/4, whatever it should be. */
  readonly expected?: (family: Family) => Uint8Array;
}

interface Family {
  readonly root: Issued;
  readonly between: Issued;
  readonly server: Issued;
}

type Verdict = "trusted" | "wait" | CertificateFault;
/** For Certificate Usage 0, 1, 2 and 3. */
type Verdicts = readonly [Verdict, Verdict, Verdict, Verdict];

const everyPath = (verdict: Verdict): Verdicts => [verdict, verdict, verdict, "trusted"];
const always = (verdict: Verdict): Verdicts => [verdict, verdict, verdict, verdict];

const stranger = authority({ subject: "Stranger" });
const weakKeys = generateKeyPairSync("rsa", { modulusLength: 1_024 });
const rsaKeys = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const edKeys = generateKeyPairSync("ed25519");
const strangeCurve = generateKeyPairSync("ec", { namedCurve: "secp256k1" });

const unknown = { oid: "1.3.6.1.4.1.99999.1", value: text("?") };
const dns = (name: string): Uint8Array => sequence(text(name, 0x82));
const constraints = (tag: 0 | 1, ...subtrees: readonly Uint8Array[]) => ({
  oid: "2.5.29.30",
  critical: true,
  value: sequence(explicit(tag, ...subtrees)),
});
const network = (...bytes: readonly number[]): Uint8Array => sequence(der(0x87, Uint8Array.from(bytes)));
const directory = explicit(4, sequence(setOf(sequence(oid("2.5.4.10"), text("Us")))));

const DEFECTS: readonly (readonly [string, Scene, Verdicts])[] = [
  ["nothing wrong", {}, always("trusted")],
  ["a server that has expired", { server: { validUntil: PAST } }, everyPath("expired")],
  ["a server that is not valid yet", { server: { validFrom: FUTURE } }, everyPath("expired")],
  ["an authority between that has expired", { between: { validUntil: PAST } }, everyPath("expired")],
  ["a root that has expired", { root: { validUntil: PAST } }, everyPath("expired")],
  ["a clock that is not set", { now: UNSET }, everyPath("wait")],
  ["a clock that is not set, and another defect", { now: UNSET, server: { names: ["a.example"] } }, everyPath("bad")],
  [
    "a clock that is not set, and dates that are past anyway",
    { now: UNSET, server: { validUntil: PAST } },
    everyPath("wait"),
  ],
  [
    "a clock that is not set, and certificates without an end",
    { now: UNSET, root: { validUntil: NO_END }, between: { validUntil: NO_END }, server: { validUntil: NO_END } },
    always("trusted"),
  ],
  [
    "a clock that is not set, and one certificate with an end",
    { now: UNSET, server: { validUntil: NO_END } },
    everyPath("wait"),
  ],
  ["another name", { server: { names: ["other.example"] } }, everyPath("bad")],
  [
    "another name, and the right one as common name only",
    { server: { subject: NAME, names: ["other.example"] } },
    everyPath("bad"),
  ],
  ["the right name as common name only", { server: { subject: NAME, names: [] } }, always("trusted")],
  ["no name at all", { server: { subject: "", names: [] } }, everyPath("bad")],
  ["an address in place of a name", { server: { names: ["127.0.0.1"] } }, everyPath("bad")],
  ["the address that was meant", { name: "127.0.0.1", server: { names: ["127.0.0.1"] } }, always("trusted")],
  ["the address as common name", { name: "127.0.0.1", server: { subject: "127.0.0.1", names: [] } }, everyPath("bad")],
  ["a wildcard that covers it", { server: { names: ["*.lwm2m.example"] }, name: "a.lwm2m.example" }, always("trusted")],
  ["no CA flag between", { between: { ca: false } }, everyPath("unknown-authority")],
  ["no basic constraints between", { between: { ca: null } }, everyPath("unknown-authority")],
  ["no CA flag on the root", { root: { ca: false } }, everyPath("unknown-authority")],
  ["a root of version 1, which has no flags", { root: { version: 1 } }, always("trusted")],
  ["an authority between of version 1", { between: { version: 1 } }, everyPath("unknown-authority")],
  ["a path that is too long", { root: { pathLength: 0 } }, everyPath("unknown-authority")],
  ["a path as long as it may be", { root: { pathLength: 1 }, between: { pathLength: 0 } }, always("trusted")],
  ["no right to sign certificates", { between: { keyUsage: ["cRLSign"] } }, everyPath("unknown-authority")],
  ["no Key Usage at all", { between: { keyUsage: null }, server: { keyUsage: null } }, always("trusted")],
  ["a server that may not sign", { server: { keyUsage: ["keyAgreement"] } }, everyPath("unsupported")],
  ["a certificate for clients", { server: { extendedKeyUsage: [EKU.clientAuth] } }, everyPath("unsupported")],
  ["a certificate for any purpose", { server: { extendedKeyUsage: [EKU.any] } }, always("trusted")],
  ["a certificate without purposes", { server: { extendedKeyUsage: null } }, always("trusted")],
  ["an authority for code", { between: { extendedKeyUsage: [EKU.codeSigning] } }, everyPath("unsupported")],
  [
    "an unknown critical extension",
    { server: { extensions: [{ ...unknown, critical: true }] } },
    everyPath("unsupported"),
  ],
  [
    "an unknown critical extension between",
    { between: { extensions: [{ ...unknown, critical: true }] } },
    everyPath("unsupported"),
  ],
  ["an unknown extension", { server: { extensions: [unknown] } }, always("trusted")],
  [
    "a critical policy",
    { server: { extensions: [{ oid: "2.5.29.32", critical: true, value: sequence() }] } },
    always("trusted"),
  ],
  ["a server on another curve", { server: { curve: "secp384r1" } }, always("unsupported")],
  ["a server with an RSA key", { server: { keys: rsaKeys } }, always("unsupported")],
  [
    "authorities on other curves",
    { root: { curve: "secp521r1", hash: "sha512" }, between: { curve: "secp384r1", hash: "sha384" } },
    always("trusted"),
  ],
  ["an authority with RSA", { between: { keys: rsaKeys } }, always("trusted")],
  ["an authority with RSA and SHA-512", { between: { keys: rsaKeys }, server: { hash: "sha512" } }, always("trusted")],
  ["an authority with Ed25519", { between: { keys: edKeys } }, always("trusted")],
  ["an authority with a short RSA key", { between: { keys: weakKeys } }, everyPath("bad")],
  ["an authority on a curve that nobody chose", { between: { keys: strangeCurve } }, everyPath("bad")],
  ["a signature with SHA-1", { server: { hash: "sha1" } }, everyPath("bad")],
  ["a signature with SHA-1 between", { between: { hash: "sha1" } }, everyPath("bad")],
  ["a signature with SHA-1 under the root: nobody looks at it", { root: { hash: "sha1" } }, always("trusted")],
  ["a forged signature", { server: { signWith: stranger.privateKey } }, everyPath("bad")],
  ["a forged signature between", { between: { signWith: stranger.privateKey } }, everyPath("bad")],
  [
    "a stranger's root",
    { store: () => [stranger.der] },
    ["unknown-authority", "unknown-authority", "trusted", "trusted"],
  ],
  ["an empty trust store", { store: () => [] }, ["unknown-authority", "unknown-authority", "trusted", "trusted"]],
  ["the authority between in the store", { store: ({ between }) => [between.der] }, always("trusted")],
  [
    "the server in the store",
    { store: ({ server }) => [server.der] },
    ["unknown-authority", "trusted", "trusted", "trusted"],
  ],
  [
    "an authority that is not shown",
    { shows: ({ server, root }) => [server.der, root.der] },
    everyPath("unknown-authority"),
  ],
  [
    "an order that is none",
    { shows: ({ server, between, root }) => [server.der, root.der, between.der] },
    always("trusted"),
  ],
  [
    "things of no use between",
    { shows: (all) => [all.server.der, stranger.der, Uint8Array.of(1), all.between.der, all.root.der] },
    always("trusted"),
  ],
  [
    "the server not first",
    { shows: ({ server, between, root }) => [between.der, server.der, root.der] },
    ["unsupported", "bad", "unsupported", "bad"],
  ],
  ["nothing to read", { shows: () => [Uint8Array.of(0x30, 0)] }, always("bad")],
  ["nothing at all", { shows: () => [] }, always("bad")],
  ["another in /0/x/4", { expected: () => stranger.der }, ["unknown-authority", "bad", "unknown-authority", "bad"]],
  [
    "the server in /0/x/4",
    { expected: ({ server }) => server.der },
    ["unknown-authority", "trusted", "unknown-authority", "trusted"],
  ],
  ["the root in /0/x/4", { expected: ({ root }) => root.der }, ["trusted", "bad", "trusted", "bad"]],
  ["names within what is permitted", { between: { extensions: [constraints(0, dns("example"))] } }, always("trusted")],
  [
    "a name that only ends like what is permitted",
    { between: { extensions: [constraints(0, dns("m.example"))] } },
    everyPath("unknown-authority"),
  ],
  [
    "names beyond what is permitted",
    { between: { extensions: [constraints(0, dns("elsewhere"))] } },
    everyPath("unknown-authority"),
  ],
  ["names that are excluded", { root: { extensions: [constraints(1, dns(NAME))] } }, everyPath("unknown-authority")],
  [
    "an excluded name with a dot behind it",
    { server: { names: [`${NAME}.`] }, root: { extensions: [constraints(1, dns(NAME))] } },
    everyPath("unknown-authority"),
  ],
  [
    "a wildcard over a name that is excluded",
    {
      name: "a.lwm2m.example",
      server: { names: [`*.${NAME}`] },
      root: { extensions: [constraints(1, dns("a.lwm2m.example"))] },
    },
    everyPath("unknown-authority"),
  ],
  [
    "a common name beyond what is permitted",
    { server: { subject: NAME, names: [] }, root: { extensions: [constraints(0, dns("elsewhere"))] } },
    everyPath("unknown-authority"),
  ],
  [
    "an address beyond what is permitted",
    {
      server: { names: [NAME, "192.0.2.1"] },
      between: { extensions: [constraints(0, network(10, 0, 0, 0, 255, 0, 0, 0))] },
    },
    everyPath("unknown-authority"),
  ],
  [
    "an address within what is permitted",
    {
      server: { names: [NAME, "10.1.2.3"] },
      between: { extensions: [constraints(0, network(10, 0, 0, 0, 255, 0, 0, 0))] },
    },
    always("trusted"),
  ],
  [
    "constraints that nobody understands",
    { between: { extensions: [constraints(0, sequence(directory))] } },
    everyPath("unsupported"),
  ],
];

const USAGES: readonly CertificateUsage[] = [0, 1, 2, 3];
const MATCHING: readonly (readonly [MatchingType, string | undefined])[] = [
  [0, undefined],
  [1, "sha256"],
  [2, "sha384"],
  [3, "sha512"],
];

function familyOf({ root, between, server }: Scene): Family {
  const top = authority({ subject: "Root", ...root });
  const middle = authority({ subject: "Between", issuer: top, ...between });
  return {
    root: top,
    between: middle,
    server: certificate({ subject: "server", issuer: middle, names: [NAME], ...server }),
  };
}

function expectedOf({ root, between, server }: Family, usage: CertificateUsage): Uint8Array {
  return [between, server, root, server][usage]!.der;
}

describe.each(DEFECTS)("%s", (_, scene, verdicts) => {
  const family = familyOf(scene);
  const { name = NAME, now = NOON } = scene;
  const chain = scene.shows?.(family) ?? [family.server.der, family.between.der, family.root.der];
  const authorities = scene.store?.(family) ?? [family.root.der];

  for (const usage of USAGES) {
    for (const [matchingType, hash] of MATCHING) {
      test(`Certificate Usage ${usage}, Matching Type ${matchingType}: ${verdicts[usage]}`, () => {
        const whole = scene.expected?.(family) ?? expectedOf(family, usage);
        const expected = hash === undefined ? whole : createHash(hash).update(whole).digest();
        const judgement = judgeOf({ name, authorities, expectation: { expected, usage, matchingType } })(chain, now);
        const verdict = judgement.status === "refused" ? judgement.fault : judgement.status;
        expect(verdict, "reason" in judgement ? judgement.reason : "").toBe(verdicts[usage]);
      });
    }
  }

  test("and without anything in /0/x/4, the trust store decides as for Certificate Usage 1", () => {
    if (scene.expected !== undefined || (scene.shows !== undefined && verdicts[1] === "bad")) return;
    const judgement = judgeOf({ name, authorities })(chain, now);
    expect(judgement.status === "refused" ? judgement.fault : judgement.status).toBe(verdicts[1]);
  });
});
