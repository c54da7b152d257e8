/** What an account says of security as JSON and back. It shows keys; who stores it guards it. */

import { Secret } from "../base/secret.ts";
import type { Credentials, OscoreMaterial, ServerSecurity } from "./account.ts";
import { isCount } from "./account-fields.ts";

type Json = Readonly<Record<string, unknown>>;

/** Bytes of a key or a certificate, and of a chain of them. */
const MAX_KEY = 4_096;
const MAX_CHAIN = 16_384;
const MAX_LIST = 64;
const MAX_NAME = 253;
const MAX_U16 = 0xffff;
const MAX_CHOICE = 3;
const FROM_STORE = "the stored provision";

export function securityToJson({ credentials, oscore, trust, ...plain }: ServerSecurity): Json {
  const { matchingType, serverName, certificateUsage, ciphersuites } = plain;
  return {
    ...(credentials && { credentials: credentialsToJson(credentials) }),
    ...(matchingType !== undefined && { matchingType }),
    ...(serverName !== undefined && { serverName }),
    ...(certificateUsage !== undefined && { certificateUsage }),
    ...(ciphersuites && { ciphersuites }),
    ...(oscore && { oscore: oscoreToJson(oscore) }),
    ...(trust && { trust: trust.map(hex) }),
  };
}

/** Reads what `securityToJson` wrote; undefined if any of it is not what it should be: half a lock is none. */
export function securityFromJson(json: Json): ServerSecurity | undefined {
  const { credentials, matchingType, serverName, certificateUsage, ciphersuites, oscore, trust } = json;
  const proof = credentials === undefined ? undefined : credentialsFromJson(section(credentials));
  const material = oscore === undefined ? undefined : oscoreFromJson(section(oscore));
  const anchors = trust === undefined ? undefined : listOf(trust, isHex)?.map(bytes);
  const suites = ciphersuites === undefined ? undefined : listOf(ciphersuites, isU16);
  if ((credentials !== undefined && !proof) || (oscore !== undefined && !material)) return undefined;
  if ((trust !== undefined && !anchors) || (ciphersuites !== undefined && !suites)) return undefined;
  if (!isChoice(matchingType) || !isChoice(certificateUsage)) return undefined;
  if (serverName !== undefined && (typeof serverName !== "string" || serverName.length > MAX_NAME)) return undefined;
  return {
    ...(proof && { credentials: proof }),
    ...(matchingType !== undefined && { matchingType }),
    ...(serverName !== undefined && { serverName }),
    ...(certificateUsage !== undefined && { certificateUsage }),
    ...(suites && { ciphersuites: suites }),
    ...(material && { oscore: material }),
    ...(anchors && { trust: anchors }),
  };
}

function credentialsToJson({ mode, identity, serverKey, secretKey }: Credentials): Json {
  return {
    mode,
    identity: hex(identity),
    ...(serverKey && { serverKey: hex(serverKey) }),
    secretKey: secretKey.reveal(),
  };
}

function credentialsFromJson({ mode, identity, serverKey, secretKey }: Json): Credentials | undefined {
  if (mode !== "psk" && mode !== "rpk" && mode !== "x509") return undefined;
  if (!isHex(identity) || !isHex(secretKey) || (serverKey !== undefined && !isHex(serverKey))) return undefined;
  if (secretKey.length > MAX_KEY * 2) return undefined;
  return {
    mode,
    identity: bytes(identity),
    ...(serverKey !== undefined && { serverKey: bytes(serverKey) }),
    secretKey: new Secret(secretKey, FROM_STORE),
  };
}

function oscoreToJson({ masterSecret, senderId, recipientId, ...more }: OscoreMaterial): Json {
  const { aead, hkdf, masterSalt, idContext, instance } = more;
  return {
    masterSecret: masterSecret.reveal(),
    senderId: hex(senderId),
    recipientId: hex(recipientId),
    ...(aead !== undefined && { aead }),
    ...(hkdf !== undefined && { hkdf }),
    ...(masterSalt && { masterSalt: hex(masterSalt) }),
    ...(idContext && { idContext: hex(idContext) }),
    ...(instance !== undefined && { instance }),
  };
}

function oscoreFromJson(json: Json): OscoreMaterial | undefined {
  const { masterSecret, senderId, recipientId, aead, hkdf, masterSalt, idContext, instance } = json;
  if (!isHex(masterSecret) || !isHex(senderId) || !isHex(recipientId)) return undefined;
  if (!isOptional(aead, isAlgorithm) || !isOptional(hkdf, isAlgorithm) || !isOptional(instance, isU16))
    return undefined;
  if (!isOptional(masterSalt, isHex) || !isOptional(idContext, isHex)) return undefined;
  return {
    masterSecret: new Secret(masterSecret, FROM_STORE),
    senderId: bytes(senderId),
    recipientId: bytes(recipientId),
    ...(aead !== undefined && { aead }),
    ...(hkdf !== undefined && { hkdf }),
    ...(masterSalt !== undefined && { masterSalt: bytes(masterSalt) }),
    ...(idContext !== undefined && { idContext: bytes(idContext) }),
    ...(instance !== undefined && { instance }),
  };
}

function section(value: unknown): Json {
  return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

function listOf<T>(value: unknown, isOne: (each: unknown) => each is T): readonly T[] | undefined {
  return Array.isArray(value) && value.length <= MAX_LIST && value.every(isOne) ? value : undefined;
}

const isOptional = <T>(value: unknown, isOne: (each: unknown) => each is T): value is T | undefined =>
  value === undefined || isOne(value);
/** COSE numbers its algorithms both ways from 0. */
const isAlgorithm = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && Math.abs(value) <= MAX_U16;
const isU16 = (value: unknown): value is number => isCount(value) && value <= MAX_U16;
const isChoice = (value: unknown): value is number | undefined =>
  value === undefined || (isCount(value) && value <= MAX_CHOICE);
const isHex = (value: unknown): value is string =>
  typeof value === "string" && value.length <= MAX_CHAIN * 2 && /^(?:[0-9a-f]{2})*$/i.test(value);
const hex = (value: Uint8Array): string => Buffer.from(value).toString("hex");
const bytes = (value: string): Uint8Array => new Uint8Array(Buffer.from(value, "hex"));
