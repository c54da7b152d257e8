/**
 * Certificates for tests, made on the spot and without any program: good ones, and ones with every defect.
 *
 *     const root = authority({ subject: "Root" });
 *     const server = certificate({ issuer: root, subject: "server", names: ["lwm2m.example", "127.0.0.1"] });
 *     server.chain; // DER: the server's own, then the authorities between it and the root, the root left out
 *     server.chainPem + server.keyPem; // what OpenSSL loads
 *
 * Unless said otherwise: P-256, SHA-256, valid from 2020 to 2049, a leaf that signs and authenticates both ends.
 */

import { type KeyObject, createHash, generateKeyPairSync, sign } from "node:crypto";
import { bits, boolean, der, explicit, integer, octets, oid, pem, sequence, setOf, text, time } from "./der.ts";

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export type Curve = "prime256v1" | "secp384r1" | "secp521r1";
export type KeyUse = keyof typeof KEY_USES;

export interface CertificateOptions {
  /** The common name; "" for a subject without any. */
  readonly subject?: string;
  /** Who signs; absent: the certificate signs itself. */
  readonly issuer?: Issued;
  /** Instead of new ones on `curve`; RSA and Ed25519 are welcome too. */
  readonly keys?: KeyPair;
  readonly curve?: Curve;
  /** Milliseconds since 1970 UTC. */
  readonly validFrom?: number;
  readonly validUntil?: number;
  /** Subject Alternative Names, DNS names or IPv4/IPv6 addresses; absent or empty: no such extension. */
  readonly names?: readonly string[];
  /** Basic Constraints; null: no such extension. */
  readonly ca?: boolean | null;
  /** How many authorities may stand between this one and a leaf. */
  readonly pathLength?: number;
  /** null: no such extension. */
  readonly keyUsage?: readonly KeyUse[] | null;
  /** Dotted, see `EKU`; null: no such extension. */
  readonly extendedKeyUsage?: readonly string[] | null;
  /** Further extensions, DER of the value. */
  readonly extensions?: readonly { readonly oid: string; readonly critical?: boolean; readonly value: Uint8Array }[];
  readonly hash?: "sha1" | "sha256" | "sha384" | "sha512";
  /** Signs in the issuer's name with another key: a forgery. */
  readonly signWith?: KeyObject;
  /** 3 unless said otherwise; 1 has no extensions. */
  readonly version?: 1 | 3;
  readonly serial?: number;
}

export interface Issued extends KeyPair {
  readonly options: CertificateOptions;
  readonly der: Uint8Array;
  readonly pem: string;
  /** PKCS#8. */
  readonly keyPem: string;
  /** DER of the SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** DER of the subject's name, as the certificates that it issues carry it. */
  readonly name: Uint8Array;
  /** DER, as a handshake shows it: its own, then the authorities between, without the root unless it is one. */
  readonly chain: readonly Uint8Array[];
  readonly chainPem: string;
}

export const EKU = {
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
  codeSigning: "1.3.6.1.5.5.7.3.3",
  any: "2.5.29.37.0",
} as const;

/** Bits of Key Usage, counted from the most significant one (RFC 5280 §4.2.1.3). */
const KEY_USES = { digitalSignature: 0, keyEncipherment: 2, keyAgreement: 4, keyCertSign: 5, cRLSign: 6 } as const;

/** ECDSA and RSA with each hash, and Ed25519 (RFC 5758 §3.2, RFC 4055 §5, RFC 8410 §3). */
const SIGNATURES = {
  ec: {
    sha1: "1.2.840.10045.4.1",
    sha256: "1.2.840.10045.4.3.2",
    sha384: "1.2.840.10045.4.3.3",
    sha512: "1.2.840.10045.4.3.4",
  },
  rsa: {
    sha1: "1.2.840.113549.1.1.5",
    sha256: "1.2.840.113549.1.1.11",
    sha384: "1.2.840.113549.1.1.12",
    sha512: "1.2.840.113549.1.1.13",
  },
} as const;

const OF_2020 = Date.UTC(2020, 0, 1);
const OF_2049 = Date.UTC(2049, 0, 1);
let lastSerial = 0x1000;

/** A certificate that may sign others. */
export function authority(options: CertificateOptions = {}): Issued {
  return certificate({
    subject: "Test Root",
    ca: true,
    keyUsage: ["keyCertSign", "cRLSign"],
    extendedKeyUsage: null,
    ...options,
  });
}

export function certificate(options: CertificateOptions = {}): Issued {
  const keys = options.keys ?? generateKeyPairSync("ec", { namedCurve: options.curve ?? "prime256v1" });
  const name = nameOf(options.subject ?? "device");
  const spki = spkiOf(keys.publicKey);
  const signer = options.signWith ?? options.issuer?.privateKey ?? keys.privateKey;
  const algorithm = algorithmOf(signer, options.hash ?? "sha256");
  const version = options.version ?? 3;
  const body = sequence(
    ...(version === 3 ? [explicit(0, integer(2))] : []),
    integer(options.serial ?? lastSerial++),
    algorithm,
    options.issuer?.name ?? name,
    sequence(time(options.validFrom ?? OF_2020), time(options.validUntil ?? OF_2049)),
    name,
    spki,
    ...(version === 3 ? [explicit(3, sequence(...extensionsOf(options, spki)))] : []),
  );
  const hash = signer.asymmetricKeyType === "ed25519" ? null : (options.hash ?? "sha256");
  const bytes = sequence(body, algorithm, bits(sign(hash, body, signer)));
  const above = options.issuer?.options.issuer === undefined ? [] : options.issuer.chain;
  return issued({ ...keys, options, der: bytes, spki, name, chain: [bytes, ...above] });
}

/** Root, intermediate, server (`lwm2m.example`, `127.0.0.1`) and client: enough for most. */
export function family(): { root: Issued; intermediate: Issued; server: Issued; client: Issued } {
  const root = authority({ subject: "Test Root" });
  const intermediate = authority({ subject: "Test Intermediate", issuer: root, pathLength: 0 });
  const server = certificate({ subject: "server", issuer: intermediate, names: ["lwm2m.example", "127.0.0.1"] });
  const client = certificate({ subject: "client", issuer: intermediate });
  return { root, intermediate, server, client };
}

function issued(made: Omit<Issued, "pem" | "keyPem" | "chainPem">): Issued {
  return {
    ...made,
    pem: pem("CERTIFICATE", made.der),
    keyPem: pem("PRIVATE KEY", made.privateKey.export({ format: "der", type: "pkcs8" })),
    chainPem: made.chain.map((one) => pem("CERTIFICATE", one)).join(""),
  };
}

export function spkiOf(key: KeyObject): Uint8Array {
  return new Uint8Array(key.export({ format: "der", type: "spki" }));
}

function nameOf(commonName: string): Uint8Array {
  return commonName === "" ? sequence() : sequence(setOf(sequence(oid("2.5.4.3"), text(commonName))));
}

function algorithmOf(key: KeyObject, hash: "sha1" | "sha256" | "sha384" | "sha512"): Uint8Array {
  if (key.asymmetricKeyType === "ed25519") return sequence(oid("1.3.101.112"));
  if (key.asymmetricKeyType === "rsa") return sequence(oid(SIGNATURES.rsa[hash]), der(0x05));
  return sequence(oid(SIGNATURES.ec[hash]));
}

function extensionsOf(options: CertificateOptions, spki: Uint8Array): Uint8Array[] {
  const list: Uint8Array[] = [];
  const add = (id: string, value: Uint8Array, critical = false): void => {
    list.push(sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value)));
  };
  const { ca = false, names = [], keyUsage = ["digitalSignature"], extendedKeyUsage } = options;
  if (ca !== null) {
    const length = options.pathLength === undefined ? [] : [integer(options.pathLength)];
    add("2.5.29.19", sequence(...(ca ? [boolean(true)] : []), ...length), true);
  }
  if (keyUsage !== null) add("2.5.29.15", keyUsageOf(keyUsage), true);
  if (extendedKeyUsage !== null)
    add("2.5.29.37", sequence(...(extendedKeyUsage ?? [EKU.serverAuth, EKU.clientAuth]).map(oid)));
  if (names.length > 0) add("2.5.29.17", sequence(...names.map(generalName)));
  add("2.5.29.14", octets(keyId(spki)));
  if (options.issuer !== undefined) add("2.5.29.35", sequence(der(0x80, keyId(options.issuer.spki))));
  for (const extra of options.extensions ?? []) add(extra.oid, extra.value, extra.critical);
  return list;
}

function keyUsageOf(uses: readonly KeyUse[]): Uint8Array {
  const byte = uses.reduce((sum, use) => sum | (0x80 >> KEY_USES[use]), 0);
  const unused = byte === 0 ? 0 : 31 - Math.clz32(byte & -byte);
  return byte === 0 ? bits(new Uint8Array()) : bits(Uint8Array.of(byte), unused);
}

const keyId = (spki: Uint8Array): Uint8Array => createHash("sha1").update(spki).digest();

function generalName(name: string): Uint8Array {
  if (/^[\d.]+$/.test(name)) return der(0x87, Uint8Array.from(name.split("."), Number));
  if (name.includes(":")) return der(0x87, ipv6(name));
  return text(name, 0x82);
}

function ipv6(address: string): Uint8Array {
  const [left = "", right] = address.split("::");
  const groups = (part: string): string[] => (part === "" ? [] : part.split(":"));
  const [before, after] = [groups(left), groups(right ?? "")];
  const zeros = right === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => "0");
  return Buffer.from([...before, ...zeros, ...after].map((group) => group.padStart(4, "0")).join(""), "hex");
}
