/** `coaps+tcp` as an account has it: libcoap over TLS, by key and by certificates of both ends (RFC 8323 §8). */

import { describe, expect, it } from "vitest";
import { authority } from "../../support/certificates.ts";
import { without } from "../support/programs.ts";
import type { Mode } from "../support/security/accounts.ts";
import { during, parties } from "../support/security/parties.ts";
import { LIBCOAP_KEY, libcoapServer } from "../support/security/peers.ts";
import { proved } from "../support/security/proofs.ts";

const skipped = without("coap-server-openssl", "coap-server-gnutls");

describe.skipIf(skipped !== undefined).each(["openssl", "gnutls"] as const)("libcoap over TCP and %s", (tls) => {
  const here = parties();

  // Over GnuTLS, with certificates, libcoap does not say that it speaks CoAP (ALPN), and is left for that.
  const modes: readonly Mode[] = tls === "openssl" ? ["PSK", "X.509"] : ["PSK"];

  it.each(modes)("%s: a request is answered", async (mode) => {
    const security = mode === "PSK" ? here.ids.psk("sensor", LIBCOAP_KEY) : here.ids.x509("sensor");
    await during(libcoapServer(here.ids, { tls, mode }), async (peer) => {
      const agreed = await here.ways.use(`coaps+tcp://127.0.0.1:${peer.port}`, security, (way) => peer.talk(way));
      expect(agreed.protocol).toMatch(/^TLS 1\.[23]$/);
      expect(agreed.suite).toBeDefined();
      const suite = `${agreed.suite}, TLS`;
      proved({ peer: peer.name, client: "Node", mode, suite }, { data: "yes" });
    });
  });

  it("a server whose authority we do not trust is left, and that is said", async () => {
    const security = here.ids.x509("sensor", { trusted: authority({ subject: "Somebody Else" }) });
    await during(libcoapServer(here.ids, { tls, mode: "X.509" }), async (peer) => {
      const words = await here.ways.refusal(`coaps+tcp://127.0.0.1:${peer.port}`, security);
      expect(words).toMatch(tls === "openssl" ? /certificate.*not among those that we trust/ : /ALPN/);
    });
  });

  it("bare public keys are no thing of TLS here, and that is said", async () => {
    expect(await here.ways.refusal("coaps+tcp://127.0.0.1:1", here.ids.rpk())).toMatch(/rpk|public key/i);
  });
});
