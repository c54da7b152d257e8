import { describe, expect, it } from "vitest";
import type { AssociationOwner, SecurityFailure } from "../../../src/base/association.ts";
import type { Judgement, X509Credentials } from "../../../src/base/credentials.ts";
import { judgeOf } from "../../../src/dtls/x509/judge.ts";
import { Ctrl } from "../../../src/io/openssl/constants.ts";
import type { OpensslServerOptions } from "../../../src/io/openssl/server.ts";
import { authority, certificate, family } from "../../support/certificates.ts";
import { findTestOpenssl, keyOf, opensslClient, pskOf, titled } from "../../support/openssl-server.ts";
import { RecordMutator } from "../../support/mutate-records.ts";
import { KEY, type Meeting, SecureScene } from "../../support/secure-scene.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const found = await findTestOpenssl();
const people = family();

const trusting = judgeOf({ name: "lwm2m.example", authorities: [people.root.der] });

function x509(judge: X509Credentials["judge"] = trusting, own = people.client): X509Credentials {
  return { mode: "x509", privateKey: own.privateKey, chain: own.chain, serverName: "lwm2m.example", judge };
}

const certified: Partial<OpensslServerOptions> = { certificate: people.server, authorities: [people.root.der] };

describe.skipIf(!found.openssl)(titled("OpenSSL as the client's end", found), () => {
  const openssl = found.openssl!;

  function meet(credentials: Parameters<typeof opensslClient>[1], meeting: Meeting & { suites?: number[] } = {}) {
    const { suites, ...rest } = meeting;
    const associate = opensslClient(openssl, credentials, suites ? { suites } : {});
    return new SecureScene(openssl, { associate, ...rest }).shake();
  }

  /** A client whose datagrams go nowhere, and what it was told. */
  function alone(credentials = pskOf("dev1", KEY)) {
    const sent: Uint8Array[] = [];
    const ends: SecurityFailure[] = [];
    const owner: AssociationOwner = {
      transmit: (datagram) => void sent.push(datagram),
      opened: () => undefined,
      received: () => undefined,
      ended: (failure) => void ends.push(failure),
    };
    return { client: opensslClient(openssl, credentials)(owner, { maxDatagram: 1_232 }), sent, ends };
  }

  it.each([
    { id: 0xc0a8, suite: "TLS_PSK_WITH_AES_128_CCM_8" },
    { id: 0xc0a4, suite: "TLS_PSK_WITH_AES_128_CCM" },
    { id: 0x00a8, suite: "TLS_PSK_WITH_AES_128_GCM_SHA256" },
    { id: 0xc037, suite: "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256" },
  ])("agrees on $suite, and carries bytes both ways", ({ id, suite }) => {
    const scene = meet(pskOf("dev1", KEY), { suites: [id], server: { suites: [id] } }).say("there and back");
    expect(scene.facts).toMatchObject({ suite, extendedMasterSecret: true, resumed: false, peerCid: false });
    expect(scene.payloads).toEqual(["there and back"]);
    scene.end();
  });

  it.each([0xc0ae, 0xc0ac, 0xc02b])("shows its certificate and judges the server's, with suite %i", (id) => {
    const scene = meet(x509(), { suites: [id], server: { ...certified, suites: [id] } }).say("signed");
    expect(scene.failure).toBeUndefined();
    expect(scene.facts?.peerFingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(scene.payloads).toEqual(["signed"]);
    expect(Buffer.from(scene.echo.opens[0]?.facts.certificate ?? [])).toEqual(Buffer.from(people.client.der));
    scene.end();
  });

  it("hands the whole chain to its judge, the server's own certificate first", () => {
    const chains: (readonly Uint8Array[])[] = [];
    const judge: X509Credentials["judge"] = (chain, now) => {
      chains.push(chain);
      return trusting(chain, now);
    };
    meet(x509(judge), { server: certified }).end();
    expect(chains).toHaveLength(1);
    expect(chains[0]?.map((der) => Buffer.from(der))).toEqual(people.server.chain.map((der) => Buffer.from(der)));
  });

  it.each<{ judgement: Judgement; kind: string; alert: string }>([
    {
      judgement: { status: "refused", reason: "not the server that was meant", fault: "bad" },
      kind: "untrusted",
      alert: "bad_certificate",
    },
    {
      judgement: { status: "refused", reason: "a stranger's", fault: "unknown-authority" },
      kind: "untrusted",
      alert: "unknown_ca",
    },
    {
      judgement: { status: "refused", reason: "too old", fault: "expired" },
      kind: "untrusted",
      alert: "certificate_expired",
    },
    {
      judgement: { status: "refused", reason: "for mail", fault: "unsupported" },
      kind: "untrusted",
      alert: "unsupported_certificate",
    },
    {
      judgement: { status: "refused", reason: "somehow", fault: "unknown" },
      kind: "untrusted",
      alert: "certificate_unknown",
    },
    { judgement: { status: "wait", reason: "the clock is not set" }, kind: "clock", alert: "bad_certificate" },
  ])("ends with $kind when the judge says $judgement.reason, and tells the server", ({ judgement, kind, alert }) => {
    const scene = meet(
      x509(() => judgement),
      { server: certified },
    ).settle();
    expect(scene.facts).toBeUndefined();
    expect(scene.failure).toMatchObject({ kind, reason: "reason" in judgement ? judgement.reason : "" });
    expect(scene.echo.ends).toMatchObject([{ alert }]);
    scene.end();
  });

  it("survives a judge that throws, and trusts nobody then", () => {
    const scene = meet(
      x509(() => {
        throw new Error("the judge is ill");
      }),
      { server: certified },
    );
    expect(scene.facts).toBeUndefined();
    expect(scene.failure?.reason).toContain("the judge is ill");
    scene.end();
  });

  it("is told when the server does not know who issued its certificate", () => {
    const stranger = certificate({ issuer: authority({ subject: "Stranger" }) });
    const scene = meet(x509(trusting, stranger), { server: certified });
    expect(scene.failure).toMatchObject({ kind: "alert", alert: "unknown_ca" });
    expect(scene.failure?.reason).toContain("issued");
    scene.end();
  });

  it("says which identity the server does not know", () => {
    const scene = meet(pskOf("nobody", KEY));
    expect(scene.failure?.kind).toMatch(/^(?:alert|silence-after-finished)$/);
    expect(scene.failure?.reason).toContain("`nobody`");
    scene.end();
  });

  it("knows a wrong key by the silence after its Finished", () => {
    const scene = meet(pskOf("dev1", Buffer.alloc(16, 7)));
    if (!found.canLose) return;
    expect(scene.failure).toMatchObject({ kind: "silence-after-finished" });
    expect(scene.failure?.reason).not.toContain("07070707");
    scene.end();
  });

  it("has nothing in common with a server of other suites", () => {
    const scene = meet(pskOf("dev1", KEY), { suites: [0xc0a8], server: { suites: [0x00a8] } });
    expect(scene.failure).toMatchObject({ kind: "alert", alert: "handshake_failure" });
    scene.end();
  });

  it("gives up in words where nobody answers", () => {
    const { client, sent, ends } = alone();
    client.start(0);
    for (let turn = 0; turn < 20 && client.deadline !== undefined; turn++) client.onTimeout(client.deadline);
    expect(ends).toMatchObject([{ kind: "silence" }]);
    expect(client.state).toBe("closed");
    if (found.canLose) expect(sent.length).toBe(6);
    expect(client.deadline).toBeUndefined();
  });

  it("refuses bare key pairs, and suites that OpenSSL has not got, when it is made", () => {
    const rpk = {
      mode: "rpk",
      privateKey: people.client.privateKey,
      publicKey: people.client.spki,
      serverKey: people.server.spki,
    } as const;
    expect(() => opensslClient(openssl, rpk)).toThrow("built-in DTLS");
    expect(() => opensslClient(openssl, pskOf("dev1", KEY), { suites: [0xd003] })).toThrow(RangeError);
    expect(() => opensslClient(openssl, pskOf("dev1", KEY), { suites: [0xc0ae] })).toThrow(RangeError);
  });

  it("ends in words with a certificate that is none", () => {
    const broken = { ...people.client, chain: [Buffer.from("no certificate")] };
    const scene = meet(x509(trusting, broken), { server: certified });
    expect(scene.failure).toMatchObject({ kind: "protocol" });
    expect(scene.failure?.reason).toContain("our certificate");
    scene.end();
  });

  it("resumes its session at a server that forgot the association, but not with another key", () => {
    const first = meet(pskOf("dev1", KEY));
    const session = first.client.session()!;
    expect(session).toMatchObject({ suite: 0xc0a8, extendedMasterSecret: true });
    expect(session.masterSecret).toHaveLength(48);
    first.server.forget();
    const second = meet(pskOf("dev1", KEY), { at: first, resume: session }).say("again");
    expect(second.facts?.resumed).toBe(true);
    expect(second.payloads).toEqual(["again"]);
    second.server.forget();
    const third = meet(pskOf("dev2", KEY), { at: first, resume: session });
    expect(third.facts?.resumed).not.toBe(true);
    third.end();
  });

  it("asks the judge again instead of resuming, where another server is to be trusted by now", () => {
    const before = { ...x509(), judgeName: "whom the old authority vouches for" };
    const first = meet(before, { server: certified });
    const session = first.client.session()!;
    expect(session.extendedMasterSecret).toBe(true);
    first.server.forget();
    const same = meet(before, { at: first, seed: 2, resume: session });
    expect(same.facts?.resumed).toBe(true);
    first.server.forget();
    const stranger: Judgement = { status: "refused", reason: "not trusted any more", fault: "unknown-authority" };
    const after = { ...x509(() => stranger), judgeName: "whom the new authority vouches for" };
    const second = meet(after, { at: first, seed: 3, resume: session }).settle();
    expect(second.facts).toBeUndefined();
    expect(second.failure).toMatchObject({ kind: "untrusted", reason: "not trusted any more" });
    first.end();
  });

  it("refuses a server without the extended master secret, where that is required (RFC 7627 §5.2)", () => {
    // OpenSSL's servers always have it: what this one is asked about it is answered with no.
    const { ExtendedMasterSecret } = Ctrl;
    const api: typeof openssl.api = {
      ...openssl.api,
      SSL_ctrl: (ssl, what, ...rest) => (what === ExtendedMasterSecret ? 0 : openssl.api.SSL_ctrl(ssl, what, ...rest)),
    };
    for (const requireExtendedMasterSecret of [true, false]) {
      const associate = opensslClient({ ...openssl, api }, pskOf("dev1", KEY), { requireExtendedMasterSecret });
      const scene = new SecureScene(openssl, { associate }).shake();
      expect(scene.facts === undefined).toBe(requireExtendedMasterSecret);
      expect(scene.client.session() === undefined).toBe(requireExtendedMasterSecret);
      expect(scene.failure?.reason ?? "").toContain(requireExtendedMasterSecret ? "RFC 7627" : "");
      scene.end();
    }
  });

  it("makes a full handshake with a session that is nonsense", () => {
    const credentials = pskOf("dev1", KEY);
    const session = meet(credentials).client.session()!;
    for (const nonsense of [
      { ...session, id: new Uint8Array(32) },
      { ...session, suite: 0xffff },
      { ...session, id: new Uint8Array(0) },
      { ...session, extendedMasterSecret: false },
    ]) {
      const scene = meet(credentials, { resume: nonsense });
      expect(scene.facts?.resumed, JSON.stringify(nonsense.suite)).toBe(false);
      scene.end();
    }
  });

  it("never resumes where the server's master secret is another", () => {
    const first = meet(pskOf("dev1", KEY));
    const session = { ...first.client.session()!, masterSecret: new Uint8Array(48) };
    const second = meet(pskOf("dev1", KEY), { at: first, seed: 2, resume: session });
    expect(second.facts).toBeUndefined();
    expect(second.failure).toBeDefined();
    second.end();
  });

  it("seals what fits into a datagram, and nothing before it is open or after", () => {
    const scene = meet(pskOf("dev1", KEY));
    const { client } = scene;
    expect(client.maxPayload).toBe(1_232 - 29);
    const full = Buffer.alloc(client.maxPayload, "x");
    expect(client.seal(full)).toHaveLength(1_232);
    expect(() => client.seal(Buffer.alloc(client.maxPayload + 1))).toThrow(RangeError);
    client.close();
    expect(client.seal(full)).toBeUndefined();
    expect(alone().client.seal(full)).toBeUndefined();
    scene.end();
  });

  it("says close_notify, which the server hears", () => {
    const scene = meet(pskOf("dev1", KEY));
    scene.client.close();
    scene.client.close();
    scene.settle();
    expect(scene.failure).toMatchObject({ kind: "closed" });
    expect(scene.echo.ends).toMatchObject([{ reason: expect.stringContaining("close_notify") as unknown }]);
    expect(scene.server.size).toBe(0);
    scene.end();
  });

  it("hears the server's close_notify", () => {
    const scene = meet(pskOf("dev1", KEY));
    scene.server.drop("client 1", scene.network.now);
    scene.settle();
    expect(scene.failure).toMatchObject({ kind: "closed" });
    expect(scene.client.state).toBe("closed");
  });

  it("may be closed from within everything that it tells", () => {
    for (const when of ["transmit", "opened", "received", "ended"] as const) {
      const scene = new SecureScene(openssl, {
        associate: (owner, options) => {
          const close = () => client.close();
          const told: AssociationOwner = {
            transmit: (datagram) => {
              owner.transmit(datagram);
              if (when === "transmit") close();
            },
            opened: (facts) => {
              owner.opened(facts);
              if (when === "opened") close();
            },
            received: (payload) => {
              owner.received(payload);
              if (when === "received") close();
            },
            ended: (failure) => {
              owner.ended(failure);
              if (when === "ended") close();
            },
          };
          const client = opensslClient(openssl, pskOf("dev1", KEY))(told, options);
          return client;
        },
      });
      scene.shake().say("close now").settle();
      scene.client.close();
      expect(scene.failure, when).toMatchObject({ kind: "closed" });
      scene.end();
    }
  });

  it("does nothing after its end, whatever is asked", () => {
    const { client, sent, ends } = alone();
    client.start(0);
    client.close();
    const before = sent.length;
    client.start(1);
    client.receive(sent[0]!, 2);
    client.onTimeout(100_000);
    client.close();
    expect(sent).toHaveLength(before);
    expect(ends).toHaveLength(1);
    expect(client.session()).toBeUndefined();
  });

  it("never throws at bytes that are no DTLS", () => {
    const random = new SeededRandom(5);
    for (let turn = 0; turn < 200; turn++) {
      const { client } = alone();
      client.receive(random.bytes(40), 0);
      client.start(0);
      for (let i = 0; i < 10; i++) client.receive(random.bytes(random.below(1_500)), i);
      client.receive(new Uint8Array(0), 20);
      client.receive(new Uint8Array(70_000), 20);
      client.close();
    }
  });

  it.skipIf(!found.canLose)("stands somebody who meddles with its datagrams, and the server does as well", () => {
    const mutator = new RecordMutator(new SeededRandom(11));
    let opened = 0;
    for (let seed = 0; seed < 300; seed++) {
      const isX509 = seed % 10 === 0;
      const associate = opensslClient(openssl, isX509 ? x509() : pskOf("dev1", KEY));
      const server = isX509 ? certified : { psk: keyOf("dev1", KEY) };
      const scene = new SecureScene(openssl, { associate, seed, server });
      scene.network.toClient = mutator.meddle;
      scene.network.toServer = mutator.meddle;
      scene.shake(8_000).settle();
      if (scene.facts) {
        opened += 1;
        expect(scene.echo.opens).not.toHaveLength(0);
      }
      scene.end();
    }
    expect(opened).toBeGreaterThan(10);
  });
});
