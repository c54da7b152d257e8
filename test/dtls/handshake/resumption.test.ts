import { describe, expect, it } from "vitest";
import type { SavedSession } from "../../../src/base/association.ts";
import { Bench, type BenchOptions, KEY, pskCredentials, rawPair, rpkCredentials } from "../support/bench.ts";
import type { WrittenHello } from "../support/server/codec.ts";

const ours = rawPair();
const theirs = rawPair();
const raw: BenchOptions = { credentials: rpkCredentials(ours, theirs), server: { rawKey: theirs } };

const hello = (change: (hello: WrittenHello) => Partial<WrittenHello>) => ({
  alterHello: (before: WrittenHello) => ({ ...before, ...change(before) }),
});

/** A first association, its session, and a second one that offers it. */
function twice(
  options: BenchOptions = {},
  second: BenchOptions = options,
  change: Partial<SavedSession> = {},
): [Bench, Bench] {
  const first = new Bench(options).shake();
  const resume = { ...first.association.session()!, ...change };
  return [first, new Bench({ ...second, seed: 2, at: first, resume }).shake()];
}

describe("resuming a session (RFC 5246 §7.3)", () => {
  it.each<[string, BenchOptions]>([
    ["a pre-shared key", {}],
    ["raw public keys", raw],
    ["GCM", { client: { suites: [0x00a8] } }],
    ["Connection IDs", { client: { ownCidLength: 3 }, server: { issueCid: () => Uint8Array.of(1, 2) } }],
    ["no cookies", { server: { cookies: false } }],
  ])("takes one round trip less, and talks both ways: %s", (_, options) => {
    const [first, second] = twice(options);
    expect(second.facts).toMatchObject({ resumed: true, extendedMasterSecret: true, suite: first.facts!.suite });
    expect(second.counters).toMatchObject({ completed: 1, resumed: 1 });
    second.say("again").answer("welcome back");
    expect(second.server.payloads).toEqual(["again"]);
    expect(second.payloads).toEqual(["welcome back"]);
  });

  it("does no arithmetic with public keys, and shows no certificate", () => {
    const nothing = () => {
      throw new Error("arithmetic");
    };
    const [, second] = twice(raw, { ...raw, client: { keyWork: { ephemeral: nothing, sign: nothing } } });
    expect(second.facts?.resumed).toBe(true);
    expect(second.facts?.peerFingerprint).toBeUndefined();
  });

  it("makes new keys each time: what was sealed before does not open", () => {
    const [first, second] = twice();
    const sealed = first.peer!.sealed(23, Buffer.from("old"));
    second.inject(sealed);
    expect(second.payloads).toEqual([]);
    expect(second.counters.forged).toBe(1);
  });

  it("can be done again and again with the same session", () => {
    const [first, second] = twice();
    expect(second.association.session()).toEqual(first.association.session());
    const third = new Bench({ seed: 3, at: first, resume: second.association.session()! }).shake();
    expect(third.facts?.resumed).toBe(true);
  });

  it("a server that has forgotten it gives a new one", () => {
    const first = new Bench().shake();
    const second = new Bench({ seed: 2, resume: first.association.session()! }).shake();
    expect(second.facts?.resumed).toBe(false);
    expect(second.association.session()?.id).not.toEqual(first.association.session()?.id);
  });

  it("a server that keeps none gives none", () => {
    expect(new Bench({ server: { resumes: false } }).shake().association.session()).toBeUndefined();
  });

  it("our last flight is said again when the server repeats its own (RFC 6347 §4.2.4)", () => {
    const first = new Bench().shake();
    const second = new Bench({ seed: 2, at: first, resume: first.association.session()! });
    let lose = true;
    second.network.toServer = (datagram) => {
      const last = datagram[0] === 20;
      if (!last || !lose) return [datagram];
      lose = false;
      return [];
    };
    second.shake();
    expect(second.facts?.resumed).toBe(true);
    expect(second.peer?.open).toBe(false);
    second.settle(3_000);
    expect(second.peer?.open).toBe(true);
    expect(second.answer("there").payloads).toEqual(["there"]);
  });

  it("once the server has talked, it is not said again", () => {
    const [, second] = twice();
    second.settle().answer("there");
    const before = second.sent.length;
    second.peer?.repeat();
    second.settle();
    expect(second.sent).toHaveLength(before);
    expect(second.counters.misplaced).toBeGreaterThan(0);
  });

  it("nor for ever, if the server says nothing else", () => {
    const [, second] = twice();
    second.settle();
    for (let i = 0; i < 50; i++) second.peer?.repeat();
    second.settle();
    expect(second.sent).toHaveLength(3 + 8);
  });
});

describe("a session that is not offered", () => {
  const offers = (options: BenchOptions, change: Partial<SavedSession>) =>
    twice({}, options, change)[1].peer!.hello.sessionId.length > 0;

  it.each<[string, BenchOptions, Partial<SavedSession>]>([
    ["of other credentials", {}, { credentials: "others" }],
    ["without the extended master secret (RFC 7627 §5.3)", {}, { extendedMasterSecret: false }],
    ["of a suite that is not offered any more", { client: { suites: [0x00a8] } }, {}],
    ["of a suite that does not exist", {}, { suite: 0x1234 }],
    ["with a master secret of another length", {}, { masterSecret: new Uint8Array(47) }],
    ["without an id", {}, { id: new Uint8Array(0) }],
    ["with an id too long", {}, { id: new Uint8Array(33) }],
  ])("%s", (_, options, change) => {
    expect(offers(options, change)).toBe(false);
  });

  it("while an unchanged one is", () => {
    expect(offers({}, {})).toBe(true);
  });

  it("one of another key or another identity", () => {
    const other = KEY.map((byte) => byte ^ 1);
    for (const credentials of [pskCredentials(other), pskCredentials(KEY, "dev2")]) {
      const psk = () => credentials.key.export();
      expect(offers({ credentials, server: { psk } }, {})).toBe(false);
    }
  });
});

describe("a server that resumes as it should not", () => {
  it.each<[string, BenchOptions, string]>([
    [
      "without the extended master secret (RFC 7627 §5.3)",
      { server: { extendedMasterSecret: false } },
      "handshake_failure",
    ],
    ["with another suite (RFC 5246 §7.4.1.3)", { server: hello(() => ({ suite: 0x00a8 })) }, "illegal_parameter"],
    [
      "with an extension that was not offered",
      { server: hello(({ extensions }) => ({ extensions: [...extensions, [35, new Uint8Array(0)]] })) },
      "unsupported_extension",
    ],
  ])("%s: %s", (_, options, alert) => {
    const [, second] = twice({}, options);
    expect(second.opened).toEqual([]);
    expect(second.failure).toMatchObject({ kind: "protocol", alert });
  });

  it("one that only says the name of the session, and has not got it, does not open", () => {
    const first = new Bench().shake();
    const resume = first.association.session()!;
    const second = new Bench({ seed: 2, at: first, resume });
    for (const id of second.server.sessions.keys())
      second.server.sessions.set(id, { master: new Uint8Array(48), suite: resume.suite });
    second.shake();
    expect(second.opened).toEqual([]);
    expect(second.counters.forged).toBeGreaterThan(0);
    expect(second.failure).toMatchObject({ kind: "silence" });
    expect(second.failure?.reason).toContain("resume");
  });

  it("one that says the name, and then begins anew, breaks the rules", () => {
    const first = new Bench().shake();
    const resume = first.association.session()!;
    const second = new Bench({ seed: 2, resume, server: hello(() => ({ sessionId: resume.id })) }).shake();
    expect(second.failure).toMatchObject({ kind: "protocol", alert: "unexpected_message" });
  });
});

describe("a session after the end", () => {
  it("is kept when either end said goodbye", () => {
    const one = new Bench().shake();
    one.association.close();
    expect(one.association.session()).toBeDefined();
    const other = new Bench().shake();
    other.peer?.close();
    expect(other.settle().association.state).toBe("closed");
    expect(other.association.session()).toBeDefined();
  });

  it("is gone after a fatal alert (RFC 5246 §7.2.2)", () => {
    const bench = new Bench().shake();
    bench.peer?.alert("internal_error");
    expect(bench.settle().failure).toMatchObject({ kind: "alert", alert: "internal_error" });
    expect(bench.association.session()).toBeUndefined();
  });

  it("without the extended master secret there is none", () => {
    expect(new Bench({ server: { extendedMasterSecret: false } }).shake().association.session()).toBeUndefined();
  });
});
