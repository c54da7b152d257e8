import { describe, expect, it } from "vitest";
import type { Credentials } from "../../../src/base/credentials.ts";
import { settingsOf } from "../../../src/dtls/handshake/settings.ts";
import { dtls, type DtlsOptions } from "../../../src/dtls/index.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { pskCredentials, rawPair, rpkCredentials, STAMP } from "../support/bench.ts";

const pair = rawPair();
const raw = rpkCredentials(pair, pair);
const options = (change: Partial<DtlsOptions> = {}): DtlsOptions => ({
  credentials: pskCredentials(),
  random: new SeededRandom(1),
  now: () => STAMP,
  ...change,
});
const suitesOf = (change: Partial<DtlsOptions>) => settingsOf(options(change)).suites.map(({ id }) => id);

describe("the options of an association", () => {
  it("complete themselves: CCM-8 before GCM, a second, an empty Connection ID (RFC 7925 §4, RFC 6347 §4.2.4.1)", () => {
    expect(settingsOf(options())).toMatchObject({
      ownCidLength: 0,
      retransmitMs: 1_000,
      requireExtendedMasterSecret: false,
      name: "the server",
    });
    expect(suitesOf({})).toEqual([0xc0a8, 0x00a8]);
    expect(suitesOf({ credentials: raw })).toEqual([0xc0ae, 0xc02b]);
  });

  it("keep the order of the suites that fit the credentials", () => {
    const suites = [0xd001, 0xc0ac, 0x1234, 0xc0a4, 0xc0a8];
    expect(suitesOf({ suites })).toEqual([0xd001, 0xc0a4, 0xc0a8]);
    expect(suitesOf({ suites, credentials: raw })).toEqual([0xc0ac]);
  });

  it("offer CBC only where it is allowed", () => {
    const suites = [0x00ae, 0xc0a8, 0xc037];
    expect(suitesOf({ suites })).toEqual([0xc0a8]);
    expect(suitesOf({ suites, allowCbc: true })).toEqual(suites);
  });

  it("false: no Connection ID at all", () => {
    expect(settingsOf(options({ ownCidLength: false })).ownCidLength).toBeUndefined();
  });

  it.each<[string, Partial<DtlsOptions>, string]>([
    ["no suite", { suites: [] }, "psk"],
    ["suites that need a certificate", { suites: [0xc0ae] }, "psk"],
    ["CBC alone, without leave", { suites: [0x00ae] }, "psk"],
    ["suites of a pre-shared key", { suites: [0xc0a8], credentials: raw satisfies Credentials }, "rpk"],
    ["a wait too short", { retransmitMs: 199 }, "200 to 9000"],
    ["a wait too long", { retransmitMs: 9_001 }, "200 to 9000"],
    ["a wait that is no number", { retransmitMs: Number.NaN }, "200 to 9000"],
    ["a Connection ID too long", { ownCidLength: 33 }, "33"],
    ["a Connection ID of half a byte", { ownCidLength: 1.5 }, "1.5"],
    ["a Connection ID of less than nothing", { ownCidLength: -1 }, "-1"],
  ])("%s is refused, in words", (_, change, words) => {
    expect(() => dtls(options(change))).toThrow(RangeError);
    expect(() => dtls(options(change))).toThrow(words);
  });
});
