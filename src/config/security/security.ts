/** What the file says of security, settled; and what of it is one endpoint's. */

import type { Secret } from "../../base/secret.ts";
import { type Derivation, derivedKey } from "./derive.ts";
import { sealed } from "./material.ts";
import type { KeyTable } from "./table.ts";

/** Where the secret key of an endpoint comes from. */
export type KeySource =
  | { readonly from: "key"; readonly key: Secret }
  | ({ readonly from: "secret"; readonly length: number } & Derivation)
  | { readonly from: "table"; readonly name: string; readonly rows: KeyTable };

/** What holds whatever the mode is. */
interface Common {
  readonly ciphersuites?: readonly number[];
}

export interface PskSecurity extends Common {
  readonly mode: "psk";
  /** With `{endpoint}` in it where the name of the endpoint is meant. */
  readonly identity: string;
  readonly keys: KeySource;
}

/** Keys are hexadecimal digits of DER. */
export interface RpkSecurity extends Common {
  readonly mode: "rpk";
  readonly key: Secret;
  readonly publicKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

export interface X509Security extends Common {
  readonly mode: "x509";
  readonly key: Secret;
  readonly certificate: Uint8Array;
  readonly serverCertificate?: Uint8Array;
  readonly trust?: readonly Uint8Array[];
  readonly usage?: number;
  readonly matching?: number;
  readonly serverName?: string;
}

export interface OscoreSecurity {
  readonly mode: "oscore";
  readonly keys: KeySource;
  /** Absent: derived, as the secret is. */
  readonly senderId?: Uint8Array;
  readonly recipientId: Uint8Array;
  readonly salt?: Uint8Array;
  readonly idContext?: Uint8Array;
  readonly aead?: number;
  readonly hkdf?: number;
}

export type SecurityConfig = PskSecurity | RpkSecurity | X509Security | OscoreSecurity | { readonly mode: "none" };

/** What one sensor has instead of what is said to all. */
export interface OwnSecurity {
  readonly identity?: string;
  /** Of a pre-shared key, or the master secret of OSCORE. */
  readonly key?: Secret;
  /** DER of PKCS #8, with its public half. */
  readonly privateKey?: { readonly key: Secret; readonly publicKey: Uint8Array };
  readonly certificate?: Uint8Array;
  readonly senderId?: Uint8Array;
}

/** Fields of an account (LwM2M Core 1.2 Appendix E.1); secrets as hexadecimal digits. */
export interface EndpointSecurity {
  readonly credentials?: {
    readonly mode: "psk" | "rpk" | "x509";
    readonly identity: Uint8Array;
    readonly serverKey?: Uint8Array;
    readonly secretKey: Secret;
  };
  readonly matchingType?: number;
  readonly serverName?: string;
  readonly certificateUsage?: number;
  readonly ciphersuites?: readonly number[];
  readonly oscore?: {
    readonly masterSecret: Secret;
    readonly senderId: Uint8Array;
    readonly recipientId: Uint8Array;
    readonly aead?: number;
    readonly hkdf?: number;
    readonly masterSalt?: Uint8Array;
    readonly idContext?: Uint8Array;
  };
  readonly trust?: readonly Uint8Array[];
}

/** `lacking`: in words, why there is nothing for this endpoint. */
export type Secured = EndpointSecurity | { readonly lacking: string };

export const OSCORE_SECRET_BYTES = 16;
const OSCORE_ID_BYTES = 7;
const NONE: EndpointSecurity = {};

/** What an endpoint proves itself with at a server of this security. */
export function securityFor(security: SecurityConfig | undefined, endpoint: string, own: OwnSecurity = {}): Secured {
  switch (security?.mode) {
    case "psk":
      return pskFor(security, endpoint, own);
    case "rpk":
      return rpkFor(security, own);
    case "x509":
      return x509For(security, own);
    case "oscore":
      return oscoreFor(security, endpoint, own);
    default:
      return NONE;
  }
}

function pskFor(security: PskSecurity, endpoint: string, own: OwnSecurity): Secured {
  const { keys } = security;
  const row = keys.from === "table" ? keys.rows.get(endpoint) : undefined;
  const secretKey = own.key ?? row?.key ?? shared(keys, endpoint, "isthmus psk 1");
  if (secretKey === undefined) return lacking(keys, endpoint);
  const template = own.identity ?? row?.identity ?? security.identity;
  const identity = new Uint8Array(Buffer.from(template.replaceAll("{endpoint}", endpoint)));
  return { credentials: { mode: "psk", identity, secretKey }, ...suitesOf(security) };
}

function rpkFor(security: RpkSecurity, { privateKey }: OwnSecurity): Secured {
  const { key: secretKey, publicKey: identity } = privateKey ?? security;
  const { serverKey } = security;
  return { credentials: { mode: "rpk", identity, serverKey, secretKey }, ...suitesOf(security) };
}

function x509For(security: X509Security, own: OwnSecurity): Secured {
  const { serverCertificate: serverKey, trust, usage, matching, serverName } = security;
  const identity = own.certificate ?? security.certificate;
  const secretKey = own.privateKey?.key ?? security.key;
  return {
    credentials: { mode: "x509", identity, ...(serverKey && { serverKey }), secretKey },
    ...(matching !== undefined && { matchingType: matching }),
    ...(serverName !== undefined && { serverName }),
    ...(usage !== undefined && { certificateUsage: usage }),
    ...suitesOf(security),
    ...(trust && { trust }),
  };
}

function oscoreFor(security: OscoreSecurity, endpoint: string, own: OwnSecurity): Secured {
  const { keys, recipientId, salt, idContext, aead, hkdf } = security;
  const masterSecret = own.key ?? shared(keys, endpoint, "isthmus oscore secret 1");
  if (masterSecret === undefined) return lacking(keys, endpoint);
  const senderId = own.senderId ?? security.senderId ?? derivedId(keys, masterSecret, endpoint);
  return {
    oscore: {
      masterSecret,
      senderId,
      recipientId,
      ...(aead !== undefined && { aead }),
      ...(hkdf !== undefined && { hkdf }),
      ...(salt && { masterSalt: salt }),
      ...(idContext && { idContext }),
    },
  };
}

function shared(keys: KeySource, endpoint: string, purpose: "isthmus psk 1" | "isthmus oscore secret 1") {
  switch (keys.from) {
    case "key":
      return keys.key;
    case "secret":
      return sealed(derivedKey(keys, { purpose, endpoint, length: keys.length }), keys.secret.name);
    case "table":
      return keys.rows.get(endpoint)?.key;
  }
}

/** Where two endpoints share a key, nothing but their IDs keeps their nonces apart: these differ as names do (RFC 8613 §3.3). */
function derivedId(keys: KeySource, masterSecret: Secret, endpoint: string): Uint8Array {
  const from = keys.from === "secret" ? keys : { secret: masterSecret, context: "" };
  return derivedKey(from, { purpose: "isthmus oscore id 1", endpoint, length: OSCORE_ID_BYTES });
}

function lacking(keys: KeySource, endpoint: string): Secured {
  const where = keys.from === "table" ? `the table ${keys.name}` : "the configuration";
  return { lacking: `${where} has no key for ${endpoint}: add it there, and start again` };
}

function suitesOf({ ciphersuites }: Common): Common {
  return ciphersuites ? { ciphersuites } : {};
}
