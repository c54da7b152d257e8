/** Every record that other people's servers and a client of theirs exchanged, opened with the keys we derive. */

import { createDecipheriv, createECDH, createHash, createHmac, createSecretKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { readAlert } from "../../src/dtls/alert.ts";
import { ContentType, HandshakeType } from "../../src/dtls/constants.ts";
import {
  extendedMasterSecret,
  type KeyBlock,
  keyBlock,
  masterSecret,
  pskPreMaster,
  verifyData,
} from "../../src/dtls/kdf.ts";
import { type Opened, Protection } from "../../src/dtls/protect.ts";
import { readRecords, type WireRecord } from "../../src/dtls/record.ts";
import { type Transcript, transcripts } from "./support/transcripts.ts";

const HANDSHAKE_HEADER = 12;

interface Sent {
  readonly from: "client" | "server";
  readonly record: WireRecord;
}

/** One handshake message, put together, with the header it has in the transcript hash (RFC 6347 §4.2.6). */
interface Message {
  readonly type: number;
  readonly whole: Buffer;
}

function recordsOf(transcript: Transcript): Sent[] {
  return transcript.steps.flatMap(({ from, datagram }) => {
    const cid = from === "client" ? transcript.peerCid : transcript.cidOffered;
    const tally = { malformed: 0 };
    const records = readRecords(datagram, cid?.length ?? 0, tally);
    expect(tally.malformed).toBe(0);
    expect(Buffer.concat(records.flatMap(({ header, body }) => [header, body]))).toEqual(Buffer.from(datagram));
    return records.map((record) => ({ from, record }));
  });
}

/** Cookie exchange left out: neither the first ClientHello nor HelloVerifyRequest counts (RFC 6347 §4.2.1). */
function messagesOf(records: readonly Sent[]): Message[] {
  const messages: Message[] = [];
  let parts: Buffer[] = [];
  for (const { record } of records.filter(
    ({ record }) => record.epoch === 0 && record.type === ContentType.Handshake,
  )) {
    const body = Buffer.from(record.body);
    for (let at = 0; at < body.length; ) {
      const end = at + HANDSHAKE_HEADER + body.readUIntBE(at + 9, 3);
      const whole = body.readUIntBE(at + 1, 3);
      const offset = body.readUIntBE(at + 6, 3);
      if (offset === 0) parts = [];
      parts.push(body.subarray(at + HANDSHAKE_HEADER, end));
      if (offset + body.readUIntBE(at + 9, 3) === whole) {
        const header = Buffer.concat([body.subarray(at, at + 6), Buffer.alloc(3), body.subarray(at + 1, at + 4)]);
        messages.push({ type: body[at]!, whole: Buffer.concat([header, ...parts]) });
      }
      at = end;
    }
  }
  const verify = messages.findIndex(({ type }) => type === HandshakeType.HelloVerifyRequest);
  return messages.slice(verify + 1);
}

const find = (messages: readonly Message[], type: number) => messages.find((message) => message.type === type)?.whole;

/** After the version. */
const serverRandomOf = (messages: readonly Message[]) =>
  find(messages, HandshakeType.ServerHello)!.subarray(HANDSHAKE_HEADER + 2, HANDSHAKE_HEADER + 34);

function keysOf(transcript: Transcript, messages: readonly Message[]): KeyBlock {
  return keyBlock(transcript.masterSecret, transcript.clientRandom, serverRandomOf(messages), transcript.suite);
}

function protections(transcript: Transcript, keys: KeyBlock) {
  const { suite, peerCid, cidOffered } = transcript;
  return {
    client: new Protection(suite, keys, { peerCid, ownCid: cidOffered }),
    server: new Protection(suite, keys, { peerCid: cidOffered, ownCid: peerCid, side: "server" }),
  };
}

const hash = (messages: readonly Buffer[]) => createHash("sha256").update(Buffer.concat(messages)).digest();

/** Our ephemeral key with the point of the server's ServerKeyExchange: named curve 3, 23, 65, then the point. */
function ecdhSecret({ ecdhPrivate }: Transcript, exchange: Buffer): Buffer {
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(ecdhPrivate!);
  const at = exchange.indexOf(Buffer.from([3, 0, 23, 65]));
  return ecdh.computeSecret(exchange.subarray(at + 4, at + 4 + 65));
}

const sealed = (records: readonly Sent[]) => records.filter(({ record }) => record.epoch === 1);
const encryptedThenAuthenticated = transcripts.filter(
  ({ suite, encryptThenMac }) => suite.cipher !== "cbc" || encryptThenMac,
);
const aead = transcripts.filter(({ suite }) => suite.cipher !== "cbc");
const authenticatedFirst = transcripts.filter((each) => !encryptedThenAuthenticated.includes(each));

describe("recorded handshakes", () => {
  it("are fourteen, of five servers, and one of them authenticates before it encrypts", () => {
    expect(transcripts).toHaveLength(14);
    expect(authenticatedFirst.map(({ name }) => name)).toEqual(["pion-ecdhe-psk-cbc"]);
  });

  it.each(transcripts.filter(({ resumed }) => !resumed))(
    "$name: its master secret follows from its key",
    (transcript) => {
      const messages = messagesOf(recordsOf(transcript));
      const exchange = find(messages, HandshakeType.ServerKeyExchange);
      const ecdh = transcript.ecdhPrivate ? ecdhSecret(transcript, exchange!) : undefined;
      const preMaster = transcript.pskHex ? pskPreMaster(createSecretKey(transcript.pskHex), ecdh) : ecdh!;
      const last = messages.findIndex(({ type }) => type === HandshakeType.ClientKeyExchange);
      const master = transcript.ems
        ? extendedMasterSecret(preMaster, hash(messages.slice(0, last + 1).map(({ whole }) => whole)))
        : masterSecret(preMaster, transcript.clientRandom, serverRandomOf(messages));
      expect(toHex(master)).toBe(toHex(transcript.masterSecret));
    },
  );

  describe.each(encryptedThenAuthenticated)("$name", (transcript) => {
    const records = recordsOf(transcript);
    const messages = messagesOf(records);
    const ends = protections(transcript, keysOf(transcript, messages));
    const other = { client: ends.server, server: ends.client };
    const opened = sealed(records).map((sent) => ({ ...sent, said: other[sent.from].open(sent.record) }));

    it("opens whole: both Finished, what was said, and how it ended", () => {
      expect(opened.length).toBeGreaterThanOrEqual(5);
      expect(opened.filter(({ said }) => said === undefined)).toEqual([]);
      const texts = opened.filter(({ said }) => said?.type === ContentType.ApplicationData);
      expect(texts.map(({ said }) => Buffer.from(said!.payload).toString())).toEqual([
        transcript.sent,
        transcript.received,
      ]);
      const alerts = opened.filter(({ said }) => said?.type === ContentType.Alert);
      for (const { said } of alerts) expect(readAlert(said!.payload)?.name).toBe("close_notify");
    });

    it("has Finished messages that prove the same transcript as ours", () => {
      const transcriptSoFar = messages.map(({ whole }) => whole);
      const finished = opened.filter(({ said }) => said?.type === ContentType.Handshake);
      expect(finished.map(({ from }) => from)).toEqual(
        transcript.resumed ? ["server", "client"] : ["client", "server"],
      );
      for (const { from, said } of finished) {
        const data = verifyData(transcript.masterSecret, `${from} finished`, hash(transcriptSoFar));
        expect(toHex(said!.payload.subarray(HANDSHAKE_HEADER))).toBe(toHex(data));
        transcriptSoFar.push(Buffer.from(said!.payload));
      }
    });

    it("is refused by the end that wrote it, and by an end with another Connection ID", () => {
      for (const { from, record } of sealed(records)) expect(ends[from].open(record)).toBeUndefined();
      const keys = keysOf(transcript, messages);
      const elsewhere = new Protection(transcript.suite, keys, { ownCid: Uint8Array.of(1) });
      for (const { record } of sealed(records)) expect(elsewhere.open(record)).toBeUndefined();
    });
  });

  it.each(aead)("$name: what its client sealed, we seal byte for byte", (transcript) => {
    const records = recordsOf(transcript);
    const ends = protections(transcript, keysOf(transcript, messagesOf(records)));
    const own = sealed(records).filter(({ from }) => from === "client");
    expect(own.length).toBeGreaterThanOrEqual(3);
    for (const { record } of own) {
      const { type, payload }: Opened = ends.server.open(record)!;
      const again = ends.client.seal(type, record.sequence, payload);
      expect(toHex(again)).toBe(toHex(record.header) + toHex(record.body));
    }
  });

  it.each(authenticatedFirst)("$name: is not opened, though its keys are ours", (transcript) => {
    const records = recordsOf(transcript);
    const keys = keysOf(transcript, messagesOf(records));
    const ends = protections(transcript, keys);
    const texts: string[] = [];
    for (const { from, record } of sealed(records)) {
      expect(ends.client.open(record)).toBeUndefined();
      expect(ends.server.open(record)).toBeUndefined();
      const said = openedTheOldWay(keys[from], record);
      if (record.type === ContentType.ApplicationData) texts.push(said.toString());
    }
    expect(texts).toEqual([transcript.sent, transcript.received]);
  });
});

/** MAC-then-encrypt (RFC 5246 §6.2.3.2), which `src/dtls` has not got. */
function openedTheOldWay({ key, macKey }: KeyBlock["client"], { header, body }: WireRecord): Buffer {
  const decipher = createDecipheriv("aes-128-cbc", key, body.subarray(0, 16)).setAutoPadding(false);
  const padded = decipher.update(body.subarray(16));
  const end = padded.length - 1 - padded.at(-1)! - 32;
  const content = padded.subarray(0, end);
  const numbers = Buffer.concat([header.subarray(3, 11), header.subarray(0, 3), Buffer.from([end >> 8, end & 0xff])]);
  const mac = createHmac("sha256", macKey!).update(numbers).update(content).digest();
  expect(toHex(mac)).toBe(toHex(padded.subarray(end, end + 32)));
  return content;
}
