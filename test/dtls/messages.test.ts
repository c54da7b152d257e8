import { describe, expect, it } from "vitest";
import { DecodeError, fromHex, toHex } from "../../src/base/bytes.ts";
import {
  decodeCertificateList,
  decodeCertificateRequest,
  decodeEcdheKeyExchange,
  decodeEcdhePskKeyExchange,
  decodeHelloVerifyRequest,
  decodeNothing,
  decodePskKeyExchange,
  decodeRawPublicKey,
  decodeServerHello,
  encodeCertificateList,
  encodeCertificateVerify,
  encodeClientHello,
  encodeClientKeyExchange,
  encodeRawPublicKey,
} from "../../src/dtls/messages.ts";
import { mutate } from "../support/mutate.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { readClientHello } from "./support/server/codec.ts";

const random = "00".repeat(31) + "ff";
const point = `04${"ab".repeat(64)}`;
const parameters = `03 0017 41 ${point}`;

/** Each message that a server may send, as bytes that read well. */
const GOOD = {
  HelloVerifyRequest: ["feff 04 01020304", decodeHelloVerifyRequest],
  ServerHello: [`fefd ${random} 02 aabb c0a8 00 0005 ff01 0001 00`, decodeServerHello],
  Certificate: ["000009 000002 3000 000001 30", decodeCertificateList],
  "raw public key": ["000003 300101", decodeRawPublicKey],
  "ServerKeyExchange of PSK": ["0004 68696e74", decodePskKeyExchange],
  "ServerKeyExchange of ECDHE_PSK": [`0000 ${parameters}`, decodeEcdhePskKeyExchange],
  "ServerKeyExchange of ECDHE_ECDSA": [`${parameters} 0403 0002 3000`, decodeEcdheKeyExchange],
  CertificateRequest: ["02 0140 0004 0403 0501 0005 0003 301020", decodeCertificateRequest],
} as const;

describe("what a client writes", () => {
  it("ClientHello: the one that a recorded client sent to Scandium (RFC 6347 §4.3.2)", () => {
    const clientRandom = fromHex("d0246807a3a48e8dd42919cd020f47a287616bf8ea77478e3540f97f8b9b39f6");
    const hello = {
      random: clientRandom,
      sessionId: new Uint8Array(0),
      cookie: new Uint8Array(0),
      suites: [0xc0a8, 0x00ff],
      extensions: fromHex("00170000 00360001 00"),
    };
    expect(toHex(encodeClientHello(hello))).toBe(
      `fefd${toHex(clientRandom)}00000004c0a800ff01000009001700000036000100`,
    );
  });

  it("ClientHello with session id, cookie and extensions, as a server reads it", () => {
    const hello = {
      random: fromHex(random),
      sessionId: fromHex("0102"),
      cookie: fromHex("030405"),
      suites: [0xc0ae, 0xc02b, 0x00ff],
      extensions: fromHex("000a 0004 0002 0017"),
    };
    const read = readClientHello(encodeClientHello(hello));
    expect(read).toMatchObject({
      version: 0xfefd,
      sessionId: hello.sessionId,
      cookie: hello.cookie,
      suites: hello.suites,
    });
    expect(read.extensions.get(10)).toEqual(fromHex("0002 0017"));
  });

  it.each([
    ["a pre-shared key: the identity (RFC 4279 §2)", fromHex("6465 7631"), undefined, "0004 64657631"],
    ["ECDHE_ECDSA: the point (RFC 8422 §5.7)", undefined, fromHex(point), `41 ${point}`],
    ["ECDHE_PSK: both (RFC 5489 §2)", fromHex("64"), fromHex(point), `0001 64 41 ${point}`],
  ])("ClientKeyExchange with %s", (_, identity, ownPoint, hex) => {
    expect(encodeClientKeyExchange(identity, ownPoint)).toEqual(fromHex(hex));
  });

  it("Certificate: a list, each with its length; none at all; and a bare key without a list", () => {
    const chain = [fromHex("3001ff"), fromHex("3000")];
    expect(encodeCertificateList(chain)).toEqual(fromHex("00000b 000003 3001ff 000002 3000"));
    expect(decodeCertificateList(encodeCertificateList(chain))).toEqual(chain);
    expect(encodeCertificateList([])).toEqual(fromHex("000000"));
    expect(encodeRawPublicKey(fromHex("3000"))).toEqual(fromHex("000002 3000"));
  });

  it("CertificateVerify: algorithm, length, signature (RFC 5246 §7.4.8)", () => {
    const written = encodeCertificateVerify({ scheme: 0x0403, value: fromHex("30021122") });
    expect(written).toEqual(fromHex("0403 0004 30021122"));
  });
});

describe("what a server writes", () => {
  it("HelloVerifyRequest: the cookie, whichever version of DTLS it names", () => {
    expect(decodeHelloVerifyRequest(fromHex("feff 02 0102"))).toEqual(fromHex("0102"));
    expect(decodeHelloVerifyRequest(fromHex("fefd 00"))).toEqual(new Uint8Array(0));
    expect(() => decodeHelloVerifyRequest(fromHex("0303 02 0102"))).toThrow(DecodeError);
  });

  it("ServerHello with extensions, with an empty list of them, and without any", () => {
    const bare = `fefd ${random} 00 00a8 00`;
    expect(decodeServerHello(fromHex(GOOD.ServerHello[0]))).toMatchObject({
      version: 0xfefd,
      sessionId: fromHex("aabb"),
      suite: 0xc0a8,
      compression: 0,
      extensions: fromHex("ff01 0001 00"),
    });
    expect(decodeServerHello(fromHex(`${bare} 0000`)).extensions).toEqual(new Uint8Array(0));
    expect(decodeServerHello(fromHex(bare)).extensions).toBeUndefined();
  });

  it("a session id of more than 32 bytes is refused (RFC 5246 §7.4.1.3)", () => {
    expect(() => decodeServerHello(fromHex(`fefd ${random} 21 ${"aa".repeat(33)} 00a8 00`))).toThrow("33 bytes");
  });

  it("ServerKeyExchange: what is signed is curve and point, as they stand there", () => {
    const read = decodeEcdheKeyExchange(fromHex(GOOD["ServerKeyExchange of ECDHE_ECDSA"][0]));
    expect(read.parameters).toEqual(fromHex(parameters));
    expect(read).toMatchObject({
      curve: 23,
      point: fromHex(point),
      signature: { scheme: 0x0403, value: fromHex("3000") },
    });
    expect(decodeEcdhePskKeyExchange(fromHex(`0003 616263 ${parameters}`)).parameters).toEqual(fromHex(parameters));
  });

  it.each(["01", "02"])("explicit curves (type %s) are refused (RFC 8422 §5.4)", (type) => {
    expect(() => decodeEcdhePskKeyExchange(fromHex(`0000 ${type} 0017 41 ${point}`))).toThrow(DecodeError);
  });

  it("CertificateRequest: types and algorithms; the names of authorities may be missing", () => {
    const read = decodeCertificateRequest(fromHex(GOOD.CertificateRequest[0]));
    expect(read).toEqual({ types: fromHex("0140"), schemes: [0x0403, 0x0501] });
    expect(decodeCertificateRequest(fromHex("01 40 0002 0403 0000")).schemes).toEqual([0x0403]);
  });

  it.each([
    ["no types", "00 0002 0403 0000"],
    ["no algorithms", "01 40 0000 0000"],
    ["half an algorithm", "01 40 0003 040301 0000"],
    ["a name that is cut off", "01 40 0002 0403 0003 0005 30"],
  ])("CertificateRequest with %s is refused (RFC 5246 §7.4.4)", (_, hex) => {
    expect(() => decodeCertificateRequest(fromHex(hex))).toThrow(DecodeError);
  });

  it.each([
    ["an empty certificate", "000003 000000"],
    ["a certificate beyond its list", "000004 000002 30"],
    ["a list beyond its message", "000009 000002 3000"],
  ])("Certificate with %s is refused (RFC 5246 §7.4.2)", (_, hex) => {
    expect(() => decodeCertificateList(fromHex(hex))).toThrow(DecodeError);
  });

  it("an empty raw public key is refused, and a message that should say nothing says nothing", () => {
    expect(() => decodeRawPublicKey(fromHex("000000"))).toThrow(DecodeError);
    expect(() => decodeNothing(fromHex("00"))).toThrow(DecodeError);
    expect(() => decodeNothing(new Uint8Array(0))).not.toThrow();
  });

  describe.each(Object.entries(GOOD))("%s", (_, [hex, decode]) => {
    const bytes = fromHex(hex);

    it("is refused cut off anywhere", () => {
      for (let length = 0; length < bytes.length; length++) {
        // Extensions may be left out as a whole.
        if (decode === decodeServerHello && length === bytes.length - 7) continue;
        expect(() => decode(bytes.subarray(0, length)), `${length} bytes`).toThrow(DecodeError);
      }
    });

    it("is refused with bytes left over", () => {
      expect(() => decode(Uint8Array.of(...bytes, 0))).toThrow(DecodeError);
    });

    it("ends in DecodeError, or in a value, whatever comes", () => {
      const seeded = new SeededRandom(7);
      for (let i = 0; i < 5_000; i++) {
        try {
          decode(i % 5 === 0 ? seeded.bytes(seeded.below(120)) : mutate(bytes, seeded));
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }
    });
  });
});
