/** What an account says of keys, as those take it who use them: bytes become `KeyObject`s, which do not print. */

import { createSecretKey } from "node:crypto";
import type { Credentials } from "../base/credentials.ts";
import { credentialsOf } from "../dtls/index.ts";
import type { Account, BootstrapAccount } from "../lwm2m/index.ts";
import type { OscoreSecrets } from "../oscore/index.ts";

type Material = NonNullable<Account["oscore"]>;

/** @throws Error in words that name the Resource, without a secret. */
export function keysOf(account: Account | BootstrapAccount, host: string): Credentials {
  const { credentials, ...more } = account;
  if (credentials === undefined) throw new Error("coaps needs a key or a certificate, and none is given");
  const { mode, identity, serverKey, secretKey } = credentials;
  const opened = credentialsOf({
    mode,
    identity,
    secretKey: bytesOf(secretKey.reveal()),
    host,
    ...(serverKey && { serverKey }),
    ...(more.matchingType !== undefined && { matchingType: more.matchingType }),
    ...(more.serverName !== undefined && { serverName: more.serverName }),
    ...(more.certificateUsage !== undefined && { certificateUsage: more.certificateUsage }),
    ...(more.trust && { trust: more.trust }),
  });
  if (opened.status === "unfit") throw new Error(opened.reason);
  return opened.credentials;
}

/** An Instance of Object 21 as RFC 8613 §3.2 wants it. */
export function oscoreOf({
  masterSecret,
  masterSalt,
  senderId,
  recipientId,
  idContext,
  aead,
  hkdf,
}: Material): OscoreSecrets {
  return {
    masterSecret: createSecretKey(bytesOf(masterSecret.reveal())),
    senderId,
    recipientId,
    ...(masterSalt && { masterSalt }),
    ...(idContext && { idContext }),
    ...(aead !== undefined && { aead }),
    ...(hkdf !== undefined && { hkdf }),
  };
}

/** Keys are kept as hexadecimal digits; Buffer stops at what is none, which `credentialsOf` then finds too short. */
function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, "hex"));
}
