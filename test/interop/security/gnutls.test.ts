/** GnuTLS's `gnutls-serv`: handshakes by key, by bare public key and by certificate, and data both here.ways. */

import { describe, expect, it } from "vitest";
import { without } from "../support/programs.ts";
import type { Mode, SuiteName } from "../support/security/accounts.ts";
import { shakeHands } from "../support/security/handshakes.ts";
import { during, parties } from "../support/security/parties.ts";
import { gnutlsServer, RAW_KEYS } from "../support/security/peers.ts";
import { backends } from "../support/security/ways.ts";

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
  const here = parties(client);

  // OpenSSL knows bare public keys from 3.2 on, and is not used with them.
  const possible = SUITES.filter(([mode]) => client === "built-in" || mode !== "RPK");

  it.each(possible)("%s, %s: data goes both ways", async (mode, suite, priority) => {
    await during(gnutlsServer(here.ids, mode, priority), async (peer) => {
      const found = await shakeHands({ peer, client, ways: here.ways, mode, suite }, here.ids.of(mode, "sensor"));
      expect(found.data).toBe("yes");
    });
  });
});
