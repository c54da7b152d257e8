/** RFC 8613 Appendix C, byte for byte. */

import { createSecretKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { decodeMessage, encodeMessage } from "../../src/coap/index.ts";
import { additionalData } from "../../src/oscore/aead.ts";
import { type Context, deriveContext, nonceOf, type OscoreSecrets, partialIvOf } from "../../src/oscore/context.ts";
import { decodeOption, OSCORE } from "../../src/oscore/option.ts";
import { protectRequest, protectResponse, unprotectRequest, unprotectResponse } from "../../src/oscore/protect.ts";
import { hex } from "./support.ts";

const masterSecret = createSecretKey(hex("0102030405060708090a0b0c0d0e0f10"));
const masterSalt = hex("9e7ca92223786340");
const idContext = hex("37cbf3210017a2d3");
const swapped = ({ senderId, recipientId, ...rest }: OscoreSecrets): OscoreSecrets => ({
  ...rest,
  senderId: recipientId,
  recipientId: senderId,
});

const C1: OscoreSecrets = { masterSecret, masterSalt, senderId: hex(""), recipientId: hex("01") };
const C2: OscoreSecrets = { masterSecret, senderId: hex("00"), recipientId: hex("01") };
const C3: OscoreSecrets = { masterSecret, masterSalt, senderId: hex(""), recipientId: hex("01"), idContext };

interface Derived {
  readonly name: string;
  readonly secrets: OscoreSecrets;
  readonly senderKey: string;
  readonly recipientKey: string;
  readonly commonIv: string;
  readonly senderNonce: string;
  readonly recipientNonce: string;
}

const DERIVED: readonly Derived[] = [
  {
    name: "C.1, with a salt, of the client",
    secrets: C1,
    senderKey: "f0910ed7295e6ad4b54fc793154302ff",
    recipientKey: "ffb14e093c94c9cac9471648b4f98710",
    commonIv: "4622d4dd6d944168eefb54987c",
    senderNonce: "4622d4dd6d944168eefb54987c",
    recipientNonce: "4722d4dd6d944169eefb54987c",
  },
  {
    name: "C.1, with a salt, of the server",
    secrets: swapped(C1),
    senderKey: "ffb14e093c94c9cac9471648b4f98710",
    recipientKey: "f0910ed7295e6ad4b54fc793154302ff",
    commonIv: "4622d4dd6d944168eefb54987c",
    senderNonce: "4722d4dd6d944169eefb54987c",
    recipientNonce: "4622d4dd6d944168eefb54987c",
  },
  {
    name: "C.2, without a salt, of the client",
    secrets: C2,
    senderKey: "321b26943253c7ffb6003b0b64d74041",
    recipientKey: "e57b5635815177cd679ab4bcec9d7dda",
    commonIv: "be35ae297d2dace910c52e99f9",
    senderNonce: "bf35ae297d2dace910c52e99f9",
    recipientNonce: "bf35ae297d2dace810c52e99f9",
  },
  {
    name: "C.2, without a salt, of the server",
    secrets: swapped(C2),
    senderKey: "e57b5635815177cd679ab4bcec9d7dda",
    recipientKey: "321b26943253c7ffb6003b0b64d74041",
    commonIv: "be35ae297d2dace910c52e99f9",
    senderNonce: "bf35ae297d2dace810c52e99f9",
    recipientNonce: "bf35ae297d2dace910c52e99f9",
  },
  {
    name: "C.3, with an ID Context, of the client",
    secrets: C3,
    senderKey: "af2a1300a5e95788b356336eeecd2b92",
    recipientKey: "e39a0c7c77b43f03b4b39ab9a268699f",
    commonIv: "2ca58fb85ff1b81c0b7181b85e",
    senderNonce: "2ca58fb85ff1b81c0b7181b85e",
    recipientNonce: "2da58fb85ff1b81d0b7181b85e",
  },
  {
    name: "C.3, with an ID Context, of the server",
    secrets: swapped(C3),
    senderKey: "e39a0c7c77b43f03b4b39ab9a268699f",
    recipientKey: "af2a1300a5e95788b356336eeecd2b92",
    commonIv: "2ca58fb85ff1b81c0b7181b85e",
    senderNonce: "2da58fb85ff1b81d0b7181b85e",
    recipientNonce: "2ca58fb85ff1b81c0b7181b85e",
  },
];

const keyOf = ({ senderKey, recipientKey }: Context, whose: "sender" | "recipient") =>
  (whose === "sender" ? senderKey : recipientKey).export().toString("hex");

describe("keys and nonces (RFC 8613 §3.2, §5.2)", () => {
  it.each(DERIVED)("are those of $name", ({ secrets, ...expected }) => {
    const context = deriveContext(secrets);
    expect(keyOf(context, "sender")).toBe(expected.senderKey);
    expect(keyOf(context, "recipient")).toBe(expected.recipientKey);
    expect(toHex(context.commonIv)).toBe(expected.commonIv);
    expect(toHex(nonceOf(context, context.senderId, partialIvOf(0)))).toBe(expected.senderNonce);
    expect(toHex(nonceOf(context, context.recipientId, partialIvOf(0)))).toBe(expected.recipientNonce);
  });

  it("of the message numbered 20 are those of C.4, and so is what is authenticated beside it", () => {
    const context = deriveContext(C1);
    expect(toHex(nonceOf(context, hex(""), partialIvOf(20)))).toBe("4622d4dd6d944168eefb549868");
    const data = additionalData(context.aead, { kid: hex(""), partialIv: hex("14") });
    expect(toHex(data)).toBe("8368456e63727970743040488501810a40411440");
  });
});

const REQUESTS = [
  {
    name: "C.4",
    secrets: C1,
    plain: "44015d1f00003974396c6f63616c686f737483747631",
    wire: "44025d1f00003974396c6f63616c686f7374620914ff612f1092f1776f1c1668b3825e",
  },
  {
    name: "C.5, whose id is a zero",
    secrets: C2,
    plain: "440171c30000b932396c6f63616c686f737483747631",
    wire: "440271c30000b932396c6f63616c686f737463091400ff4ed339a5a379b0b8bc731fffb0",
  },
  {
    name: "C.6, with an ID Context",
    secrets: C3,
    plain: "44012f8eef9bbf7a396c6f63616c686f737483747631",
    wire: "44022f8eef9bbf7a396c6f63616c686f73746b19140837cbf3210017a2d3ff72cd7273fd331ac45cffbe55c3",
  },
] as const;

describe("requests", () => {
  it.each(REQUESTS)("are protected as in $name", ({ secrets, plain, wire }) => {
    const [outer] = protectRequest(deriveContext(secrets), decodeMessage(hex(plain)), 20);
    expect(toHex(encodeMessage(outer))).toBe(wire);
  });

  it.each(REQUESTS)("are read as in $name", ({ secrets, plain, wire }) => {
    const outer = decodeMessage(hex(wire));
    const value = outer.options.find(({ number }) => number === OSCORE)?.value;
    const { kid, partialIv } = decodeOption(value ?? hex(""));
    if (!kid || !partialIv) throw new Error("names no context");
    const inner = unprotectRequest(deriveContext(swapped(secrets)), outer, { kid, partialIv });
    expect(inner && toHex(encodeMessage(inner))).toBe(plain);
  });
});

const RESPONSES = [
  {
    name: "C.7, under the number of the request",
    sequence: undefined,
    wire: "64445d1f0000397490ffdbaad1e9a7e7b2a813d3c31524378303cdafae119106",
  },
  {
    name: "C.8, under a number of its own",
    sequence: 0,
    wire: "64445d1f00003974920100ff4d4c13669384b67354b2b6175ff4b8658c666a6cf88e",
  },
] as const;
const PLAIN_RESPONSE = "64455d1f00003974ff48656c6c6f20576f726c6421";
const REQUEST = { kid: hex(""), partialIv: hex("14") };

describe("responses", () => {
  it.each(RESPONSES)("are protected as in $name", ({ sequence, wire }) => {
    const context = deriveContext(swapped(C1));
    const outer = protectResponse(context, decodeMessage(hex(PLAIN_RESPONSE)), REQUEST, sequence);
    expect(toHex(encodeMessage(outer))).toBe(wire);
  });

  it.each(RESPONSES)("are read as in $name", ({ wire }) => {
    const outer = decodeMessage(hex(wire));
    const option = decodeOption(outer.options.find(({ number }) => number === OSCORE)?.value ?? hex("01"));
    const inner = unprotectResponse(deriveContext(C1), outer, option, REQUEST);
    expect(inner && toHex(encodeMessage(inner))).toBe(PLAIN_RESPONSE);
  });
});
