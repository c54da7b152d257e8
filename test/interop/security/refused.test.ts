/**
 * Strangers at foreign servers, and servers that are strangers: what an installer reads then names what to look at. A wrong
 * key is mostly silence, and silence takes its time, so all of them are silent at once.
 */

import { afterAll, beforeAll, describe, it } from "vitest";
import { authority } from "../../support/certificates.ts";
import { without } from "../support/programs.ts";
import { Identities, type Mode, type Security, type SuiteName } from "../support/security/accounts.ts";
import { hearWords } from "../support/security/handshakes.ts";
import { gnutlsServer, libcoapServer, opensslServer, type Peer, RAW_KEYS } from "../support/security/peers.ts";
import { type Backend, backends, Ways } from "../support/security/ways.ts";

const PROGRAMS = ["openssl", "gnutls-serv", "coap-server-openssl", "coap-server-gnutls"] as const;
const missing = new Set(PROGRAMS.filter((name) => without(name) !== undefined));
const clients = await backends();

let ids: Identities;
const ways = new Map<Backend, Ways>();

beforeAll(async () => {
  ids = await Identities.make();
  for (const client of clients) ways.set(client, await Ways.of(client));
});
afterAll(async () => {
  for (const each of ways.values()) await each.end();
  await ids.discard();
});

interface Case {
  readonly needs: (typeof PROGRAMS)[number];
  readonly peer: () => Promise<Peer>;
  readonly mode: Mode;
  readonly suite: SuiteName;
  readonly security: () => Security;
  readonly words: RegExp;
  /** Who does it; everybody unless said otherwise. */
  readonly only?: Backend;
}

const SILENCE = /(silen\w+|hung up) after our Finished.*(wrong key|key of)/;
const wrongKey = () => ids.psk("sensor", Buffer.alloc(16, 0x5a));
const forged = () => ids.x509("sensor", { issuer: authority({ subject: "Nobody" }) });
const distrustful = () => ids.x509("sensor", { trusted: authority({ subject: "Somebody Else" }) });
const another = () => ids.rpk(authority().spki);
const PSK = { mode: "PSK", suite: "pskCcm8" } as const;
const X509 = { mode: "X.509", suite: "ecdsaCcm8" } as const;
const s_server = (mode: Mode, cipher: string) =>
  ({ needs: "openssl", peer: () => opensslServer(ids, mode, cipher) }) as const;
const serv = (mode: Mode, priority: string) =>
  ({ needs: "gnutls-serv", peer: () => gnutlsServer(ids, mode, priority) }) as const;
const libcoap = (tls: "openssl" | "gnutls") =>
  ({ needs: `coap-server-${tls}`, peer: () => libcoapServer(ids, { tls }) }) as const;
const ECDSA = "ECDHE-ECDSA-AES128-CCM8";

const CASES: readonly (readonly [string, Case])[] = [
  ["OpenSSL: a wrong key", { ...PSK, ...s_server("PSK", "PSK-AES128-CCM8"), security: wrongKey, words: SILENCE }],
  ["OpenSSL: a certificate by nobody", { ...X509, ...s_server("X.509", ECDSA), security: forged, words: /unknown_ca/ }],
  [
    "OpenSSL: its certificate is by somebody else",
    { ...X509, ...s_server("X.509", ECDSA), security: distrustful, words: /certificate/ },
  ],
  [
    "GnuTLS: a wrong key",
    { ...PSK, ...serv("PSK", "+AES-128-CCM-8:-KX-ALL:+PSK"), security: wrongKey, words: SILENCE },
  ],
  [
    "GnuTLS: an identity that it does not know",
    {
      mode: "PSK",
      suite: "pskGcm",
      ...serv("PSK", "+AES-128-GCM:-KX-ALL:+PSK"),
      security: () => ids.psk("nobody"),
      words: /nobody/,
    },
  ],
  [
    "GnuTLS: a certificate by nobody",
    { ...X509, ...serv("X.509", "+AES-128-CCM-8"), security: forged, words: /refused.*certificate/ },
  ],
  [
    "GnuTLS: its public key is another",
    {
      mode: "RPK",
      suite: "ecdsaCcm8",
      ...serv("RPK", `+AES-128-CCM-8:${RAW_KEYS}`),
      security: another,
      words: /public key/i,
      only: "built-in",
    },
  ],
  ["libcoap with OpenSSL: a wrong key", { ...PSK, ...libcoap("openssl"), security: wrongKey, words: SILENCE }],
  ["libcoap with GnuTLS: a wrong key", { ...PSK, ...libcoap("gnutls"), security: wrongKey, words: SILENCE }],
];

const tried = clients.flatMap((client) =>
  CASES.flatMap(([what, { only = client, ...each }]) =>
    only === client && !missing.has(each.needs) ? [[client, what, each] as const] : [],
  ),
);

describe.skipIf(tried.length === 0)("An installer reads what is wrong, with", () => {
  it.concurrent.each(tried)("%s cryptography at our end: %s", async (client, _, each) => {
    const { peer: started, mode, suite, security, words } = each;
    const own = ways.get(client);
    if (own === undefined) throw new Error(`nothing is open with ${client}`);
    const peer = await started();
    try {
      await hearWords({ peer, client, ways: own, mode, suite }, security(), words);
    } finally {
      await peer.running.end("SIGKILL");
    }
  });
});
