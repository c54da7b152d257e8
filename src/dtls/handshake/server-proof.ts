/** How a server with a key pair proves who it is: by its certificate or bare key, and by a signature over its part of the key exchange. */

import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { DecodeError } from "../../base/bytes.ts";
import type { Stamp } from "../../base/clock.ts";
import type { RpkCredentials, X509Credentials } from "../../base/credentials.ts";
import { HandshakeFault } from "../alert.ts";
import { ECDSA_SHA256, P256 } from "../extensions.ts";
import {
  decodeCertificateList,
  decodeRawPublicKey,
  POINT_LENGTH,
  type Signature,
  type SignedParameters,
} from "../messages.ts";
import { fingerprint, matches } from "../x509/matching.ts";
import { CERTIFICATE_ALERTS, TrustFault } from "./fault.ts";

/** The server's key, as far as it is believed to be the server's. */
export interface ServerIdentity {
  readonly publicKey: KeyObject;
  /** SHA-256 of what it showed: its certificate or its SubjectPublicKeyInfo. */
  readonly fingerprint: string;
}

/** RFC 7250 §3, §6: the key must be the very one we were given, all of its SubjectPublicKeyInfo. */
export function judgeRawKey(body: Uint8Array, { serverKey, serverKeyMatching }: RpkCredentials): ServerIdentity {
  const shown = decodeRawPublicKey(body);
  if (!matches(shown, serverKey, serverKeyMatching ?? 0))
    throw new TrustFault("bad_certificate", "the server has another public key than the one it is known by (/0/x/4)");
  return { publicKey: publicKeyOf(shown), fingerprint: fingerprint(shown) };
}

/** RFC 5246 §7.4.2; whom to trust is the judge's to say. */
export function judgeCertificates(body: Uint8Array, { judge }: X509Credentials, now: Stamp): ServerIdentity {
  const chain = decodeCertificateList(body);
  const leaf = chain[0];
  if (leaf === undefined) throw new TrustFault("bad_certificate", "the server has no certificate");
  const judgement = judge(chain, now);
  switch (judgement.status) {
    case "trusted":
      return { publicKey: judgement.publicKey, fingerprint: fingerprint(leaf) };
    case "refused":
      throw new TrustFault(CERTIFICATE_ALERTS[judgement.fault], judgement.reason);
    case "wait":
      throw new TrustFault("certificate_unknown", judgement.reason, "clock");
  }
}

/** RFC 8422 §5.4: the signature is over both randoms and the parameters, so that it serves this handshake only. */
export function checkSignature(
  { parameters, signature }: SignedParameters & { readonly signature: Signature },
  randoms: readonly Uint8Array[],
  { publicKey }: ServerIdentity,
): void {
  // RFC 5246 §7.4.3: one that we have offered, and that fits the key.
  if (signature.scheme !== ECDSA_SHA256)
    throw new HandshakeFault("illegal_parameter", "the server signs in a way that was not offered");
  if (publicKey.asymmetricKeyType !== "ec" || publicKey.asymmetricKeyDetails?.namedCurve !== "prime256v1")
    throw new TrustFault("unsupported_certificate", "the server's key is not one on the curve P-256");
  if (!verifies(Buffer.concat([...randoms, parameters]), signature.value, publicKey))
    throw new TrustFault("decrypt_error", "the server's signature is not made with the key it shows");
}

/** A signature that is no DER may make the verification fail in its own way. */
function verifies(data: Uint8Array, signature: Uint8Array, key: KeyObject): boolean {
  try {
    return verify("sha256", data, key, signature);
  } catch {
    return false;
  }
}

/** The curve and the form of the point are those that we have offered (RFC 8422 §5.4). */
export function checkPoint({ curve, point }: SignedParameters): Uint8Array {
  if (curve !== P256)
    throw new HandshakeFault("illegal_parameter", `the server chose curve ${curve}, which was not offered`);
  if (point.length !== POINT_LENGTH || point[0] !== 4)
    throw new HandshakeFault("illegal_parameter", "the server's point is not an uncompressed one on P-256");
  return point;
}

function publicKeyOf(spki: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
  } catch {
    throw new DecodeError("the server's public key cannot be read");
  }
}
