/** What Object 0 holds, raw bytes, becomes credentials; or words that name the Resource and what to do (LwM2M Transport 1.2 §5.2.9). */

import {
  createECDH,
  createHash,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type KeyObject,
} from "node:crypto";
import { DecodeError, copyOf, sameBytes } from "../base/bytes.ts";
import type { Credentials, PskCredentials, RpkCredentials, X509Credentials } from "../base/credentials.ts";
import { hashOf, isMatchingType, type MatchingType } from "./x509/matching.ts";
import { looksLikePem, pemBlocks } from "./x509/pem.ts";
import { type Certificate, decodeCertificate } from "./x509/certificate.ts";
import { DerReader, only, Tag } from "./x509/der.ts";
import { indicationOf } from "./x509/host-name.ts";
import { type CertificateUsage, type Expectation, isCertificateUsage, judgeOf } from "./x509/judge.ts";
import { anchorsOf } from "./x509/trust-store.ts";

/** One Instance of Object 0, as far as it says who the two ends are. Keys and certificates are DER, or PEM as files have it. */
export interface KeyMaterial {
  /** /0/x/2. */
  readonly mode: "psk" | "rpk" | "x509";
  /** /0/x/3: identity of a pre-shared key; our SubjectPublicKeyInfo, or nothing: it follows from the private key; our certificates, our own first. */
  readonly identity: Uint8Array;
  /** /0/x/4: the server's SubjectPublicKeyInfo, or what `certificateUsage` says. */
  readonly serverKey?: Uint8Array;
  /** /0/x/5: the pre-shared key; or our private key: PKCS#8, SEC1, or the bare 32 bytes of one on P-256. */
  readonly secretKey: Uint8Array;
  /** /0/x/13; 0 unless said otherwise. */
  readonly matchingType?: number;
  /** /0/x/14; the host unless said otherwise. */
  readonly serverName?: string;
  /** /0/x/15; 3 unless said otherwise. */
  readonly certificateUsage?: number;
  /** Of /0/x/0: a name or an address. */
  readonly host: string;
  /** The trust store: DER each. */
  readonly trust?: readonly Uint8Array[];
}

export type Opened =
  | { readonly status: "fit"; readonly credentials: Credentials }
  /** Names the Resource, and holds no secret. */
  | { readonly status: "unfit"; readonly reason: string };

/** LwM2M Transport 1.2 §5.2.9.1; RFC 4279 §5.3 asks for as much, and for no more. */
const MAX_IDENTITY = 128;
const MAX_PSK = 64;
/** A chain of ours must fit into one handshake message. */
const MAX_CHAIN = 8;

/** Ends here, within; leaves as `unfit`. */
class Unfit extends Error {}

/** Never throws. */
export function credentialsOf(material: KeyMaterial): Opened {
  try {
    return { status: "fit", credentials: open(material) };
  } catch (error) {
    if (error instanceof Unfit) return { status: "unfit", reason: error.message };
    throw error;
  }
}

/** DER of each certificate, in PEM or in DER, one behind the other: a chain, or a trust store. @throws DecodeError if there is none, or anything else. */
export function certificatesOf(bytes: Uint8Array): readonly Uint8Array[] {
  const list = looksLikePem(bytes)
    ? pemBlocks(bytes).flatMap(({ label, content }) => (label === "CERTIFICATE" ? [content] : []))
    : elementsOf(bytes);
  for (const one of list) decodeCertificate(one);
  if (list.length === 0) throw new DecodeError("no certificate");
  return list;
}

function open(material: KeyMaterial): Credentials {
  switch (material.mode) {
    case "psk":
      return pskOf(material);
    case "rpk":
      return rpkOf(material);
    case "x509":
      return x509Of(material);
  }
}

function pskOf({ identity, secretKey }: KeyMaterial): PskCredentials {
  if (identity.length === 0 || identity.length > MAX_IDENTITY)
    throw new Unfit(`the PSK identity (/0/x/3) has ${identity.length} bytes: 1 to ${MAX_IDENTITY} are possible`);
  if (secretKey.length === 0 || secretKey.length > MAX_PSK)
    throw new Unfit(`the pre-shared key (/0/x/5) has ${secretKey.length} bytes: 1 to ${MAX_PSK} are possible`);
  return { mode: "psk", identity: copyOf(identity), key: createSecretKey(secretKey) };
}

function rpkOf(material: KeyMaterial): RpkCredentials {
  const privateKey = privateKeyOf(material.secretKey);
  const derived = spkiOf(privateKey);
  const publicKey = material.identity.length === 0 ? derived : publicKeyOf(material.identity, "Public Key (/0/x/3)");
  if (!sameBytes(spkiOf(createPublicKey({ key: Buffer.from(publicKey), format: "der", type: "spki" })), derived))
    throw new Unfit("our Public Key (/0/x/3) does not belong to our Secret Key (/0/x/5)");
  const { serverKey = new Uint8Array() } = material;
  const type = matchingTypeOf(material);
  if (type === 0)
    return { mode: "rpk", privateKey, publicKey, serverKey: publicKeyOf(serverKey, "Server Public Key (/0/x/4)") };
  return { mode: "rpk", privateKey, publicKey, serverKey: hashIn(serverKey, type), serverKeyMatching: type };
}

function x509Of(material: KeyMaterial): X509Credentials {
  const privateKey = privateKeyOf(material.secretKey);
  const chain = chainIn(material.identity);
  const own = attempt(() => spkiOf(publicOf(chain[0]!.publicKey)));
  if (own === undefined || !sameBytes(own, spkiOf(privateKey)))
    throw new Unfit("our certificate (/0/x/3) does not belong to our Secret Key (/0/x/5)");
  const name = material.serverName ?? material.host;
  const serverName = indicationOf(name);
  const expectation = expectationOf(material);
  const trust = { name, authorities: storeIn(material.trust ?? []) };
  const judge = judgeOf(expectation === undefined ? trust : { ...trust, expectation });
  const judgeName = judgeNameOf(material);
  const common = { mode: "x509", privateKey, chain: chain.map(({ der }) => der), judge, judgeName } as const;
  return serverName === undefined ? common : { ...common, serverName };
}

/** What /0/x/4, /0/x/13 and /0/x/15 ask of the server's certificates, or nothing beside the trust store. */
/** Over all that the judge goes by, each with its length. */
function judgeNameOf({
  serverKey = new Uint8Array(),
  matchingType = 0,
  certificateUsage,
  ...rest
}: KeyMaterial): string {
  const hash = createHash("sha256").update(`${certificateUsage ?? "any"} ${matchingType} `);
  for (const each of [Buffer.from(rest.serverName ?? rest.host), serverKey, ...(rest.trust ?? [])])
    hash.update(`${each.length}:`).update(each);
  return hash.digest("hex");
}

function expectationOf(material: KeyMaterial): Expectation | undefined {
  const { serverKey = new Uint8Array(), certificateUsage: usage = 3, trust = [] } = material;
  if (!isCertificateUsage(usage)) throw new Unfit(`Certificate Usage (/0/x/15) is ${usage}: 0 to 3 are possible`);
  if (usage < 2 && trust.length === 0)
    throw new Unfit(
      `Certificate Usage (/0/x/15) ${usage} needs a trust store, and there is none: use 2 or 3, or give one`,
    );
  const matchingType = matchingTypeOf(material);
  if (serverKey.length > 0) return { usage, matchingType, expected: expectedOf(serverKey, usage, matchingType) };
  // Without anything to compare with, whom the trust store vouches for is trusted: unless it was to be left out.
  if (trust.length === 0 || material.certificateUsage === 2 || material.certificateUsage === 3)
    throw new Unfit("there is no Server Public Key (/0/x/4), and without it the server cannot prove who it is");
  return undefined;
}

/** One that cannot be read would be missed when it is needed. */
function storeIn(trust: readonly Uint8Array[]): readonly Uint8Array[] {
  if (anchorsOf(trust).length < trust.length)
    throw new Unfit("the trust store holds something that is no certificate in DER");
  return trust;
}

function expectedOf(serverKey: Uint8Array, usage: CertificateUsage, matchingType: MatchingType): Uint8Array {
  if (matchingType !== 0) return hashIn(serverKey, matchingType);
  const [certificate, ...others] = certificatesIn(serverKey, "Server Public Key (/0/x/4)");
  if (certificate === undefined || others.length > 0)
    throw new Unfit("Server Public Key (/0/x/4) holds more than one certificate");
  const { version, extensions } = certificate;
  if ((usage === 0 || usage === 2) && version === 3 && extensions.authority !== true)
    throw new Unfit(
      `Server Public Key (/0/x/4) is no certificate of an authority, which Certificate Usage (/0/x/15) ${usage} wants: 1 or 3 wants the server's own`,
    );
  return certificate.der;
}

function matchingTypeOf({ matchingType = 0 }: KeyMaterial): MatchingType {
  if (!isMatchingType(matchingType)) throw new Unfit(`Matching Type (/0/x/13) is ${matchingType}: 0 to 3 are possible`);
  return matchingType;
}

function hashIn(serverKey: Uint8Array, type: MatchingType): Uint8Array {
  const hash = hashOf(type);
  if (serverKey.length !== hash?.length)
    throw new Unfit(
      `Server Public Key (/0/x/4) has ${serverKey.length} bytes: Matching Type (/0/x/13) ${type} wants a hash of ${hash?.length ?? 0}`,
    );
  return copyOf(serverKey);
}

/** Ours, our own first, each signed by the next (RFC 5246 §7.4.2). */
function chainIn(identity: Uint8Array): readonly Certificate[] {
  const chain = certificatesIn(identity, "our certificate (/0/x/3)");
  if (chain.length > MAX_CHAIN)
    throw new Unfit(`our certificate (/0/x/3) comes with ${chain.length - 1} more: ${MAX_CHAIN - 1} are possible`);
  chain.forEach((certificate, i) => {
    const above = chain[i + 1];
    if (above !== undefined && !sameBytes(certificate.issuer, above.subject))
      throw new Unfit(`our certificates (/0/x/3) are out of order: number ${i + 2} did not issue number ${i + 1}`);
  });
  return chain;
}

function certificatesIn(bytes: Uint8Array, what: string): readonly Certificate[] {
  if (bytes.length === 0) throw new Unfit(`${what} is missing`);
  try {
    return certificatesOf(bytes).map((der) => decodeCertificate(copyOf(der)));
  } catch (error) {
    if (error instanceof DecodeError) throw new Unfit(`${what} is no certificate in DER or PEM: ${error.message}`);
    throw error;
  }
}

/** DER of a SubjectPublicKeyInfo on P-256, exactly as it was given: peers compare all of it (RFC 7250 §3). */
function publicKeyOf(bytes: Uint8Array, what: string): Uint8Array {
  if (bytes.length === 0) throw new Unfit(`${what} is missing`);
  const [block] = looksLikePem(bytes) ? pemBlocks(bytes) : [];
  const der = copyOf(block?.content ?? bytes);
  const key = attempt(() => publicOf(only(der, Tag.Sequence, "public key").whole));
  if (key === undefined) throw new Unfit(`${what} is no public key: a SubjectPublicKeyInfo in DER or PEM is wanted`);
  if (!isP256(key)) throw new Unfit(`${what} is not on the curve P-256`);
  return der;
}

function privateKeyOf(bytes: Uint8Array): KeyObject {
  const [block, ...others] = looksLikePem(bytes) ? pemBlocks(bytes).filter(({ label }) => label.includes("KEY")) : [];
  if (others.length > 0) throw new Unfit("Secret Key (/0/x/5) holds more than one key");
  if (block?.label.startsWith("ENCRYPTED"))
    throw new Unfit("Secret Key (/0/x/5) is encrypted: it is wanted without a passphrase");
  const der = block?.content ?? bytes;
  const key = der.length === 32 ? attempt(() => fromScalar(der)) : attempt(() => fromDer(der));
  if (key === undefined)
    throw new Unfit(
      "Secret Key (/0/x/5) is no private key: PKCS#8 or SEC1 is wanted, in DER or PEM, or the 32 bytes of one on P-256",
    );
  if (!isP256(key)) throw new Unfit("Secret Key (/0/x/5) is not on the curve P-256");
  return key;
}

function fromDer(der: Uint8Array): KeyObject {
  only(der, Tag.Sequence, "private key");
  // OpenSSL tells PKCS#8 (RFC 5958 §2) and SEC1 (RFC 5915 §3) apart whatever it was told; later ones may not.
  return (
    attempt(() => createPrivateKey({ key: Buffer.from(der), format: "der", type: "pkcs8" })) ??
    createPrivateKey({ key: Buffer.from(der), format: "der", type: "sec1" })
  );
}

function fromScalar(scalar: Uint8Array): KeyObject {
  const curve = createECDH("prime256v1");
  curve.setPrivateKey(scalar);
  const point = curve.getPublicKey();
  const text = (part: Uint8Array): string => Buffer.from(part).toString("base64url");
  const key = { kty: "EC", crv: "P-256", d: text(scalar), x: text(point.subarray(1, 33)), y: text(point.subarray(33)) };
  return createPrivateKey({ key, format: "jwk" });
}

function publicOf(spki: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
}

function spkiOf(key: KeyObject): Uint8Array {
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  return new Uint8Array(publicKey.export({ format: "der", type: "spki" }));
}

function isP256(key: KeyObject): boolean {
  return key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1";
}

function elementsOf(bytes: Uint8Array): readonly Uint8Array[] {
  const reader = new DerReader(bytes);
  const list: Uint8Array[] = [];
  while (!reader.done) list.push(reader.take(Tag.Sequence, "certificate").whole);
  return list;
}

/** Keys are opened by OpenSSL, whose errors are of no class and say nothing to anybody. */
function attempt<T>(open: () => T): T | undefined {
  try {
    return open();
  } catch {
    return undefined;
  }
}
