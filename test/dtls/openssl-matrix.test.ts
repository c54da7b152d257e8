import { afterAll, describe, expect, it } from "vitest";
import type { AssociationFacts } from "../../src/base/association.ts";
import type { Credentials } from "../../src/base/credentials.ts";
import { DtlsCounters, type DtlsOptions, dtls } from "../../src/dtls/index.ts";
import { judgeOf } from "../../src/dtls/x509/judge.ts";
import type { Openssl } from "../../src/io/openssl/library.ts";
import type { OpensslServerOptions } from "../../src/io/openssl/server.ts";
import { authority, certificate, family } from "../support/certificates.ts";
import { findTestOpenssl, keyOf, pskOf, titled } from "../support/openssl-server.ts";
import type { Roughness } from "../support/rough-network.ts";
import { KEY, type Meeting, SecureScene } from "../support/secure-scene.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const found = await findTestOpenssl();
const people = family();
const psk = pskOf("dev1", KEY);
const trust = { name: "lwm2m.example", authorities: [people.root.der] };
const x509: Credentials = {
  mode: "x509",
  privateKey: people.client.privateKey,
  chain: people.client.chain,
  serverName: "lwm2m.example",
  judge: judgeOf(trust),
};

/** A client of ours and an OpenSSL server, which have one suite in common. */
interface Row {
  readonly suite: string;
  readonly id: number;
  readonly credentials: Credentials;
}

const ROWS: readonly Row[] = [
  { suite: "TLS_PSK_WITH_AES_128_CCM_8", id: 0xc0a8, credentials: psk },
  { suite: "TLS_PSK_WITH_AES_128_CCM", id: 0xc0a4, credentials: psk },
  { suite: "TLS_PSK_WITH_AES_128_GCM_SHA256", id: 0x00a8, credentials: psk },
  { suite: "TLS_PSK_WITH_AES_128_CBC_SHA256", id: 0x00ae, credentials: psk },
  { suite: "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256", id: 0xc037, credentials: psk },
  { suite: "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", id: 0xc0ae, credentials: x509 },
  { suite: "TLS_ECDHE_ECDSA_WITH_AES_128_CCM", id: 0xc0ac, credentials: x509 },
  { suite: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", id: 0xc02b, credentials: x509 },
  { suite: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", id: 0xc023, credentials: x509 },
];

/** The ways between them; `most`: of ten handshakes, how many must succeed at least. */
const WAYS: readonly { readonly way: string; readonly roughness: Roughness; readonly most: number }[] = [
  { way: "a clear way", roughness: {}, most: 10 },
  { way: "one datagram in four lost each way", roughness: { loss: 0.25 }, most: 9 },
  { way: "every second datagram doubled", roughness: { duplication: 0.5 }, most: 10 },
  { way: "one datagram in three overtaken", roughness: { reordering: 0.33 }, most: 10 },
  { way: "datagrams over 500 bytes swallowed", roughness: { mtu: 500 }, most: 10 },
  {
    way: "all of it at once",
    roughness: { loss: 0.15, duplication: 0.3, reordering: 0.3, mtu: 700 },
    most: 8,
  },
];

const TRIES = 10;
const tally = { handshakes: 0, opened: 0, lost: 0, carried: 0 };

function clientOf(credentials: Credentials, options: Partial<DtlsOptions> = {}) {
  const now = () => ({ ms: Date.UTC(2026, 5, 1), trusted: true });
  return dtls({ credentials, random: new SeededRandom(7), now, allowCbc: true, ...options });
}

function serverOf({ credentials, id }: Row): Partial<OpensslServerOptions> {
  if (credentials.mode === "psk") return { suites: [id] };
  return { suites: [id], certificate: people.server, authorities: [people.root.der] };
}

function meet(openssl: Openssl, row: Row, meeting: Meeting): SecureScene {
  const { id, credentials } = row;
  const random = new SeededRandom(meeting.seed ?? 1);
  const associate = clientOf(credentials, { suites: [id], random });
  const scene = new SecureScene(openssl, { associate, server: serverOf(row), ...meeting }).shake();
  tally.handshakes += 1;
  tally.lost += scene.network.lost;
  tally.carried += scene.network.carried;
  if (scene.facts) tally.opened += 1;
  return scene;
}

describe.skipIf(!found.openssl)(titled("our client at an OpenSSL server", found), () => {
  const openssl = found.openssl!;

  afterAll(() => {
    const { handshakes, opened, lost, carried } = tally;
    console.log(
      `matrix with ${openssl.version}: ${opened} of ${handshakes} handshakes opened, ${lost} of ${carried} datagrams lost on the way`,
    );
  });

  for (const row of ROWS)
    describe(`with ${row.suite}`, () => {
      it.each(WAYS)("opens over $way, and carries bytes both ways", ({ roughness, most }) => {
        if (Object.keys(roughness).length > 0 && !found.canLose) return;
        let opened = 0;
        for (let seed = 1; seed <= TRIES; seed++) {
          const scene = meet(openssl, row, { seed, roughness });
          if (scene.facts) {
            opened += 1;
            expect(scene.facts).toMatchObject<Partial<AssociationFacts>>({
              suite: row.suite,
              extendedMasterSecret: true,
              resumed: false,
            });
            expect(scene.echo.opens).toHaveLength(1);
            for (let turn = 0; turn < 30 && scene.payloads.length === 0; turn++) scene.say("hello");
            expect(scene.payloads).toContain("hello");
            expect(new Set(scene.payloads)).toEqual(new Set(["hello"]));
          } else expect(scene.failure?.kind).toMatch(/^silence/);
          scene.end();
        }
        expect(opened).toBeGreaterThanOrEqual(most);
      });
    });

  it("sends its certificate, and the server knows whose it is", () => {
    const scene = meet(openssl, ROWS[5]!, {});
    expect(Buffer.from(scene.echo.opens[0]?.facts.certificate ?? [])).toEqual(Buffer.from(people.client.der));
    expect(scene.facts?.peerFingerprint).toMatch(/^[0-9a-f]{64}$/);
    scene.end();
  });

  it("resumes a session at a server that has lost the association", () => {
    for (const row of [ROWS[0]!, ROWS[5]!]) {
      const first = meet(openssl, row, {});
      const session = first.client.session();
      first.server.forget();
      const second = meet(openssl, row, { at: first, ...(session && { resume: session }) });
      expect(second.facts).toMatchObject({ resumed: true, suite: row.suite });
      expect(second.say("again").payloads).toEqual(["again"]);
      second.end();
    }
  });

  it.skipIf(!found.canLose)("resumes over a bad way", () => {
    let resumed = 0;
    for (let seed = 1; seed <= TRIES; seed++) {
      const first = meet(openssl, ROWS[0]!, {});
      const session = first.client.session();
      const roughness = { loss: 0.25, reordering: 0.2, duplication: 0.2 };
      const second = meet(openssl, ROWS[0]!, { at: first, seed, roughness, ...(session && { resume: session }) });
      if (second.facts?.resumed === true) resumed += 1;
      second.end();
    }
    expect(resumed).toBeGreaterThanOrEqual(9);
  });

  it("makes a full handshake where the server remembers nothing of the session", () => {
    const session = meet(openssl, ROWS[0]!, {}).client.session();
    const scene = meet(openssl, ROWS[0]!, { seed: 2, ...(session && { resume: session }) });
    expect(scene.facts?.resumed).toBe(false);
    scene.end();
  });

  it("takes the server's hint, and leaves the identity as it is", () => {
    const scene = meet(openssl, ROWS[0]!, { server: { hint: "a hint", suites: [0xc0a8], psk: keyOf("dev1", KEY) } });
    expect(scene.say("hinted").payloads).toEqual(["hinted"]);
    scene.end();
  });

  it("goes without a cookie where the server wants none", () => {
    const scene = meet(openssl, ROWS[0]!, { server: { cookies: false, suites: [0xc0a8], psk: keyOf("dev1", KEY) } });
    expect(scene.say("at once").payloads).toEqual(["at once"]);
    scene.end();
  });

  it("says in words that the key is wrong, or the identity unknown", () => {
    const wrong = meet(openssl, { ...ROWS[0]!, credentials: pskOf("dev1", Buffer.alloc(16, 9)) }, {});
    expect(wrong.failure).toMatchObject({ kind: "silence-after-finished" });
    expect(wrong.failure?.reason).toContain("dev1");
    const unknown = meet(openssl, { ...ROWS[0]!, credentials: pskOf("nobody", KEY) }, {});
    expect(unknown.failure).toBeDefined();
    expect(unknown.failure?.reason).toContain("nobody");
    wrong.end();
    unknown.end();
  });

  it.each([
    { defect: "another authority's", server: certificate({ issuer: authority({ subject: "Stranger" }) }) },
    { defect: "another host's", server: certificate({ issuer: people.root, names: ["elsewhere.example"] }) },
    {
      defect: "one that has expired",
      server: certificate({ issuer: people.root, names: ["lwm2m.example"], validUntil: Date.UTC(2024, 0) }),
    },
  ])("refuses a certificate that is $defect, and tells the server", ({ server }) => {
    const scene = meet(openssl, ROWS[5]!, { server: { certificate: server, suites: [0xc0ae] } }).settle();
    expect(scene.failure).toMatchObject({ kind: "untrusted" });
    expect(scene.echo.ends).toHaveLength(1);
    expect(scene.echo.ends[0]?.alert).toBeDefined();
    expect(scene.echo.opens).toEqual([]);
    scene.end();
  });

  it("is told when the server does not accept its certificate", () => {
    const stranger = authority({ subject: "Stranger" });
    const mine = certificate({ issuer: stranger });
    const credentials = { ...x509, privateKey: mine.privateKey, chain: mine.chain };
    const scene = meet(openssl, { ...ROWS[5]!, credentials }, {});
    expect(scene.failure).toMatchObject({ alert: "unknown_ca" });
    scene.end();
  });

  it("finds nothing in common with a server of other suites", () => {
    const scene = meet(openssl, ROWS[0]!, { server: { suites: [0x00a8], psk: keyOf("dev1", KEY) } });
    expect(scene.failure).toMatchObject({ alert: "handshake_failure" });
    scene.end();
  });

  it("counts what it repeats", () => {
    const counters = new DtlsCounters();
    const associate = clientOf(psk, { counters });
    if (!found.canLose) return;
    new SecureScene(openssl, { associate, seed: 3, roughness: { loss: 0.4 } }).shake().end();
    expect(counters.retransmissions).toBeGreaterThan(0);
  });
});
