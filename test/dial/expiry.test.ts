/** Certificates of our own that end: nobody is surprised by it, and nobody is told of it all day. */

import { describe, expect, it } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import { Dialer } from "../../src/dial/index.ts";
import { ExpiryWatch } from "../../src/dial/expiry.ts";
import { endingOf } from "../../src/dtls/index.ts";
import { authority, certificate } from "../support/certificates.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const DAY = 86_400_000;
const START = Date.UTC(2026, 5, 1, 12);
/** Of a client named `subject`, valid for so many days from the start on. */
const ending = (days: number, subject = "tag") => certificate({ subject, validUntil: START + days * DAY });

function watching(trusted = true) {
  const clock = new FakeClock(START);
  clock.trusted = trusted;
  const log = new MemoryLog();
  const said = () => log.lines.filter(({ level }) => level === "warn");
  return { clock, log, said, watch: new ExpiryWatch(clock, log) };
}

describe("a certificate of ours that ends", () => {
  it("is shown with its way from thirty days before on, and after", async () => {
    const { clock, watch } = watching();
    const notice = watch.watch("tag", "coaps://one:5684", ending(40).chain);
    expect(notice?.()).toBeUndefined();
    await clock.advance(10 * DAY + 1);
    expect(notice?.()).toEqual({
      warning: 'our certificate "tag" ends on 2026-07-11, in 29 days: have it renewed, servers refuse it from then on',
    });
    await clock.advance(28 * DAY);
    expect(notice?.()?.warning).toContain("in 1 day:");
    await clock.advance(1 * DAY);
    expect(notice?.()?.warning).toContain("within a day");
    await clock.advance(1 * DAY);
    expect(notice?.()).toEqual({
      warning: 'our certificate "tag" ended on 2026-07-11: servers refuse it, have it renewed',
    });
  });

  it("is logged at the start, and once each day", async () => {
    const { clock, watch, said } = watching();
    const notice = watch.watch("tag", "coaps://one:5684", ending(20).chain);
    await clock.advance(11_000);
    expect(said()).toHaveLength(1);
    expect(said()[0]).toMatchObject({
      event: "certificate-ends",
      fields: { endpoint: "tag", reason: notice?.()?.warning },
    });
    await clock.advance(DAY - 20_000);
    expect(said()).toHaveLength(1);
    await clock.advance(3 * DAY);
    expect(said()).toHaveLength(4);
    watch.stop();
    await clock.advance(3 * DAY);
    expect(said()).toHaveLength(4);
    expect(notice?.()).toBeDefined();
  });

  it("is said once for all who have it, and of many the first twenty", async () => {
    const { clock, watch, said } = watching();
    const shared = ending(20).chain;
    const kept = ["a", "b", "c"].map((endpoint) => watch.watch(endpoint, "coaps://one:5684", shared));
    await clock.advance(11_000);
    expect(said().map(({ fields }) => fields)).toMatchObject([{ endpoint: "a", others: 2 }]);
    for (let i = 0; i < 24; i++) kept.push(watch.watch(`e${i}`, "coaps://one:5684", ending(20, `tag ${i}`).chain));
    await clock.advance(DAY);
    expect(said()).toHaveLength(1 + 21);
    expect(said().at(-1)).toMatchObject({ event: "certificates-end", fields: { more: 5 } });
    expect(kept).toHaveLength(27);
  });

  it("is not spoken of before the clock is set", async () => {
    const { clock, watch, said } = watching(false);
    const notice = watch.watch("tag", "coaps://one:5684", ending(-2_000).chain);
    await clock.advance(DAY);
    expect([said(), notice?.()]).toEqual([[], undefined]);
    clock.trusted = true;
    await clock.advance(600_000);
    expect(said()).toHaveLength(1);
  });

  it("is forgotten once another has taken its place", async () => {
    const { clock, watch, said } = watching();
    const before = watch.watch("tag", "coaps://one:5684", ending(5).chain);
    const after = watch.watch("tag", "coaps://one:5684", ending(500).chain);
    await clock.advance(DAY);
    expect(said()).toEqual([]);
    expect([before?.()?.warning, after?.()]).toEqual([expect.any(String), undefined]);
  });
});

describe("the end of a chain", () => {
  it("is that of the first of its certificates to end", () => {
    const issuer = authority({ subject: "between", validUntil: START + DAY });
    const { der } = certificate({ subject: "tag", issuer, validUntil: START + 9 * DAY });
    expect(endingOf([der, issuer.der])).toEqual({ title: 'certificate "between"', at: START + DAY });
  });

  it("is none where there is none to be read", () => {
    expect(endingOf([])).toBeUndefined();
    expect(endingOf([Uint8Array.of(1, 2, 3)])).toBeUndefined();
  });
});

describe("a dialled way", () => {
  const server = certificate({ subject: "server" });
  const mine = ending(3);
  const account = (uri: string) =>
    ({
      uri,
      lifetime: 300,
      shortServerId: 1,
      credentials: {
        mode: "x509",
        identity: mine.der,
        serverKey: server.der,
        secretKey: new Secret(
          mine.privateKey.export({ type: "pkcs8", format: "der" }).toString("hex"),
          "key of the test",
        ),
      },
    }) as const;
  const dialled = async (uri: string) => {
    const clock = new FakeClock(START);
    const dialer = await Dialer.open({ clock, random: new SeededRandom(1), log: new MemoryLog() });
    return dialer.dial({ account: account(uri), endpoint: "tag" }).security;
  };

  it.each(["coaps://one", "coaps+tcp://one"])("by %s shows it before and after it is secured", async (uri) => {
    expect((await dialled(uri))?.warning).toContain('our certificate "tag" ends on 2026-06-04');
  });

  it("by a key that does not end shows nothing", async () => {
    const clock = new FakeClock(START);
    const dialer = await Dialer.open({ clock, random: new SeededRandom(1), log: new MemoryLog() });
    const credentials = { mode: "psk", identity: Buffer.from("tag"), secretKey: new Secret("00", "test") } as const;
    const { security } = dialer.dial({ account: { ...account("coaps://one"), credentials }, endpoint: "tag" });
    expect(security).toEqual({ protocol: "DTLS 1.2" });
  });
});
