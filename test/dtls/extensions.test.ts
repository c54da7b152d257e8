import { describe, expect, it } from "vitest";
import { DecodeError, fromHex, toHex } from "../../src/base/bytes.ts";
import { HandshakeFault } from "../../src/dtls/alert.ts";
import { ExtensionId } from "../../src/dtls/constants.ts";
import { encodeOffer, type Offer, readAnswer } from "../../src/dtls/extensions.ts";
import { mutate } from "../support/mutate.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const NOTHING: Offer = {
  serverName: undefined,
  curves: false,
  signatures: false,
  rawPublicKeys: false,
  encryptThenMac: false,
  ownCid: undefined,
};
const ALL: Offer = {
  serverName: "example.org",
  curves: true,
  signatures: true,
  rawPublicKeys: true,
  encryptThenMac: true,
  ownCid: fromHex("0102"),
};

/** The alert that an answer ends in; undefined: it is taken. */
function alertOf(hex: string, offer: Offer = ALL): string | undefined {
  try {
    readAnswer(fromHex(hex), offer);
    return undefined;
  } catch (error) {
    if (error instanceof DecodeError) return "decode_error";
    if (error instanceof HandshakeFault) return error.alert;
    throw error;
  }
}

describe("what is offered", () => {
  it.each<[string, Partial<Offer>, string]>([
    ["always the extended master secret (RFC 7627 §5.1)", {}, "0017 0000"],
    ["an empty Connection ID (RFC 9146 §3)", { ownCid: new Uint8Array(0) }, "0017 0000 0036 0001 00"],
    ["one of four bytes", { ownCid: fromHex("deadbeef") }, "0017 0000 0036 0005 04deadbeef"],
    ["the curve and the form of its points", { curves: true }, "000a 0004 0002 0017 000b 0002 0100 0017 0000"],
    ["the signature algorithm", { signatures: true }, "000d 0004 0002 0403 0017 0000"],
    [
      "raw public keys for both ends (RFC 7250 §4.1)",
      { rawPublicKeys: true },
      "0013 0002 0102 0014 0002 0102 0017 0000",
    ],
    ["encrypt-then-MAC (RFC 7366 §2)", { encryptThenMac: true }, "0016 0000 0017 0000"],
    ["the name of the server (RFC 6066 §3)", { serverName: "a.b" }, "0000 0008 0006 00 0003 612e62 0017 0000"],
  ])("%s", (_, offer, hex) => {
    expect(toHex(encodeOffer({ ...NOTHING, ...offer }))).toBe(toHex(fromHex(hex)));
  });

  it("comes in the order of the numbers, each once", () => {
    const bytes = Buffer.from(encodeOffer(ALL));
    const ids: number[] = [];
    for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt16BE(at + 2)) ids.push(bytes.readUInt16BE(at));
    expect(ids).toEqual([0, 10, 11, 13, 19, 20, 22, 23, 54]);
  });
});

describe("what is answered", () => {
  it("nothing, in a list or without one", () => {
    const nothing = {
      extendedMasterSecret: false,
      encryptThenMac: false,
      peerCid: undefined,
      rawClientKey: false,
      rawServerKey: false,
    };
    expect(readAnswer(undefined, ALL)).toEqual(nothing);
    expect(readAnswer(new Uint8Array(0), ALL)).toEqual(nothing);
  });

  it("all that was offered", () => {
    const hex = "ff01 0001 00 0000 0000 000b 0002 0100 0013 0001 02 0014 0001 02 0016 0000 0017 0000 0036 0003 02abcd";
    expect(readAnswer(fromHex(hex), ALL)).toEqual({
      extendedMasterSecret: true,
      encryptThenMac: true,
      peerCid: fromHex("abcd"),
      rawClientKey: true,
      rawServerKey: true,
    });
  });

  it("an empty Connection ID: agreed on, and none in what we send", () => {
    expect(readAnswer(fromHex("0036 0001 00"), ALL).peerCid).toEqual(new Uint8Array(0));
  });

  it("a Connection ID is ours to keep: not a view of what was received", () => {
    const bytes = fromHex("0036 0003 02abcd");
    const { peerCid } = readAnswer(bytes, ALL);
    bytes.fill(0);
    expect(peerCid).toEqual(fromHex("abcd"));
  });

  it.each<[string, string, Partial<Offer>]>([
    ["server_name", "0000 0000", { serverName: undefined }],
    ["supported_groups", "000a 0004 0002 0017", { curves: false }],
    ["ec_point_formats", "000b 0002 0100", { curves: false }],
    ["signature_algorithms", "000d 0004 0002 0403", { signatures: false }],
    ["client_certificate_type", "0013 0001 02", { rawPublicKeys: false }],
    ["server_certificate_type", "0014 0001 02", { rawPublicKeys: false }],
    ["encrypt_then_mac", "0016 0000", { encryptThenMac: false }],
    ["connection_id", "0036 0001 00", { ownCid: undefined }],
    ["session_ticket, which we never offer", "0023 0000", {}],
    ["max_fragment_length, which we never offer", "0001 0001 01", {}],
    ["the Connection ID of before RFC 9146", "0035 0001 00", {}],
    ["one that nobody knows", "fafa 0000", {}],
  ])("%s unasked is unsupported_extension (RFC 5246 §7.4.1.4)", (_, hex, offer) => {
    expect(alertOf(hex, { ...ALL, ...offer })).toBe("unsupported_extension");
  });

  it.each([
    ["server_name with a name in it (RFC 6066 §3)", "0000 0001 00", "decode_error"],
    ["supported_groups, which is a client's", "000a 0004 0002 0017", "illegal_parameter"],
    ["signature_algorithms, which is a client's (RFC 5246 §7.4.1.4.1)", "000d 0004 0002 0403", "illegal_parameter"],
    ["point formats without the uncompressed one (RFC 8422 §5.1.2)", "000b 0003 020102", "illegal_parameter"],
    ["an empty list of point formats", "000b 0001 00", "decode_error"],
    ["point formats that are cut off", "000b 0002 0200", "decode_error"],
    ["point formats with more behind them", "000b 0003 010000", "decode_error"],
    ["point formats without anything", "000b 0000", "decode_error"],
    ["a client_certificate_type of X.509, which was not offered", "0013 0001 00", "illegal_parameter"],
    ["a server_certificate_type of X.509, which was not offered", "0014 0001 00", "illegal_parameter"],
    ["a list of certificate types, as a client sends it", "0014 0002 0102", "decode_error"],
    ["no certificate type", "0013 0000", "decode_error"],
    ["encrypt_then_mac with something in it", "0016 0001 00", "decode_error"],
    ["extended_master_secret with something in it", "0017 0001 00", "decode_error"],
    ["a Connection ID without its length", "0036 0000", "decode_error"],
    ["a Connection ID that is cut off", "0036 0002 0201", "decode_error"],
    ["a Connection ID with more behind it", "0036 0003 010203", "decode_error"],
    ["renegotiation_info without a field", "ff01 0000", "handshake_failure"],
    [
      "renegotiation_info as if there had been a handshake before (RFC 5746 §3.4)",
      "ff01 0002 01ff",
      "handshake_failure",
    ],
    ["an extension that is cut off", "0017 0001", "decode_error"],
    ["half a header", "0017 00", "decode_error"],
  ])("%s ends in %s, %s", (_, hex, alert) => {
    expect(alertOf(hex)).toBe(alert);
  });

  it.each([
    "ff01 0001 00",
    "0000 0000",
    "000b 0002 0100",
    "0013 0001 02",
    "0014 0001 02",
    "0016 0000",
    "0017 0000",
    "0036 0001 00",
  ])("%s twice is illegal_parameter", (hex) => {
    expect(alertOf(hex)).toBeUndefined();
    expect(alertOf(`${hex} ${hex}`)).toBe("illegal_parameter");
  });

  it("every number there is, unasked, is refused but for the two that are always offered", () => {
    const taken = [];
    for (let id = 0; id <= 0xffff; id++)
      if (alertOf(`${id.toString(16).padStart(4, "0")} 0000`, NOTHING) !== "unsupported_extension") taken.push(id);
    expect(taken).toEqual([ExtensionId.ExtendedMasterSecret, ExtensionId.RenegotiationInfo]);
  });

  it("ends in a fault, a DecodeError, or a value, whatever comes", () => {
    const seeded = new SeededRandom(11);
    const good = fromHex("ff01 0001 00 000b 0002 0100 0013 0001 02 0014 0001 02 0016 0000 0017 0000 0036 0003 02abcd");
    for (let i = 0; i < 20_000; i++)
      expect(() => alertOf(toHex(i % 5 === 0 ? seeded.bytes(seeded.below(40)) : mutate(good, seeded)))).not.toThrow();
  });
});
