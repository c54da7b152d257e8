/** Keys and certificates as people have them, in text: hexadecimal digits and PEM become bytes. No message holds a secret. */

import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { Secret } from "../../base/secret.ts";

/** What was found, or what is wrong with it, to be said behind "expected". */
export type Material<T> = { readonly value: T } | { readonly expected: string };

/** A chain of ours, or a trust store. */
const MAX_CERTIFICATES = 200;
const CURVE = "prime256v1";
const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----[\s\S]*?-----END \1-----/g;

/** Bytes of a symmetric key: hexadecimal digits, or with `base64:` or `text:` before it what else it is. */
export function keyBytes(text: string, { least, most }: { least: number; most: number }): Material<Uint8Array> {
  const bytes = bytesOf(text.trim());
  if (bytes === undefined)
    return { expected: "hexadecimal digits, two for each byte, or base64: or text: before anything else" };
  if (bytes.length >= least && bytes.length <= most) return { value: bytes };
  return { expected: `${least} to ${most} bytes, found ${bytes.length}` };
}

/** Of nothing as well: some of what is written so may be empty. */
function bytesOf(text: string): Uint8Array | undefined {
  const prefixed = /^(hex|base64|text):/.exec(text);
  const rest = text.slice(prefixed?.[0].length ?? 0);
  switch (prefixed?.[1]) {
    case "text":
      return new Uint8Array(Buffer.from(rest));
    case "base64":
      return /^[A-Za-z0-9+/_-]*={0,2}$/.test(rest) ? new Uint8Array(Buffer.from(rest, "base64")) : undefined;
    default: {
      // As tools print them: with colons or blanks between, or in lines.
      const digits = rest.replaceAll(/[\s:]/g, "");
      return /^(?:[0-9a-f]{2})*$/i.test(digits) ? new Uint8Array(Buffer.from(digits, "hex")) : undefined;
    }
  }
}

/** Whether a text is meant to be PEM. */
export function isPem(text: string): boolean {
  return text.includes("-----BEGIN ");
}

/** A private key on P-256 in PEM, as DER of PKCS #8 (RFC 5208) and with the SubjectPublicKeyInfo that belongs to it. */
export function privateKey(text: string): Material<{ readonly key: Uint8Array; readonly publicKey: Uint8Array }> {
  if (/-----BEGIN ENCRYPTED |Proc-Type: 4,ENCRYPTED/.test(text))
    return { expected: "a private key without a passphrase: openssl pkcs8 -topk8 -nocrypt -in KEY" };
  const key = attempt(() => createPrivateKey(text));
  if (key === undefined) return { expected: "a private key in PEM, such as openssl genpkey makes" };
  if (!isP256(key)) return { expected: "a key on the curve P-256: openssl ecparam -name prime256v1 -genkey" };
  return { value: { key: key.export({ format: "der", type: "pkcs8" }), publicKey: spki(createPublicKey(key)) } };
}

/** A public key on P-256 in PEM, alone or in a certificate, as DER of its SubjectPublicKeyInfo. */
export function publicKey(text: string): Material<Uint8Array> {
  // Node would take the public half of a private key just as well, and whoever put that here has given it away.
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text))
    return { expected: "a public key, found a private one: openssl pkey -pubout -in KEY" };
  const key = attempt(() => createPublicKey(text));
  if (key === undefined) return { expected: "a public key in PEM: openssl pkey -pubout -in KEY" };
  return isP256(key) ? { value: spki(key) } : { expected: "a public key on the curve P-256" };
}

/** Certificates in PEM, one after the other, as DER each. */
export function certificates(text: string): Material<readonly Uint8Array[]> {
  const found: Uint8Array[] = [];
  for (const [block, label] of text.matchAll(BLOCK)) {
    if (label !== "CERTIFICATE") continue;
    const certificate = attempt(() => new X509Certificate(block));
    if (certificate === undefined) return { expected: `certificates in PEM, but number ${found.length + 1} is broken` };
    found.push(new Uint8Array(certificate.raw));
    if (found.length > MAX_CERTIFICATES) return { expected: `at most ${MAX_CERTIFICATES} certificates` };
  }
  return found.length > 0 ? { value: found } : { expected: "a certificate in PEM" };
}

/** Whether a certificate, in DER, is about a public key, as DER of its SubjectPublicKeyInfo. */
export function certifies(certificate: Uint8Array, publicKey: Uint8Array): boolean {
  const certified = attempt(() => spki(new X509Certificate(certificate).publicKey));
  return certified !== undefined && Buffer.compare(certified, publicKey) === 0;
}

/** A key as accounts hold it. */
export function sealed(bytes: Uint8Array, name: string): Secret {
  return new Secret(Buffer.from(bytes).toString("hex"), name);
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    // The words of OpenSSL would help nobody, and some repeat what they were given.
    return undefined;
  }
}

const isP256 = ({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean =>
  asymmetricKeyType === "ec" && asymmetricKeyDetails?.namedCurve === CURVE;
const spki = (key: KeyObject): Uint8Array => new Uint8Array(key.export({ format: "der", type: "spki" }));
