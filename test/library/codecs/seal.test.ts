/** What a sensor's key and counter have been through: wrong keys, damaged frames, replays, new batteries. */

import { createCipheriv } from "node:crypto";
import { describe, expect, it } from "vitest";
import { DecodeError, fromHex, toHex } from "../../../src/base/bytes.ts";
import {
  KeySession,
  type Numbered,
  openBlock,
  openCcm,
  openCtr,
  sessionFor,
} from "../../../src/library/codecs/seal.ts";
import { SealedError } from "../../../src/library/sealed.ts";

const NEED = { lengths: [16], optional: false, where: "nowhere" };
const KEY = fromHex("00112233445566778899AABBCCDDEEFF");
const fresh = () => new KeySession(KEY, NEED);
const at = (counter: number, bits: Numbered["bits"] = 32, authentic = true): Numbered => ({ counter, bits, authentic });
/** A message of its own: another one with this counter has another mark. */
const of = (counter: number, mark: number): Numbered => ({ ...at(counter), mark });
const opens = () => "opened";
const fails = () => undefined;

/** What comes of a message: what was found, `repeated`, or why nothing was. */
function outcome(session: KeySession, numbered: Numbered, attempt: () => string | undefined = opens): string {
  try {
    return session.open(numbered, attempt) ?? "repeated";
  } catch (error) {
    if (error instanceof SealedError) return error.state;
    if (error instanceof DecodeError) return "damaged";
    throw error;
  }
}

describe("a counter", () => {
  it("is later by less than half of its round, and not by half of it (RFC 1982 §3.2)", () => {
    const after = (counter: number) => {
      const session = fresh();
      outcome(session, at(200, 8));
      return outcome(session, at(counter, 8));
    };
    expect([after(201), after(255), after(0), after(71)]).toEqual(["opened", "opened", "opened", "opened"]);
    expect([after(72), after(73), after(199)]).toEqual(["replayed", "replayed", "replayed"]);
  });
});

describe("a key", () => {
  it("of another length is refused where it is given", () => {
    expect(() => new KeySession(new Uint8Array(15), NEED)).toThrow(new RangeError("the key has 16 bytes, not 15"));
    expect(() => new KeySession(new Uint8Array(15), { ...NEED, lengths: [12, 16] })).toThrow("12 or 16 bytes, not 15");
  });

  it("is asked for by name while nobody has told one", () => {
    const session = new KeySession(undefined, NEED);
    expect(session.state).toBeUndefined();
    expect(outcome(session, at(1))).toBe("no-key");
    expect(session.state).toBe("no-key");
    expect(() => sessionFor(undefined)).toThrow(SealedError);
    expect(sessionFor(session)).toBe(session);
  });

  it("that has never opened anything is wrong at once", () => {
    const session = fresh();
    expect(outcome(session, at(1), fails)).toBe("wrong-key");
    expect(session.state).toBe("wrong-key");
  });

  it("that has opened something is wrong after three failures in a row, and not before", () => {
    const session = fresh();
    expect(outcome(session, at(1))).toBe("opened");
    expect([2, 3].map((counter) => outcome(session, at(counter), fails))).toEqual(["damaged", "damaged"]);
    expect(session.state).toBe("opened");
    expect(outcome(session, at(4))).toBe("opened");
    expect([5, 6, 7].map((counter) => outcome(session, at(counter), fails))).toEqual([
      "damaged",
      "damaged",
      "wrong-key",
    ]);
    expect(session.state).toBe("wrong-key");
  });

  it("is right again as soon as it opens something", () => {
    const session = fresh();
    outcome(session, at(1), fails);
    expect(outcome(session, at(2))).toBe("opened");
    expect(session.state).toBe("opened");
  });
});

describe("a counter", () => {
  it("that stands still is the same message heard again: nothing new, and nobody tries to open it", () => {
    const session = fresh();
    outcome(session, at(7));
    expect(outcome(session, at(7), () => expect.unreachable())).toBe("repeated");
  });

  it("that falls is a message said again", () => {
    const session = fresh();
    outcome(session, at(700));
    expect(outcome(session, at(699))).toBe("replayed");
    expect(session.state).toBe("opened");
    expect(outcome(session, at(701))).toBe("opened");
  });

  it("may leave out what was not heard", () => {
    const session = fresh();
    expect([1, 2, 50, 70_000].map((counter) => outcome(session, at(counter)))).toEqual(Array(4).fill("opened"));
  });

  it("goes round after its last number", () => {
    const wide = fresh();
    expect([0xffff_fffe, 0xffff_ffff, 0, 1].map((n) => outcome(wide, at(n)))).toEqual(Array(4).fill("opened"));
    const narrow = fresh();
    expect([254, 255, 3].map((n) => outcome(narrow, at(n, 8)))).toEqual(Array(3).fill("opened"));
    expect(outcome(narrow, at(250, 8))).toBe("replayed");
    const middle = fresh();
    expect([65_535, 0].map((n) => outcome(middle, at(n, 16)))).toEqual(["opened", "opened"]);
  });

  it("that begins anew is believed with the third message that rises: the battery was changed", () => {
    const session = fresh();
    outcome(session, at(5_000));
    expect([0, 1, 2, 3].map((n) => outcome(session, at(n)))).toEqual(["replayed", "replayed", "opened", "opened"]);
    expect(outcome(session, at(2))).toBe("replayed");
  });

  it("is not believed for messages that stand still or fall among themselves", () => {
    const session = fresh();
    outcome(session, at(5_000));
    expect([10, 10, 10, 10, 9, 8, 7].map((n) => outcome(session, at(n)))).toEqual(Array(7).fill("replayed"));
    expect(outcome(session, at(5_001))).toBe("opened");
  });

  it("is not believed while the sensor itself is heard in between", () => {
    const session = fresh();
    outcome(session, at(5_000));
    const heard = [10, 11, 5_001, 12, 13, 5_002, 14].map((n) => outcome(session, at(n)));
    expect(heard).toEqual(["replayed", "replayed", "opened", "replayed", "replayed", "opened", "replayed"]);
  });

  it("of a message that comes again over a slower receiver counts nothing, however many come", () => {
    const session = fresh();
    const all = [100, 101, 102, 103, 104];
    expect(all.map((n) => outcome(session, of(n, n)))).toEqual(Array(5).fill("opened"));
    const again = [...Array<string>(4).fill("replayed"), "repeated"];
    expect([...all, ...all].map((n) => outcome(session, of(n, n)))).toEqual([...again, ...again]);
    expect(outcome(session, of(105, 105))).toBe("opened");
    // Both receivers in turn, one of them three messages behind.
    const mixed = [106, 103, 107, 104, 108, 105].map((n) => outcome(session, of(n, n)));
    expect(mixed).toEqual(["opened", "replayed", "opened", "replayed", "opened", "replayed"]);
  });

  it("that begins anew among numbers just used is known by messages that are not the same", () => {
    const session = fresh();
    [0, 1, 2, 3].map((n) => outcome(session, of(n, n)));
    expect([0, 1, 2, 3, 4].map((n) => outcome(session, of(n, 900 + n)))).toEqual([
      ...["replayed", "replayed", "opened", "opened", "opened"],
    ]);
    // What was said before the battery was changed is an old message still.
    expect([0, 1].map((n) => outcome(session, of(n, n)))).toEqual(["replayed", "replayed"]);
    const still = fresh();
    outcome(still, of(3, 3));
    expect([3, 4].map((n) => outcome(still, of(n, 900 + n)))).toEqual(["replayed", "opened"]);
  });

  it("keeps 16 messages in mind: three older ones could be those of a new battery", () => {
    const session = fresh();
    for (let n = 1; n <= 40; n++) outcome(session, of(n, n));
    expect([25, 26, 27, 28].map((n) => outcome(session, of(n, n)))).toEqual(Array(4).fill("replayed"));
    expect([22, 23, 24].map((n) => outcome(session, of(n, n)))).toEqual(["replayed", "replayed", "opened"]);
  });

  it("of a sensor that is silent can be set back by three recorded messages, until the sensor speaks", () => {
    const session = fresh();
    for (let n = 1; n <= 100; n++) outcome(session, of(n, n));
    expect([10, 11, 12].map((n) => outcome(session, of(n, n)))).toEqual(["replayed", "replayed", "opened"]);
    expect(outcome(session, of(101, 101))).toBe("opened");
    expect(outcome(session, of(13, 13))).toBe("replayed");
  });

  it("goes round without two messages of one number being taken for the same", () => {
    const narrow = fresh();
    const heard = Array.from({ length: 600 }, (_, n) => outcome(narrow, { ...of(n & 0xff, n), bits: 8 }));
    expect(heard).toEqual(Array(600).fill("opened"));
  });

  it("is not moved by what cannot be opened", () => {
    const session = fresh();
    outcome(session, at(100));
    outcome(session, at(4_000), fails);
    expect(outcome(session, at(101))).toBe("opened");
  });

  it("of messages that prove nothing only tells repeated ones", () => {
    const session = fresh();
    expect([9, 4, 4, 2].map((n) => outcome(session, at(n, 16, false)))).toEqual([
      "opened",
      "opened",
      "repeated",
      "opened",
    ]);
  });
});

describe("the ciphers", () => {
  it("open what RFC 3610 seals: packet vector 1, with its tag of eight bytes", () => {
    const opened = openCcm(fromHex("C0C1C2C3C4C5C6C7C8C9CACBCCCDCECF"), {
      nonce: fromHex("00000003020100A0A1A2A3A4A5"),
      sealed: fromHex("588C979A61C663D2F066D0C2C0F989806D5F6B61DAC384"),
      tag: fromHex("17E8D12CFDF926E0"),
      aad: fromHex("0001020304050607"),
    });
    expect(opened && toHex(opened)).toBe("08090a0b0c0d0e0f101112131415161718191a1b1c1d1e");
  });

  it("give nothing where one bit differs", () => {
    const nonce = new Uint8Array(13);
    const cipher = createCipheriv("aes-128-ccm", KEY, nonce, { authTagLength: 4 });
    const sealed = new Uint8Array(cipher.update(fromHex("02CA0903BF13")));
    cipher.final();
    const tag = new Uint8Array(cipher.getAuthTag());
    expect(toHex(openCcm(KEY, { nonce, sealed, tag }) ?? new Uint8Array())).toBe("02ca0903bf13");
    for (let bit = 0; bit < 80; bit++) {
      const all = Uint8Array.of(...sealed, ...tag);
      all[bit >> 3] = all[bit >> 3]! ^ (1 << (bit & 7));
      expect(openCcm(KEY, { nonce, sealed: all.subarray(0, 6), tag: all.subarray(6) })).toBeUndefined();
    }
  });

  it("agree with FIPS 197, appendix C.1, and with NIST SP 800-38A, F.5.1", () => {
    const block = openBlock(fromHex("000102030405060708090A0B0C0D0E0F"), fromHex("69C4E0D86A7B0430D8CDB78070B4C55A"));
    expect(toHex(block)).toBe("00112233445566778899aabbccddeeff");
    const key = fromHex("2B7E151628AED2A6ABF7158809CF4F3C");
    const counter = fromHex("F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF");
    expect(toHex(openCtr(key, counter, fromHex("874D6191B620E3261BEF6864990DB6CE")))).toBe(
      "6bc1bee22e409f96e93d7e117393172a",
    );
  });
});
