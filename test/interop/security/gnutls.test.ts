/** GnuTLS's `gnutls-serv`: handshakes by key, by bare public key and by certificate, and data both ways. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { without } from "../support/programs.ts";
import { Identities, type Mode, type SuiteName } from "../support/security/accounts.ts";
import { shakeHands } from "../support/security/handshakes.ts";
import { gnutlsServer, RAW_KEYS } from "../support/security/peers.ts";
import { backends, Ways } from "../support/security/ways.ts";

const skipped = without("gnutls-serv");
const clients = await backends();

/** Suites by what GnuTLS is to allow; those with CBC are asked for, and need encrypt-then-MAC. */
const SUITES: readonly (readonly [mode: Mode, suite: SuiteName, priority: string])[] = [
  ["PSK", "pskCcm8", "+AES-128-CCM-8:-KX-ALL:+PSK"],
  ["PSK", "pskCcm", "+AES-128-CCM:-KX-ALL:+PSK"],
  ["PSK", "pskGcm", "+AES-128-GCM:-KX-ALL:+PSK"],
  ["PSK", "pskCbc", "+AES-128-CBC:+SHA256:-KX-ALL:+PSK"],
  ["PSK", "ecdhePskCbc", "+AES-128-CBC:+SHA256:-KX-ALL:+ECDHE-PSK"],
  ["X.509", "ecdsaCcm8", "+AES-128-CCM-8"],
  ["X.509", "ecdsaCcm", "+AES-128-CCM"],
  ["X.509", "ecdsaGcm", "+AES-128-GCM"],
  ["RPK", "ecdsaCcm8", `+AES-128-CCM-8:${RAW_KEYS}`],
  ["RPK", "ecdsaCcm", `+AES-128-CCM:${RAW_KEYS}`],
  ["RPK", "ecdsaGcm", `+AES-128-GCM:${RAW_KEYS}`],
];

describe.skipIf(skipped !== undefined).each(clients)("gnutls-serv, and %s cryptography at our end:", (client) => {
  let ids: Identities;
  let ways: Ways;

  beforeAll(async () => {
    ids = await Identities.make();
    ways = await Ways.of(client);
  });
  afterAll(async () => {
    await ways.end();
    await ids.discard();
  });

  // OpenSSL knows bare public keys from 3.2 on, and is not used with them.
  const possible = SUITES.filter(([mode]) => client === "built-in" || mode !== "RPK");

  it.each(possible)("%s, %s: data goes both ways", async (mode, suite, priority) => {
    const peer = await gnutlsServer(ids, mode, priority);
    try {
      const found = await shakeHands({ peer, client, ways, mode, suite }, ids.of(mode, "sensor"));
      expect(found.data).toBe("yes");
    } finally {
      await peer.running.end("SIGKILL");
    }
  });
});
