/** `coaps+tcp` as an account has it: libcoap over TLS, by key and by certificates of both ends (RFC 8323 §8). */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { authority } from "../../support/certificates.ts";
import { without } from "../support/programs.ts";
import { Identities, type Mode } from "../support/security/accounts.ts";
import { LIBCOAP_KEY, libcoapServer } from "../support/security/peers.ts";
import { proved } from "../support/security/proofs.ts";
import { Ways } from "../support/security/ways.ts";

const skipped = without("coap-server-openssl", "coap-server-gnutls");

describe.skipIf(skipped !== undefined).each(["openssl", "gnutls"] as const)("libcoap over TCP and %s", (tls) => {
  let ids: Identities;
  let ways: Ways;

  beforeAll(async () => {
    ids = await Identities.make();
    ways = await Ways.of();
  });
  afterAll(async () => {
    await ways.end();
    await ids.discard();
  });

  // Over GnuTLS, with certificates, libcoap does not say that it speaks CoAP (ALPN), and is left for that.
  const modes: readonly Mode[] = tls === "openssl" ? ["PSK", "X.509"] : ["PSK"];

  it.each(modes)("%s: a request is answered", async (mode) => {
    const peer = await libcoapServer(ids, { tls, mode });
    const security = mode === "PSK" ? ids.psk("sensor", LIBCOAP_KEY) : ids.x509("sensor");
    try {
      const agreed = await ways.use(`coaps+tcp://127.0.0.1:${peer.port}`, security, (way) => peer.talk(way));
      expect(agreed.protocol).toMatch(/^TLS 1\.[23]$/);
      expect(agreed.suite).toBeDefined();
      const suite = `${agreed.suite}, TLS`;
      proved({ peer: peer.name, client: "Node", mode, suite }, { data: "yes" });
    } finally {
      await peer.running.end("SIGKILL");
    }
  });

  it("a server whose authority we do not trust is left, and that is said", async () => {
    const peer = await libcoapServer(ids, { tls, mode: "X.509" });
    const security = ids.x509("sensor", { trusted: authority({ subject: "Somebody Else" }) });
    try {
      const words = await ways.refusal(`coaps+tcp://127.0.0.1:${peer.port}`, security);
      expect(words).toMatch(tls === "openssl" ? /certificate.*not among those that we trust/ : /ALPN/);
    } finally {
      await peer.running.end("SIGKILL");
    }
  });

  it("bare public keys are no thing of TLS here, and that is said", async () => {
    expect(await ways.refusal("coaps+tcp://127.0.0.1:1", ids.rpk())).toMatch(/rpk|public key/i);
  });
});
