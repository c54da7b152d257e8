/** Our client in the place of the one that was recorded: other people's servers hear the same bytes, and are understood. */

import { createECDH, createSecretKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import type {
  AssociateOptions,
  Association,
  AssociationFacts,
  SavedSession,
  SecurityFailure,
} from "../../../src/base/association.ts";
import { toHex } from "../../../src/base/bytes.ts";
import type { Credentials } from "../../../src/base/credentials.ts";
import type { Random } from "../../../src/base/random.ts";
import { ContentType, HandshakeType } from "../../../src/dtls/constants.ts";
import { DtlsCounters, dtls, type KeyWork } from "../../../src/dtls/index.ts";
import { readRecords } from "../../../src/dtls/record.ts";
import { credentialsFingerprint } from "../../../src/dtls/session.ts";
import { recorded, type Transcript, transcripts } from "../support/transcripts.ts";

const HANDSHAKE_HEADER = 12;
const IV_LENGTH = 16;
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const derOf = (pem: string) => new Uint8Array(new X509Certificate(pem).raw);
const stamp = { ms: Date.UTC(2026, 10, 23), trusted: true };

function credentialsOf({ credential, pskIdentity = "", pskHex, steps }: Transcript): Credentials {
  switch (credential) {
    case undefined:
      return { mode: "psk", identity: Buffer.from(pskIdentity), key: createSecretKey(pskHex!) };
    case "rpk":
      // The key of the server that ran for this recording is the one it shows.
      return {
        mode: "rpk",
        privateKey,
        publicKey: new Uint8Array(
          new X509Certificate(recorded.clientCertPem).publicKey.export({ format: "der", type: "spki" }),
        ),
        serverKey: messages(steps, "server", HandshakeType.Certificate)[0]!.subarray(3),
      };
    case "x509":
      return {
        mode: "x509",
        privateKey,
        chain: [derOf(recorded.clientCertPem)],
        judge: ([leaf]) => ({ status: "trusted", publicKey: new X509Certificate(leaf!).publicKey }),
      };
  }
}

/** Bodies of whole messages in the clear. */
function messages(steps: Transcript["steps"], from: "client" | "server", type: number): Uint8Array[] {
  return steps
    .filter((step) => step.from === from)
    .flatMap(({ datagram }) => readRecords(datagram, 0))
    .filter((record) => record.type === ContentType.Handshake && record.epoch === 0 && record.body[0] === type)
    .map(({ body }) => body.subarray(HANDSHAKE_HEADER));
}

/** What the recorded client drew from its hat: random, Connection ID, and with CBC an IV for each record. */
function randomOf({ clientRandom, cidOffered, suite, steps, peerCid }: Transcript): Random {
  const sealed = steps
    .filter(({ from }) => from === "client")
    .flatMap(({ datagram }) => readRecords(datagram, peerCid?.length ?? 0))
    .filter(({ epoch }) => epoch === 1);
  const ivs = suite.cipher === "cbc" ? sealed.map(({ body }) => body.slice(0, IV_LENGTH)) : [];
  const draws = [clientRandom, ...(cidOffered ? [cidOffered] : []), ...ivs];
  return {
    unit: () => 0.5,
    bytes: (length) => {
      const draw = draws.shift();
      if (draw?.length !== length) throw new RangeError(`${length} bytes were never drawn`);
      return draw;
    },
  };
}

/** The recorded private key and the recorded signature, since ours would differ each time. */
function keyWorkOf({ ecdhPrivate, steps }: Transcript): KeyWork {
  return {
    ephemeral: () => {
      const pair = createECDH("prime256v1");
      pair.setPrivateKey(ecdhPrivate!);
      return { point: pair.getPublicKey(), agree: (peer) => pair.computeSecret(peer) };
    },
    sign: () => messages(steps, "client", HandshakeType.CertificateVerify)[0]!.subarray(4),
  };
}

function sessionBefore(transcript: Transcript): Pick<AssociateOptions, "resume"> {
  if (!transcript.resumed) return {};
  const { sessionId, masterSecret, suite } = transcript;
  const credentials = credentialsFingerprint(credentialsOf(transcript));
  return { resume: { id: sessionId, masterSecret, suite: suite.id, extendedMasterSecret: true, credentials } };
}

class Played {
  readonly sent: string[] = [];
  readonly payloads: string[] = [];
  readonly counters = new DtlsCounters();
  readonly association: Association;
  facts: AssociationFacts | undefined;
  failure: SecurityFailure | undefined;
  session: SavedSession | undefined;
  #said = false;

  constructor(transcript: Transcript) {
    const associate = dtls({
      credentials: credentialsOf(transcript),
      random: randomOf(transcript),
      keyWork: keyWorkOf(transcript),
      now: () => stamp,
      suites: [transcript.suite.id],
      allowCbc: transcript.suite.cipher === "cbc",
      ownCidLength: transcript.cidOffered?.length ?? false,
      counters: this.counters,
    });
    const owner = {
      transmit: (datagram: Uint8Array) => void this.sent.push(toHex(datagram)),
      opened: (facts: AssociationFacts) => (this.facts = facts),
      received: (payload: Uint8Array) => void this.payloads.push(Buffer.from(payload).toString()),
      ended: (failure: SecurityFailure) => (this.failure = failure),
    };
    const maxDatagram = transcript.name.endsWith("fragmented") ? 200 : 1_232;
    this.association = associate(owner, { maxDatagram, ...sessionBefore(transcript) });
    this.association.start(0);
    let turn = 0;
    for (const { from, datagram } of transcript.steps) {
      if (from === "server") this.association.receive(datagram, 0);
      // What it says of its own accord: a payload and its goodbye. All else it has said already, in answer to the server.
      else if (this.sent.length === turn++) this.#speak(transcript);
    }
  }

  #speak({ sent }: Transcript): void {
    if (!this.#said) {
      this.#said = true;
      const record = this.association.seal(Buffer.from(sent));
      if (record) this.sent.push(toHex(record));
      return;
    }
    this.session = this.association.session();
    this.association.close();
  }
}

const clientSteps = ({ steps }: Transcript) =>
  steps.filter(({ from }) => from === "client").map(({ datagram }) => toHex(datagram));
const accepted = transcripts.filter(({ suite, encryptThenMac }) => suite.cipher !== "cbc" || encryptThenMac);
const refused = transcripts.filter((transcript) => !accepted.includes(transcript));

describe("a recorded handshake, played again", () => {
  it("covers all that was recorded", () => {
    expect([accepted.length, refused.length]).toEqual([13, 1]);
  });

  describe.each(accepted.map((transcript) => [transcript.name, transcript] as const))("%s", (_, transcript) => {
    const played = new Played(transcript);

    it("says byte for byte what was recorded, handshake, payload and goodbye", () => {
      expect(played.sent).toEqual(clientSteps(transcript));
    });

    it("opens, and reads the server's answer", () => {
      expect(played.payloads).toEqual([transcript.received]);
      expect(played.facts).toMatchObject({
        suite: transcript.suite.name,
        extendedMasterSecret: transcript.ems,
        resumed: transcript.resumed,
        peerCid: (transcript.peerCid?.length ?? 0) > 0,
        ownCid: (transcript.cidOffered?.length ?? 0) > 0,
      });
      expect(played.failure?.kind).toBe("closed");
    });

    it("counts nothing as forged, replayed, malformed or out of place", () => {
      expect(played.counters).toEqual(
        Object.assign(new DtlsCounters(), { handshakes: 1, completed: 1, resumed: transcript.resumed ? 1 : 0 }),
      );
    });

    it("keeps a session if, and only if, the server gave it a name and bound it to the handshake", () => {
      const resumable = transcript.ems && transcript.sessionId.length > 0;
      expect(played.session !== undefined).toBe(resumable);
      if (resumable) expect(played.session).toMatchObject({ id: transcript.sessionId, suite: transcript.suite.id });
      if (resumable) expect(toHex(played.session!.masterSecret)).toBe(toHex(transcript.masterSecret));
    });
  });

  it.each(refused.map((transcript) => [transcript.name, transcript] as const))(
    "%s is refused: CBC without encrypt-then-MAC (RFC 7366)",
    (_, transcript) => {
      const played = new Played(transcript);
      expect(played.facts).toBeUndefined();
      expect(played.failure).toMatchObject({ kind: "protocol", alert: "handshake_failure" });
      expect(played.failure?.reason).toContain("without encrypt-then-MAC");
    },
  );
});
