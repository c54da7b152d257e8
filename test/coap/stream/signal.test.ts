/** What the ends of a stream tell each other about it, byte by byte (RFC 8323 §5). */

import { describe, expect, it } from "vitest";
import { DecodeError, fromHex, toHex } from "../../../src/base/bytes.ts";
import { encodeMessage } from "../../../src/coap/codec.ts";
import type { Option } from "../../../src/coap/message.ts";
import { FrameReader } from "../../../src/coap/stream/frame.ts";
import {
  encodeAbort,
  encodePing,
  encodePong,
  encodeRelease,
  encodeSettings,
  readSignal,
  type Signal,
  SignalCode,
} from "../../../src/coap/stream/signal.ts";
import { FUZZ_INPUTS, FUZZ_TIMEOUT_MS, mutate } from "../../support/mutate.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const NOTHING = new Uint8Array(0);

function signal(code: number, options: readonly Option[] = [], payload = "", token: Uint8Array = NOTHING): Signal {
  return readSignal(
    encodeMessage({ type: "NON", code, messageId: 0, token, options, payload: new TextEncoder().encode(payload) }),
  );
}

const option = (number: number, hex = ""): Option => ({ number, value: fromHex(hex) });

/** What a frame of ours says to a peer who reads as we do. */
function heard(frame: Uint8Array): Signal {
  let found: Signal | undefined;
  new FrameReader(2_000, (datagram) => (found = readSignal(datagram))).push(frame);
  return found!;
}

describe("signals as they stand on the wire", () => {
  it("are a Ping and its Pong (RFC 8323 §5.7)", () => {
    expect(toHex(encodePing(Uint8Array.of(0x42), false))).toBe("01e242");
    expect(toHex(encodePong(Uint8Array.of(0x42)))).toBe("01e342");
  });

  it("ask for custody with an empty option 2 (§5.4.1)", () => {
    expect(toHex(encodePing(fromHex("1234"), true))).toBe("12e2123420");
  });

  it("introduce us with the longest message that we take, and that we know blocks (§5.3)", () => {
    expect(toHex(encodeSettings(1_152))).toBe("40e1" + "220480" + "20");
    expect(heard(encodeSettings(16_640))).toEqual({ kind: "csm", maxMessage: 16_640, blockwise: true });
  });

  it("take our leave in two bytes (§5.5)", () => {
    expect(toHex(encodeRelease())).toBe("00e4");
  });

  it("say why we give up, and which option of a CSM was too much (§5.6)", () => {
    expect(heard(encodeAbort("no"))).toEqual({ kind: "abort", words: "no" });
    expect(toHex(encodeAbort("no", 7))).toBe("50e5" + "2107" + "ff6e6f");
  });
});

describe("a CSM", () => {
  it("that says nothing changes nothing", () => {
    expect(signal(SignalCode.CSM)).toEqual({ kind: "csm" });
  });

  it("says how much the peer takes", () => {
    expect(signal(SignalCode.CSM, [option(2, "800100")])).toEqual({ kind: "csm", maxMessage: 8_388_864 });
    expect(signal(SignalCode.CSM, [option(2, "00000480")])).toEqual({ kind: "csm", maxMessage: 1_152 });
  });

  it("is as if an elective option were not there whose value is no number of four bytes", () => {
    expect(signal(SignalCode.CSM, [option(2, "0102030405")])).toEqual({ kind: "csm" });
  });

  it("may have elective options that nobody here knows", () => {
    expect(signal(SignalCode.CSM, [option(4), option(6, "01"), option(100)])).toEqual({ kind: "csm", blockwise: true });
  });

  it("names a critical option that nobody here knows (§5.2)", () => {
    expect(signal(SignalCode.CSM, [option(1, "61")])).toEqual({ kind: "foreign", option: 1, csm: true });
  });
});

describe("other signals", () => {
  it("are told by their codes", () => {
    expect(signal(SignalCode.Ping, [option(2)], "", Uint8Array.of(1))).toEqual({ kind: "ping", token: fromHex("01") });
    expect(signal(SignalCode.Pong, [option(2)], "", Uint8Array.of(2))).toEqual({ kind: "pong", token: fromHex("02") });
    expect(signal(0xe6)).toEqual({ kind: "unknown" });
    expect(signal(0xff)).toEqual({ kind: "unknown" });
  });

  it("name a critical option that nobody here knows", () => {
    expect(signal(SignalCode.Ping, [option(9)])).toEqual({ kind: "foreign", option: 9, csm: false });
  });

  it("say where else to go, how long to stay away, and why (§5.5)", () => {
    const said = signal(SignalCode.Release, [option(2, "612e623a31"), option(4, "3c")], "going down");
    expect(said).toEqual({ kind: "release", alternative: "a.b:1", holdOff: 60, words: "going down" });
  });

  it("say no time where the option is none", () => {
    const said = signal(SignalCode.Release, [option(4, "01020304")]);
    expect(said).toEqual({ kind: "release", alternative: undefined, holdOff: 0, words: "" });
  });

  it("keep their words to one line, without control characters, and not too long", () => {
    const said = signal(SignalCode.Abort, [], `bad\r\nthing\u0007${"x".repeat(500)}`);
    expect(said.kind === "abort" && said.words).toMatch(/^bad thing x{100,200}$/);
  });

  it("end in DecodeError or in a signal, whatever the bytes", { timeout: FUZZ_TIMEOUT_MS }, () => {
    const random = new SeededRandom(5);
    const seed = encodeMessage({
      type: "NON",
      code: SignalCode.Release,
      messageId: 0,
      token: fromHex("0102"),
      options: [option(2, "612e623a31"), option(4, "3c")],
      payload: fromHex("c3a4ff"),
    });
    for (let i = 0; i < FUZZ_INPUTS; i++) {
      const bytes = mutate(seed, random);
      try {
        expect(readSignal(bytes).kind).toBeTypeOf("string");
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
      }
    }
  });
});
