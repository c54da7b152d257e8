/** OpenSSL's `s_server`: handshakes by key and by certificate, data both ways, and sessions taken up again. */

import { describe, expect, it } from "vitest";
import { without } from "../support/programs.ts";
import type { Mode, SuiteName } from "../support/security/accounts.ts";
import { shakeHands } from "../support/security/handshakes.ts";
import { during, parties } from "../support/security/parties.ts";
import { opensslServer } from "../support/security/peers.ts";
import { backends } from "../support/security/ways.ts";

const skipped = without("openssl");
const clients = await backends();

/** Suites by OpenSSL's names for them; those with CBC are asked for, and need encrypt-then-MAC. */
const SUITES: readonly (readonly [mode: Mode, suite: SuiteName, name: string])[] = [
  ["PSK", "pskCcm8", "PSK-AES128-CCM8"],
  ["PSK", "pskCcm", "PSK-AES128-CCM"],
  ["PSK", "pskGcm", "PSK-AES128-GCM-SHA256"],
  ["PSK", "pskCbc", "PSK-AES128-CBC-SHA256"],
  ["PSK", "ecdhePskCbc", "ECDHE-PSK-AES128-CBC-SHA256"],
  ["X.509", "ecdsaCcm8", "ECDHE-ECDSA-AES128-CCM8"],
  ["X.509", "ecdsaCcm", "ECDHE-ECDSA-AES128-CCM"],
  ["X.509", "ecdsaGcm", "ECDHE-ECDSA-AES128-GCM-SHA256"],
];

describe.skipIf(skipped !== undefined).each(clients)("OpenSSL s_server, and %s cryptography at our end:", (client) => {
  const here = parties(client);

  it.each(SUITES)("%s, %s: data goes both ways, and the session is taken up again", async (mode, suite, name) => {
    await during(opensslServer(here.ids, mode, name), async (peer) => {
      const found = await shakeHands({ peer, client, ways: here.ways, mode, suite }, here.ids.of(mode, "sensor"));
      expect(found).toMatchObject({ data: "yes", resumed: "yes" });
    });
  });
});
