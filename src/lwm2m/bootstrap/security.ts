/** Instances of Objects 0 and 21, and what accounts say of security: one made from the other (LwM2M Core 1.2 Appendix E.1). */

import { Secret } from "../../base/secret.ts";
import { path, type Path } from "../../model/path.ts";
import type { ObjectLink, ResourceValue } from "../../model/value.ts";
import type { Account, BootstrapAccount, Credentials, OscoreMaterial, ServerSecurity } from "../account.ts";

export const SECURITY = 0;
export const OSCORE = 21;

/** Resources of Object 0. */
export const Security = {
  uri: 0,
  bootstrap: 1,
  mode: 2,
  identity: 3,
  serverKey: 4,
  secretKey: 5,
  shortServerId: 10,
  holdOff: 11,
  accountTimeout: 12,
  matchingType: 13,
  serverName: 14,
  certificateUsage: 15,
  ciphersuites: 16,
  oscore: 17,
} as const;

/** Resources of Object 21. */
const Oscore = {
  masterSecret: 0,
  senderId: 1,
  recipientId: 2,
  aead: 3,
  hkdf: 4,
  masterSalt: 5,
  idContext: 6,
} as const;

/** /0/x/2. */
const SECURITY_MODES: readonly (Credentials["mode"] | undefined)[] = ["psk", "rpk", "x509", undefined];
const NO_SEC = 3;
const WITH_EST = 4;

/** By whether a key is used on it: all of them are spoken somewhere, if not by every build. */
const SCHEMES: ReadonlyMap<string, boolean> = new Map([
  ["coap:", false],
  ["coap+tcp:", false],
  ["coaps:", true],
  ["coaps+tcp:", true],
]);

const NOTHING = new Uint8Array(0);
const PROVISIONED = "provisioned by bootstrap";
/** RFC 4279 §5.3 lets ends refuse more; LwM2M Transport 1.2 §5.2.9.1 counts on identities of so many bytes. */
const MAX_IDENTITY = 128;
const MAX_PSK = 64;
/** What is left of the nonce of AES-CCM-16-64-128 beside its six other bytes (RFC 8613 §3.3). */
const MAX_OSCORE_ID = 7;
const MAX_SUITES = 64;
const MAX_U16 = 0xffff;
const MAX_NAME = 253;
const MAX_CHOICE = 3;
/** 65535:65535 leads nowhere (LwM2M Core 1.2 Appendix C). */
const NOWHERE = 0xffff;

type Values = ReadonlyMap<Path, ResourceValue>;

/** What is wrong with a configuration, in words for the log and for the Bootstrap-Server. */
export class Inconsistent extends Error {
  override readonly name = "Inconsistent";
}

/** The lowest number that is not in use; it is from now on. */
export function free(taken: Set<number>): number {
  let instance = 0;
  while (taken.has(instance)) instance += 1;
  taken.add(instance);
  return instance;
}

/** @param oscore Instances of Object 21 in use. */
export function putSecurity(
  values: Map<Path, ResourceValue>,
  instance: number,
  account: Account | BootstrapAccount,
  oscore: Set<number>,
): void {
  const { uri, credentials, matchingType, serverName, certificateUsage, ciphersuites } = account;
  const put = (resource: number, value: ResourceValue | undefined) => {
    if (value !== undefined) values.set(path(SECURITY, instance, resource), value);
  };
  put(Security.uri, uri);
  put(Security.mode, credentials ? SECURITY_MODES.indexOf(credentials.mode) : NO_SEC);
  put(Security.identity, credentials?.identity ?? NOTHING);
  put(Security.serverKey, credentials?.serverKey ?? NOTHING);
  put(Security.secretKey, credentials ? opened(credentials.secretKey) : NOTHING);
  put(Security.matchingType, matchingType);
  put(Security.serverName, serverName);
  put(Security.certificateUsage, certificateUsage);
  for (const [index, suite] of (ciphersuites ?? []).entries())
    values.set(path(SECURITY, instance, Security.ciphersuites, index), suite);
  if (account.oscore) {
    const at = account.oscore.instance ?? free(oscore);
    put(Security.oscore, { object: OSCORE, instance: at });
    putOscore(values, at, account.oscore);
  }
}

function putOscore(values: Map<Path, ResourceValue>, instance: number, material: OscoreMaterial): void {
  const put = (resource: number, value: ResourceValue | undefined) => {
    if (value !== undefined) values.set(path(OSCORE, instance, resource), value);
  };
  put(Oscore.masterSecret, opened(material.masterSecret));
  put(Oscore.senderId, material.senderId);
  put(Oscore.recipientId, material.recipientId);
  put(Oscore.aead, material.aead);
  put(Oscore.hkdf, material.hkdf);
  put(Oscore.masterSalt, material.masterSalt);
  put(Oscore.idContext, material.idContext);
}

const opened = (secret: Secret): Uint8Array => new Uint8Array(Buffer.from(secret.reveal(), "hex"));
const closed = (bytes: Uint8Array): Secret => new Secret(Buffer.from(bytes).toString("hex"), PROVISIONED);

/** The way to a server as its Instance of Object 0 says it. @throws Inconsistent naming the Resource that is wrong. */
export function securityFields(values: Values, instance: number): ServerSecurity & { readonly uri: string } {
  const where = `/${SECURITY}/${instance}`;
  const get = (resource: number) => values.get(path(SECURITY, instance, resource));
  const uri = get(Security.uri);
  if (!isUsable(uri)) throw new Inconsistent(`${where}/0 is no URI of coap or coaps`);
  const credentials = credentialsOf(get, where);
  const secured = SCHEMES.get(new URL(uri).protocol) === true;
  const scheme = uri.slice(0, uri.indexOf(":"));
  if (secured && !credentials) throw new Inconsistent(`${where}/2 is NoSec, but ${where}/0 is ${scheme}`);
  // A key is there to be used: without it, whoever answers would be believed (LwM2M Transport 1.2 §5.2).
  if (!secured && credentials) throw new Inconsistent(`${where}/2 asks for a key, but ${where}/0 is ${scheme}`);
  const oscore = oscoreOf(values, get(Security.oscore), where);
  return { uri, ...(credentials && { credentials }), ...namesOf(values, instance), ...(oscore && { oscore }) };
}

/** Whether an address is one of a server of ours. */
export function isUsable(uri: ResourceValue | undefined): uri is string {
  if (typeof uri !== "string" || !URL.canParse(uri)) return false;
  const { protocol, hostname } = new URL(uri);
  return SCHEMES.has(protocol) && hostname !== "";
}

/** /0/x/13 to /0/x/16. */
function namesOf(values: Values, instance: number): ServerSecurity {
  const where = `/${SECURITY}/${instance}`;
  const choice = (resource: number): number | undefined => {
    const value = values.get(path(SECURITY, instance, resource));
    if (value === undefined) return undefined;
    if (!isWithin(value, MAX_CHOICE)) throw new Inconsistent(`${where}/${resource} is no number of 0 to ${MAX_CHOICE}`);
    return value;
  };
  const matchingType = choice(Security.matchingType);
  const certificateUsage = choice(Security.certificateUsage);
  const serverName = values.get(path(SECURITY, instance, Security.serverName));
  if (serverName !== undefined && (typeof serverName !== "string" || serverName.length > MAX_NAME))
    throw new Inconsistent(`${where}/${Security.serverName} is no name of a server`);
  const ciphersuites = suitesOf(values, path(SECURITY, instance, Security.ciphersuites));
  return {
    ...(matchingType !== undefined && { matchingType }),
    ...(serverName && { serverName }),
    ...(certificateUsage !== undefined && { certificateUsage }),
    ...(ciphersuites.length > 0 && { ciphersuites }),
  };
}

function suitesOf(values: Values, where: Path): number[] {
  const found = Array.from(values).filter(([at]) => at.startsWith(`${where}/`));
  if (found.length > MAX_SUITES) throw new Inconsistent(`${where} names more than ${MAX_SUITES} ciphersuites`);
  return found.map(([at, value]) => {
    if (!isWithin(value, MAX_U16)) throw new Inconsistent(`${at} is no ciphersuite`);
    return value;
  });
}

type Get = (resource: number) => ResourceValue | undefined;

function credentialsOf(get: Get, where: string): Credentials | undefined {
  const number = get(Security.mode) ?? NO_SEC;
  if (number === NO_SEC) return undefined;
  if (number === WITH_EST) throw new Inconsistent(`${where}/2 wants a certificate by EST, which is not spoken here`);
  const mode = typeof number === "number" ? SECURITY_MODES[number] : undefined;
  if (mode === undefined) throw new Inconsistent(`${where}/2 is no security mode of ours`);
  const identity = get(Security.identity);
  const serverKey = get(Security.serverKey) ?? NOTHING;
  const secretKey = get(Security.secretKey);
  if (!isFilled(identity) || !isFilled(secretKey)) throw new Inconsistent(`${where} lacks its identity or its key`);
  if (mode === "psk") {
    if (identity.length > MAX_IDENTITY)
      throw new Inconsistent(`${where}/3 is an identity of more than ${MAX_IDENTITY} bytes`);
    if (secretKey.length > MAX_PSK) throw new Inconsistent(`${where}/5 is a key of more than ${MAX_PSK} bytes`);
  } else if (!isFilled(serverKey)) {
    // Who does not know the server's key would talk to anybody (LwM2M Transport 1.2 §5.2.9.2, §5.2.9.7).
    throw new Inconsistent(`${where}/4 is empty: nothing would tell the server from a stranger`);
  }
  return { mode, identity, ...(isFilled(serverKey) && { serverKey }), secretKey: closed(secretKey) };
}

function oscoreOf(values: Values, link: ResourceValue | undefined, where: string): OscoreMaterial | undefined {
  if (link === undefined || (isLink(link) && link.object === NOWHERE)) return undefined;
  if (!isLink(link) || link.object !== OSCORE) throw new Inconsistent(`${where}/${Security.oscore} leads to no OSCORE`);
  const { instance } = link;
  const at = `/${OSCORE}/${instance}`;
  const get = (resource: number) => values.get(path(OSCORE, instance, resource));
  const masterSecret = get(Oscore.masterSecret);
  if (!isFilled(masterSecret))
    throw new Inconsistent(`${where}/${Security.oscore} leads to ${at}, which has no secret`);
  const id = (resource: number): Uint8Array => {
    const value = get(resource) ?? NOTHING;
    if (value instanceof Uint8Array && value.length <= MAX_OSCORE_ID) return value;
    throw new Inconsistent(`${at}/${resource} is no ID of at most ${MAX_OSCORE_ID} bytes`);
  };
  const senderId = id(Oscore.senderId);
  const recipientId = id(Oscore.recipientId);
  // With one ID for both, both would use the same key and the same nonces (RFC 8613 §3.3).
  if (Buffer.compare(senderId, recipientId) === 0) throw new Inconsistent(`${at}/1 and ${at}/2 are the same`);
  const [aead, hkdf, masterSalt, idContext] = [Oscore.aead, Oscore.hkdf, Oscore.masterSalt, Oscore.idContext].map(get);
  return {
    masterSecret: closed(masterSecret),
    senderId,
    recipientId,
    ...(typeof aead === "number" && { aead }),
    ...(typeof hkdf === "number" && { hkdf }),
    ...(isFilled(masterSalt) && { masterSalt }),
    ...(isFilled(idContext) && { idContext }),
    instance,
  };
}

function isLink(value: ResourceValue | undefined): value is ObjectLink {
  return typeof value === "object" && !(value instanceof Uint8Array);
}

const isFilled = (value: ResourceValue | undefined): value is Uint8Array =>
  value instanceof Uint8Array && value.length > 0;
const isWithin = (value: ResourceValue | undefined, most: number): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most;
