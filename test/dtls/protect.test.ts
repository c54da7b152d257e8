import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { allSuites, ContentType, MAX_PLAINTEXT, type Suite, suiteOf } from "../../src/dtls/constants.ts";
import { type KeyBlock, keyBlock } from "../../src/dtls/kdf.ts";
import { Protection, type ProtectionOptions } from "../../src/dtls/protect.ts";
import { additionalData } from "../../src/dtls/protect/text.ts";
import { MAX_SEQUENCE, readRecords, type WireRecord } from "../../src/dtls/record.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const { ApplicationData, Handshake, Tls12Cid } = ContentType;
const HELLO = new TextEncoder().encode("hello");
const CLIENT_CID = fromHex("c1c1");
const SERVER_CID = fromHex("5e5e5e5e5e5e");
const TAG: Readonly<Record<string, number>> = { "ccm-8": 8, ccm: 16, gcm: 16 };

const keysOf = (suite: Suite, seed = 1): KeyBlock => {
  const random = new SeededRandom(seed);
  return keyBlock(random.bytes(48), random.bytes(32), random.bytes(32), suite);
};

/** Both ends of an association. */
function pair(suite: Suite, cids: { clients?: Uint8Array; servers?: Uint8Array } = {}) {
  const keys = keysOf(suite);
  const random = new SeededRandom(7);
  return {
    keys,
    client: new Protection(suite, keys, { peerCid: cids.servers, ownCid: cids.clients, random }),
    server: new Protection(suite, keys, { peerCid: cids.clients, ownCid: cids.servers, side: "server", random }),
  };
}

function only(datagram: Uint8Array, ownCidLength = 0): WireRecord {
  const [record, ...more] = readRecords(datagram, ownCidLength);
  expect(more).toEqual([]);
  return record!;
}

const suites = allSuites();
const aead = suites.filter(({ cipher }) => cipher !== "cbc");
const cbc = suites.filter(({ cipher }) => cipher === "cbc");
const PSK_CCM_8 = suiteOf(0xc0a8)!;
const PSK_CBC = suiteOf(0x00ae)!;

/** Seals as the RFCs say, with nothing of ours: the AAD, the nonce and the text are laid out by hand. */
function sealedByHand(
  suite: Suite,
  keys: KeyBlock["client"],
  parts: { header: string; aad: string; explicit: string; text: string },
): Uint8Array {
  const tag = { authTagLength: TAG[suite.cipher]! };
  const nonce = Buffer.concat([keys.salt, fromHex(parts.explicit)]);
  const text = fromHex(parts.text);
  const cipher =
    suite.cipher === "gcm"
      ? createCipheriv("aes-128-gcm", keys.key, nonce, tag)
      : createCipheriv("aes-128-ccm", keys.key, nonce, tag);
  cipher.setAAD(fromHex(parts.aad), { plaintextLength: text.length });
  const sealed = cipher.update(text);
  cipher.final();
  const length = (8 + text.length + tag.authTagLength).toString(16).padStart(4, "0");
  return Buffer.concat([fromHex(parts.header), fromHex(length), fromHex(parts.explicit), sealed, cipher.getAuthTag()]);
}

describe("the additional data", () => {
  it("of a classic record is epoch, sequence number, type, version, length (RFC 5246 §6.2.3.3)", () => {
    const header = fromHex("17 fefd 0001 000000000203 0016");
    expect(toHex(additionalData(header, 6))).toBe("0001 000000000203 17 fefd 0006".replaceAll(" ", ""));
  });

  it("of a record with a Connection ID is the layout of RFC 9146 §5.3", () => {
    const header = fromHex("19 fefd 0001 000000000203 aabbcc 0017");
    expect(toHex(additionalData(header, 7))).toBe(
      "ffffffffffffffff 19 03 19 fefd 0001 000000000203 aabbcc 0007".replaceAll(" ", ""),
    );
  });

  it("of two Connection IDs in turn is never mixed up", () => {
    const short = fromHex("19 fefd 0001 000000000001 aa 0017");
    const long = fromHex(`19 fefd 0001 000000000002 ${"bb".repeat(255)} 0017`);
    for (let i = 0; i < 2; i++) {
      expect(toHex(additionalData(short, 1))).toBe("ffffffffffffffff190119fefd0001000000000001aa0001");
      expect(toHex(additionalData(long, 2))).toBe(`ffffffffffffffff19ff19fefd0001000000000002${"bb".repeat(255)}0002`);
    }
  });
});

describe.each(aead)("a record under $name", (suite) => {
  it("is nonce, ciphertext and tag, as the RFCs lay them out", () => {
    const { client, keys } = pair(suite);
    const byHand = sealedByHand(suite, keys.client, {
      header: "17 fefd 0001 010203040506",
      aad: "0001 010203040506 17 fefd 0005",
      explicit: "0001 010203040506",
      text: toHex(HELLO),
    });
    expect(toHex(client.seal(ApplicationData, 0x010203040506, HELLO))).toBe(toHex(byHand));
  });

  it("has its real type inside when it has a Connection ID (RFC 9146 §4)", () => {
    const { client, keys } = pair(suite, { servers: SERVER_CID });
    const byHand = sealedByHand(suite, keys.client, {
      header: "19 fefd 0001 000000000009 5e5e5e5e5e5e",
      aad: "ffffffffffffffff 19 06 19 fefd 0001 000000000009 5e5e5e5e5e5e 0006",
      explicit: "0001 000000000009",
      text: `${toHex(HELLO)}17`,
    });
    expect(toHex(client.seal(ApplicationData, 9, HELLO))).toBe(toHex(byHand));
  });

  it("is opened whatever nonce its writer chose (RFC 5288 §3)", () => {
    const { client, keys } = pair(suite);
    const record = sealedByHand(suite, keys.server, {
      header: "16 fefd 0001 000000000000",
      aad: "0001 000000000000 16 fefd 0005",
      explicit: "79a45e6549a2b28b",
      text: toHex(HELLO),
    });
    expect(client.open(only(record))).toMatchObject({ type: Handshake });
  });

  it("is opened without the padding of its writer, and not if it is padding alone (RFC 9146 §4)", () => {
    const { client, keys } = pair(suite, { clients: CLIENT_CID });
    const padded = (text: string) =>
      only(
        sealedByHand(suite, keys.server, {
          header: "19 fefd 0001 000000000001 c1c1",
          aad: `ffffffffffffffff 19 02 19 fefd 0001 000000000001 c1c1 ${(text.length / 2).toString(16).padStart(4, "0")}`,
          explicit: "0001 000000000001",
          text,
        }),
        CLIENT_CID.length,
      );
    const said = client.open(padded(`${toHex(HELLO)}17${"00".repeat(40)}`));
    expect(said?.type).toBe(ApplicationData);
    expect(toHex(said!.payload)).toBe(toHex(HELLO));
    expect(client.open(padded("00170000"))).toMatchObject({ type: ApplicationData, payload: Buffer.of(0) });
    expect(client.open(padded("15"))).toMatchObject({ type: ContentType.Alert, payload: Buffer.of() });
    expect(client.open(padded("00000000"))).toBeUndefined();
    expect(client.open(padded(""))).toBeUndefined();
  });
});

describe.each(cbc)("a record under $name", (suite) => {
  it.each([
    ["classic", {}, "17 fefd 0001 000000000009", "0001 000000000009 17 fefd 0020", ""],
    [
      "with a Connection ID",
      { servers: SERVER_CID },
      "19 fefd 0001 000000000009 5e5e5e5e5e5e",
      "ffffffffffffffff 19 06 19 fefd 0001 000000000009 5e5e5e5e5e5e 0020",
      "17",
    ],
  ] as const)(
    "is IV, ciphertext and a MAC over both: %s (RFC 7366 §3, RFC 9146 §5.2)",
    (_, cids, header, covered, inner) => {
      const { client, keys } = pair(suite, cids);
      const record = Buffer.from(client.seal(ApplicationData, 9, HELLO));
      const start = fromHex(header).length;
      expect(toHex(record.subarray(0, start + 2))).toBe(`${toHex(fromHex(header))}0040`);
      const body = record.subarray(start + 2);
      const mac = createHmac("sha256", keys.client.macKey!)
        .update(fromHex(covered))
        .update(body.subarray(0, 32))
        .digest();
      expect(toHex(body.subarray(32))).toBe(toHex(mac));
      const decipher = createDecipheriv("aes-128-cbc", keys.client.key, body.subarray(0, 16)).setAutoPadding(false);
      const text = toHex(HELLO) + inner;
      const padding = 16 - text.length / 2;
      expect(toHex(decipher.update(body.subarray(16, 32)))).toBe(
        text + (padding - 1).toString(16).padStart(2, "0").repeat(padding),
      );
    },
  );

  it("never has the same IV twice", () => {
    const { client } = pair(suite);
    const ivs = Array.from({ length: 50 }, (_, i) => toHex(client.seal(ApplicationData, i, HELLO).subarray(13, 29)));
    expect(new Set(ivs).size).toBe(50);
  });

  it("takes its IVs from the system when no randomness is given", () => {
    const client = new Protection(suite, keysOf(suite));
    const iv = () => toHex(client.seal(ApplicationData, 1, HELLO).subarray(13, 29));
    expect(iv()).not.toBe(iv());
  });

  it("is refused when what was padded is wrong, though the MAC is right", () => {
    const { client, keys } = pair(suite);
    const record = (padded: string) => {
      const iv = new Uint8Array(16).fill(3);
      const sealed = createCipheriv("aes-128-cbc", keys.server.key, iv).setAutoPadding(false).update(fromHex(padded));
      const covered = Buffer.concat([iv, sealed]);
      const length = covered.length.toString(16).padStart(4, "0");
      const mac = createHmac("sha256", keys.server.macKey!)
        .update(fromHex(`0001 000000000001 17 fefd ${length}`))
        .update(covered)
        .digest();
      const whole = (covered.length + 32).toString(16).padStart(4, "0");
      return only(Buffer.concat([fromHex(`17 fefd 0001 000000000001 ${whole}`), covered, mac]));
    };
    const text = (padded: string) => {
      const said = client.open(record(padded));
      return said && toHex(said.payload);
    };
    expect(text(`aabbcc${"0c".repeat(13)}`)).toBe("aabbcc");
    // Longer than a block is allowed (RFC 5246 §6.2.3.2), up to the whole of the text.
    expect(text("1f".repeat(32))).toBe("");
    expect(text(`aabbcc0b${"0c".repeat(12)}`)).toBeUndefined();
    expect(text("10".repeat(16))).toBeUndefined();
    expect(text(`${"00".repeat(15)}ff`)).toBeUndefined();
  });
});

describe.each(suites)("both ends under $name", (suite) => {
  const cases: readonly [string, { clients?: Uint8Array; servers?: Uint8Array }][] = [
    ["without Connection IDs", {}],
    ["with one of the server", { servers: SERVER_CID }],
    ["with one of the client", { clients: CLIENT_CID }],
    ["with one of each", { clients: CLIENT_CID, servers: SERVER_CID }],
    ["with empty ones, which change nothing", { clients: new Uint8Array(), servers: new Uint8Array() }],
  ];

  it.each(cases)("read what the other wrote, %s", (_, cids) => {
    const { client, server } = pair(suite, cids);
    for (const length of [0, 1, 14, 15, 16, 17, 64, 1_200, MAX_PLAINTEXT]) {
      const payload = new Uint8Array(length).fill(length);
      const up = only(client.seal(ApplicationData, length, payload), cids.servers?.length);
      const down = only(server.seal(Handshake, MAX_SEQUENCE - length, payload), cids.clients?.length);
      expect([up.type, down.type]).toEqual([
        cids.servers?.length ? Tls12Cid : ApplicationData,
        cids.clients?.length ? Tls12Cid : Handshake,
      ]);
      expect(up.sequence).toBe(length);
      expect(down.sequence).toBe(MAX_SEQUENCE - length);
      const [told, heard] = [server.open(up)!, client.open(down)!];
      expect([told.type, heard.type]).toEqual([ApplicationData, Handshake]);
      expect(Buffer.compare(told.payload, payload)).toBe(0);
      expect(Buffer.compare(heard.payload, payload)).toBe(0);
    }
  });

  it("open nothing in which one bit was changed, whichever, nor what was cut", () => {
    for (const [, cids] of cases) {
      const { client, server } = pair(suite, cids);
      const length = cids.clients?.length ?? 0;
      const datagram = server.seal(ApplicationData, 5, HELLO);
      expect(client.open(only(datagram, length))).toBeDefined();
      for (let bit = 0; bit < datagram.length * 8; bit++) {
        const changed = Uint8Array.from(datagram);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        for (const record of readRecords(changed, length)) expect(client.open(record)).toBeUndefined();
      }
      const { type, epoch, sequence, cid, header, body } = only(datagram, length);
      for (let end = 0; end < body.length; end++) {
        const shortened = Uint8Array.from(header);
        shortened.set([end >> 8, end & 0xff], shortened.length - 2);
        const cut = { type, epoch, sequence, cid, header: shortened, body: body.subarray(0, end) };
        expect(client.open(cut)).toBeUndefined();
      }
    }
  });

  it("open nothing of their own, nothing of other keys, nothing of another epoch", () => {
    const { client, server } = pair(suite);
    const datagram = server.seal(ApplicationData, 5, HELLO);
    expect(server.open(only(datagram))).toBeUndefined();
    expect(new Protection(suite, keysOf(suite, 2)).open(only(datagram))).toBeUndefined();
    for (const epoch of [0, 2, 0xffff]) expect(client.open({ ...only(datagram), epoch })).toBeUndefined();
  });

  it("never write over a record they gave away, nor over the payload", () => {
    const { client } = pair(suite);
    const payload = Uint8Array.from(HELLO);
    const first = client.seal(ApplicationData, 1, payload);
    const copy = toHex(first);
    client.seal(ApplicationData, 2, payload);
    expect(toHex(first)).toBe(copy);
    expect(toHex(payload)).toBe(toHex(HELLO));
  });

  it("say how much fits: no more than that makes the record longer", () => {
    for (const [, cids] of cases) {
      const { client } = pair(suite, cids);
      for (const length of [0, 12, 40, 100, 101, 117, 1_252, 20_000]) {
        const most = client.maxPayload(length);
        if (most === 0) continue;
        expect(client.seal(ApplicationData, 0, new Uint8Array(most)).length).toBeLessThanOrEqual(length);
        if (most < MAX_PLAINTEXT)
          expect(client.seal(ApplicationData, 0, new Uint8Array(most + 1)).length).toBeGreaterThan(length);
      }
      expect(client.maxPayload(10)).toBe(0);
      expect(client.maxPayload(65_535)).toBe(MAX_PLAINTEXT);
      expect(client.maxPayload(1_252)).toBeGreaterThan(1_170);
    }
  });

  it("refuse to write what is too long, or with a number that is used up", () => {
    const { client } = pair(suite);
    expect(() => client.seal(ApplicationData, 0, new Uint8Array(MAX_PLAINTEXT + 1))).toThrow(RangeError);
    expect(() => client.seal(ApplicationData, MAX_SEQUENCE + 1, HELLO)).toThrow(RangeError);
  });
});

describe("Connection IDs", () => {
  const told = (options: ProtectionOptions, datagram: Uint8Array, cidLength: number) =>
    new Protection(PSK_CCM_8, keysOf(PSK_CCM_8), options).open(only(datagram, cidLength));
  const server = (peerCid?: Uint8Array) =>
    new Protection(PSK_CCM_8, keysOf(PSK_CCM_8), { side: "server", peerCid }).seal(ApplicationData, 1, HELLO);

  it("that we issued must be on every record: a classic one is refused (RFC 9146 §3)", () => {
    expect(told({ ownCid: CLIENT_CID }, server(CLIENT_CID), 2)).toBeDefined();
    expect(told({ ownCid: CLIENT_CID }, server(), 2)).toBeUndefined();
    expect(told({}, server(), 0)).toBeDefined();
  });

  it("of others are refused, even of the same keys and the same length", () => {
    expect(told({ ownCid: CLIENT_CID }, server(fromHex("c1c2")), 2)).toBeUndefined();
    expect(told({ ownCid: fromHex("c1c1c1") }, server(CLIENT_CID), 2)).toBeUndefined();
    expect(told({}, server(CLIENT_CID), 2)).toBeUndefined();
    expect(told({ ownCid: new Uint8Array() }, server(CLIENT_CID), 2)).toBeUndefined();
  });

  it("are ours from then on, whatever becomes of the bytes we were given", () => {
    const given = Uint8Array.from(SERVER_CID);
    const client = new Protection(PSK_CCM_8, keysOf(PSK_CCM_8), { peerCid: given });
    given.fill(0);
    expect(toHex(client.seal(ApplicationData, 1, HELLO).subarray(11, 17))).toBe(toHex(SERVER_CID));
  });
});

describe("keys of another suite", () => {
  it("are refused: those without a MAC where one is wanted, those without a salt elsewhere", () => {
    expect(() => new Protection(PSK_CBC, keysOf(PSK_CCM_8))).toThrow(RangeError);
    expect(() => new Protection(PSK_CCM_8, keysOf(PSK_CBC))).toThrow(RangeError);
  });
});
