import type * as Koffi from "koffi";
import { describe, expect, it } from "vitest";
import { datagramsOf, clientRandomOf, isProtected } from "../../../src/io/openssl/datagrams.ts";
import { failureOf, silence } from "../../../src/io/openssl/failure.ts";
import { findOpenssl, lookForOpenssl } from "../../../src/io/openssl/library.ts";
import { cipherList, overheadOf, USUAL_SUITES } from "../../../src/io/openssl/suites.ts";
import { findTestOpenssl, titled } from "../../support/openssl-server.ts";

const found = await findTestOpenssl();

/** The real koffi, with another function here and there. */
async function koffiWith(change: (definition: string) => string): Promise<typeof Koffi> {
  const koffi = await import("koffi");
  const real = koffi.load(null);
  return { ...koffi, load: () => ({ ...real, func: (definition: string) => real.func(change(definition)) }) };
}

describe("looking for OpenSSL", () => {
  it("says that koffi is missing, and how to get it", async () => {
    const missing = await lookForOpenssl(() => Promise.reject(new Error("Cannot find package 'koffi'")));
    expect(missing).toEqual({
      status: "missing",
      reason:
        "OpenSSL is not there: koffi cannot be loaded (Cannot find package 'koffi'); it is an optional dependency: npm install koffi",
    });
  });

  it("gives the same answer ever after", async () => {
    expect(await findOpenssl()).toBe(await findOpenssl());
  });
});

describe.skipIf(!found.openssl)(titled("looking for OpenSSL, with koffi", found), () => {
  it("finds what Node was built with", () => {
    const version = process.versions.openssl.split("+")[0] ?? "";
    expect(found.openssl?.version).toContain(`OpenSSL ${version}`);
    expect(found.openssl?.versionNumber).toBeGreaterThanOrEqual(0x3000_0000);
  });

  it("says that this Node does not let its functions be called", async () => {
    const koffi = await koffiWith((definition) => definition.replace("DTLSv1_listen", "DTLSv1_deaf"));
    const answer = await lookForOpenssl(() => Promise.resolve(koffi));
    expect(answer).toMatchObject({ status: "missing" });
    expect(JSON.stringify(answer)).toContain(`Node ${process.version} does not let its OpenSSL be called`);
    expect(JSON.stringify(answer)).toContain("DTLSv1_deaf");
  });

  it("does not take one that is too old", async () => {
    // There is no error, so that its number is 0: no version has ever been older.
    const koffi = await koffiWith((definition) => definition.replace("OpenSSL_version_num", "ERR_get_error"));
    const answer = await lookForOpenssl(() => Promise.resolve(koffi));
    expect(JSON.stringify(answer)).toContain("3.0 or later is needed");
  });
});

/** A record of the given type and epoch. */
function record(type: number, epoch: number, body: number): Uint8Array {
  const bytes = new Uint8Array(13 + body).fill(0xee, 13);
  bytes.set([type, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 1, body >> 8, body & 0xff]);
  return bytes;
}

describe("records that OpenSSL left one after the other", () => {
  it("are packed into as few datagrams as hold them, in their order", () => {
    const records = [record(22, 0, 100), record(22, 0, 200), record(20, 0, 1), record(22, 1, 40)];
    const all = new Uint8Array(Buffer.concat(records));
    expect(datagramsOf(all, 1_232)).toEqual([all]);
    expect(datagramsOf(all, 230).map(({ length }) => length)).toEqual([113, 227, 53]);
    expect(datagramsOf(all, 10).map(({ length }) => length)).toEqual([113, 213, 14, 53]);
    expect(new Uint8Array(Buffer.concat(datagramsOf(all, 230)))).toEqual(all);
    expect(datagramsOf(new Uint8Array(0), 100)).toEqual([]);
  });

  it("are not read beyond their end, whatever their lengths claim", () => {
    const lying = record(22, 0, 10);
    lying[11] = 0xff;
    expect(datagramsOf(lying, 1_232)).toEqual([lying]);
    for (let length = 1; length < 30; length++)
      expect(Buffer.concat(datagramsOf(lying.subarray(0, length), 5))).toEqual(Buffer.from(lying.subarray(0, length)));
  });

  it("tell whether one of them is under keys", () => {
    expect(isProtected(Buffer.concat([record(22, 0, 50), record(20, 0, 1)]))).toBe(false);
    expect(isProtected(Buffer.concat([record(22, 0, 50), record(20, 0, 1), record(22, 1, 40)]))).toBe(true);
    expect(isProtected(new Uint8Array(5))).toBe(false);
  });

  it("tell a ClientHello by its random, and nothing else by any", () => {
    const hello = record(22, 0, 60);
    hello.set([1, 0, 0, 48, 0, 0, 0, 0, 0, 0, 0, 48, 0xfe, 0xfd, ...Array.from({ length: 32 }, (_, i) => i)], 13);
    expect(clientRandomOf(hello)).toBe(Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString("hex"));
    for (const [at, value] of [
      [0, 23],
      [4, 1],
      [13, 2],
      [21, 1],
    ] as const) {
      const other = hello.slice();
      other[at] = value;
      expect(clientRandomOf(other), `byte ${at}`).toBeUndefined();
    }
    expect(clientRandomOf(hello.subarray(0, 58))).toBeUndefined();
    expect(clientRandomOf(new Uint8Array(0))).toBeUndefined();
  });
});

describe("cipher suites", () => {
  it("are named as OpenSSL names them, in the order wanted, at a level that lets short tags pass", () => {
    expect(cipherList(USUAL_SUITES, "psk")).toBe("PSK-AES128-CCM8:PSK-AES128-CCM:PSK-AES128-GCM-SHA256:@SECLEVEL=0");
    expect(cipherList([0xc02b, 0xc0ae], "certificate")).toBe(
      "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0",
    );
    expect(cipherList([0xc0ae, 0xc0a8], "both")).toBe("ECDHE-ECDSA-AES128-CCM8:PSK-AES128-CCM8:@SECLEVEL=0");
  });

  it("do not have CBC among them unless it is asked for", () => {
    expect(USUAL_SUITES).not.toContain(0x00ae);
    expect(cipherList([0x00ae], "psk")).toContain("CBC");
  });

  it("cost what their records carry besides the payload", () => {
    expect(overheadOf(0xc0a8)).toBe(13 + 8 + 8);
    expect(overheadOf(0x00a8)).toBe(13 + 8 + 16);
    expect(overheadOf(undefined)).toBe(overheadOf(0x00ae));
  });
});

describe("words for how a line ended", () => {
  const who = "identity `dev1`";

  it("name the identity, and what to look at", () => {
    expect(silence({ heard: false, proved: false, who }).reason).toContain("is the address right");
    expect(silence({ heard: true, proved: false, who }).reason).toContain("large datagrams");
    expect(silence({ heard: true, proved: true, who })).toMatchObject({ kind: "silence-after-finished" });
    const refused = failureOf(
      { status: "failed", reason: "", alert: "unknown_psk_identity" },
      { judgement: undefined, who },
    );
    expect(refused).toEqual({
      kind: "alert",
      alert: "unknown_psk_identity",
      reason: "the peer refused identity `dev1`: it does not know this identity (unknown_psk_identity)",
    });
  });

  it("pass on alerts that have no words of ours, and faults without an alert", () => {
    const known = { judgement: undefined, who };
    expect(failureOf({ status: "failed", reason: "", alert: "user_canceled" }, known).reason).toContain(
      "user_canceled",
    );
    expect(failureOf({ status: "failed", reason: "bad length" }, known)).toEqual({
      kind: "protocol",
      reason: "the handshake failed: bad length",
    });
    expect(failureOf({ status: "closed" }, known)).toMatchObject({ kind: "closed" });
  });
});
