/** libcoap's `coap-server`, over OpenSSL and over GnuTLS: CoAP in DTLS with keys and certificates, requests answered. */

import { describe, expect, it } from "vitest";
import { without } from "../support/programs.ts";
import type { Mode, SuiteName } from "../support/security/accounts.ts";
import { shakeHands } from "../support/security/handshakes.ts";
import { during, parties } from "../support/security/parties.ts";
import { LIBCOAP_KEY, libcoapServer } from "../support/security/peers.ts";
import { backends } from "../support/security/ways.ts";

const skipped = without("coap-server-openssl", "coap-server-gnutls");
const clients = await backends();

/** What each of the two libraries takes as libcoap sets it up. */
const SUITES: readonly (readonly [tls: "openssl" | "gnutls", mode: Mode, suite: SuiteName])[] = [
  ["openssl", "PSK", "pskCcm8"],
  ["openssl", "PSK", "pskCcm"],
  ["openssl", "PSK", "pskGcm"],
  ["openssl", "X.509", "ecdsaCcm8"],
  ["openssl", "X.509", "ecdsaGcm"],
  ["gnutls", "PSK", "pskCcm8"],
  ["gnutls", "PSK", "pskCcm"],
  ["gnutls", "PSK", "pskGcm"],
  ["gnutls", "X.509", "ecdsaCcm8"],
  ["gnutls", "X.509", "ecdsaGcm"],
  ["gnutls", "RPK", "ecdsaCcm8"],
];

describe.skipIf(skipped !== undefined).each(clients)("libcoap, and %s cryptography at our end:", (client) => {
  const here = parties(client);

  const possible = SUITES.filter(([, mode]) => client === "built-in" || mode !== "RPK");

  it.each(possible)("over %s: %s, %s: a request is answered", async (tls, mode, suite) => {
    const security = mode === "PSK" ? here.ids.psk("sensor", LIBCOAP_KEY) : here.ids.of(mode, "sensor");
    await during(libcoapServer(here.ids, { tls, mode }), async (peer) => {
      const found = await shakeHands({ peer, client, ways: here.ways, mode, suite }, security);
      expect(found.data).toBe("yes");
    });
  });
});
