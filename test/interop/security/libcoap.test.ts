/** libcoap's `coap-server`, over OpenSSL and over GnuTLS: CoAP in DTLS with keys and certificates, requests answered. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { without } from "../support/programs.ts";
import { Identities, type Mode, type SuiteName } from "../support/security/accounts.ts";
import { shakeHands } from "../support/security/handshakes.ts";
import { LIBCOAP_KEY, libcoapServer } from "../support/security/peers.ts";
import { backends, Ways } from "../support/security/ways.ts";

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

  const possible = SUITES.filter(([, mode]) => client === "built-in" || mode !== "RPK");

  it.each(possible)("over %s: %s, %s: a request is answered", async (tls, mode, suite) => {
    const peer = await libcoapServer(ids, { tls, mode });
    const security = mode === "PSK" ? ids.psk("sensor", LIBCOAP_KEY) : ids.of(mode, "sensor");
    try {
      const found = await shakeHands({ peer, client, ways, mode, suite }, security);
      expect(found.data).toBe("yes");
    } finally {
      await peer.running.end("SIGKILL");
    }
  });
});
