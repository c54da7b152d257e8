/** How handshakes and associations end: when, and in which words. */

import { describe, expect, it } from "vitest";
import type { AlertName } from "../../../src/dtls/alert.ts";
import { Bench, KEY, pskCredentials, rawPair, rpkCredentials } from "../support/bench.ts";

const WRONG = KEY.map((byte) => byte ^ 0xff);
const wrongKey = { credentials: pskCredentials(WRONG) };

/** The server hears nothing that the client says after this many datagrams. */
function deafAfter(bench: Bench, datagrams: number): Bench {
  bench.network.toServer = (datagram) => (bench.sent.length > datagrams ? [] : [datagram]);
  return bench;
}

describe("silence", () => {
  it("nobody there: after six hellos, in a minute", () => {
    const bench = deafAfter(new Bench(), 0).shake();
    expect(bench.failure).toEqual({
      kind: "silence",
      reason: "the test server does not answer: nobody listens there for DTLS, or UDP does not get through",
    });
    expect(bench.sent).toHaveLength(6);
    expect(bench.network.now).toBe(63_000);
    expect(bench.counters.retransmissions).toBe(5);
  });

  it("answered, then silence: the cookie came back, and nothing more", () => {
    const { kind, reason } = deafAfter(new Bench(), 1).shake().failure!;
    expect(kind).toBe("silence");
    expect(reason).toContain("answered our first message");
  });

  it("in the middle of its answer: large datagrams do not get through?", () => {
    const theirs = rawPair();
    const bench = new Bench({
      credentials: rpkCredentials(rawPair(), theirs),
      server: { rawKey: theirs, alterFlight: (messages) => messages.slice(0, 2) },
    }).shake();
    expect(bench.failure?.kind).toBe("silence");
    expect(bench.failure?.reason).toContain("large datagrams");
  });

  it("a wrong key at a server that says nothing: after 15 seconds, with the identity that was shown", () => {
    const bench = new Bench({ ...wrongKey, server: { silent: true } }).shake();
    expect(bench.failure).toEqual({
      kind: "silence-after-finished",
      reason:
        'the test server answered, then silence after our Finished: wrong key, or it does not know our identity "dev1"?',
    });
    expect(bench.network.now).toBeLessThan(16_000);
    // Three by the clock, and as many in answer to the server, which repeats itself, too.
    expect(bench.counters.retransmissions).toBeLessThanOrEqual(7);
  });

  it("an unknown identity that cannot be printed is shown in hexadecimal digits", () => {
    const credentials = { ...pskCredentials(), identity: Uint8Array.of(0, 0xff) };
    expect(new Bench({ credentials, server: { silent: true } }).shake().failure?.reason).toContain("0x00ff");
  });

  it("waits as long as it is told to at first", () => {
    const bench = new Bench({ client: { retransmitMs: 9_000 } });
    bench.association.start(100);
    expect(bench.association.deadline).toBe(9_100);
    bench.association.onTimeout(9_099);
    expect(bench.sent).toHaveLength(1);
    bench.association.onTimeout(9_100);
    expect(bench.sent).toHaveLength(2);
    expect(bench.association.deadline).toBe(27_100);
  });

  it("an open association waits for nothing", () => {
    const bench = new Bench().shake();
    expect(bench.association.deadline).toBeUndefined();
    bench.association.onTimeout(1e9);
    expect(bench.association.state).toBe("open");
  });
});

describe("a refusal in the clear", () => {
  it.each<[AlertName, string]>([
    ["handshake_failure", "compare cipher suites"],
    ["unknown_psk_identity", 'does not know our identity "dev1"'],
    ["insufficient_security", "other cipher suites"],
    ["access_denied", "does not let it in"],
    ["protocol_version", "does not speak DTLS 1.2"],
    ["internal_error", "refused (internal_error)"],
    ["close_notify", "refused (close_notify)"],
  ])("%s is believed if nothing else comes in a second, and put into words", (refuses, words) => {
    const bench = new Bench({ server: { refuses } }).shake();
    expect(bench.failures).toHaveLength(1);
    expect(bench.failure).toMatchObject({ kind: "alert", alert: refuses });
    expect(bench.failure?.reason).toContain(words);
    expect(bench.network.now).toBeLessThan(1_100);
  });

  it("a wrong key at a server that says so", () => {
    const { failure, network } = new Bench(wrongKey).shake();
    expect(failure).toMatchObject({ kind: "alert", alert: "bad_record_mac" });
    expect(failure?.reason).toContain('another key for our identity "dev1"');
    expect(network.now).toBeLessThan(1_200);
  });

  it("its deadline is the sooner of the two", () => {
    const bench = new Bench({ client: { retransmitMs: 9_000 }, server: { refuses: "access_denied" } });
    bench.association.start(0);
    bench.settle(100);
    expect(bench.association.deadline).toBe(1_040);
  });

  it("is no key, password or secret in any of the words", () => {
    for (const refuses of ["unknown_psk_identity", "decrypt_error", "bad_record_mac"] as const) {
      const { failure } = new Bench({ ...wrongKey, server: { refuses } }).shake();
      expect(JSON.stringify(failure)).not.toContain(Buffer.from(WRONG).toString("hex"));
    }
  });
});

describe("goodbye (RFC 5246 §7.2.1)", () => {
  it("ours is said once, and nothing after it", () => {
    const bench = new Bench().shake();
    bench.association.close();
    bench.association.close();
    bench.settle();
    expect(bench.peer?.alerts).toEqual(["1 0"]);
    expect(bench.failures).toEqual([{ kind: "closed", reason: "closed by us" }]);
    expect(bench.association.seal(Uint8Array.of(1))).toBeUndefined();
    const before = bench.payloads.length;
    bench.peer?.record(23, Uint8Array.of(1));
    expect(bench.settle().payloads).toHaveLength(before);
  });

  it("the server's is answered in kind", () => {
    const bench = new Bench().shake();
    bench.peer?.alert("close_notify");
    bench.settle();
    expect(bench.failures).toEqual([
      { kind: "closed", alert: "close_notify", reason: "the test server closed the association" },
    ]);
    expect(bench.peer?.alerts).toEqual(["1 0"]);
  });

  it("a handshake under way is given up without a word", () => {
    const bench = new Bench();
    bench.association.start(0);
    bench.association.close();
    expect(bench.sent).toHaveLength(1);
    expect(bench.failure).toMatchObject({ kind: "closed" });
    expect(bench.association.deadline).toBeUndefined();
  });

  it("one that was never begun is closed, and does not begin", () => {
    const bench = new Bench();
    bench.association.close();
    bench.association.start(0);
    expect(bench.sent).toEqual([]);
    expect(bench.association.state).toBe("closed");
  });

  it("warnings do not end it", () => {
    const bench = new Bench().shake();
    bench.peer?.record(21, Uint8Array.of(1, 100));
    expect(bench.settle().association.state).toBe("open");
  });

  it("an authentic refusal before the Finished ends it at once", () => {
    const bench = new Bench();
    bench.network.toClient = (datagram) => {
      // In place of the server's Finished.
      if (datagram.length !== 67) return [datagram];
      return [Uint8Array.of(...datagram.subarray(0, 14), ...bench.peer!.sealed(21, Uint8Array.of(2, 49)))];
    };
    bench.shake();
    expect(bench.failure).toMatchObject({ kind: "alert", alert: "access_denied" });
  });
});

describe("what an owner may do from within", () => {
  it("close as soon as it is open", () => {
    const bench = new Bench();
    bench.opened = Object.assign([], { push: () => bench.association.close() });
    bench.shake().settle();
    expect(bench.association.state).toBe("closed");
    expect(bench.failures).toHaveLength(1);
    expect(bench.peer?.alerts).toEqual(["1 0"]);
  });

  it("be answered before it has finished speaking", () => {
    const bench = new Bench();
    bench.network.fromClient = (name, datagram) => bench.server.receive(name, datagram, 0);
    bench.network.fromServer = (datagram) => bench.association.receive(datagram, 0);
    bench.association.start(0);
    expect(bench.opened).toHaveLength(1);
    expect(bench.failures).toEqual([]);
  });

  it("be answered at once in a resumed session, too", () => {
    const first = new Bench().shake();
    const bench = new Bench({ seed: 2, at: first, resume: first.association.session()! });
    bench.network.fromClient = (name, datagram) => bench.server.receive(name, datagram, 0);
    bench.network.fromServer = (datagram) => bench.association.receive(datagram, 0);
    bench.association.start(0);
    expect(bench.facts?.resumed).toBe(true);
    expect(bench.peer?.open).toBe(true);
  });
});

describe("payloads", () => {
  it("as long as was said fit into a datagram, and not a byte more", () => {
    for (const maxDatagram of [1_232, 300]) {
      const bench = new Bench({ maxDatagram }).shake();
      const { maxPayload } = bench.association;
      expect(bench.association.seal(new Uint8Array(maxPayload))).toHaveLength(maxDatagram);
      expect(() => bench.association.seal(new Uint8Array(maxPayload + 1))).toThrow(RangeError);
    }
  });

  it("are no longer than was promised before it was open", () => {
    const bench = new Bench({ server: { issueCid: () => new Uint8Array(40) } });
    const before = bench.association.maxPayload;
    expect(bench.shake().association.maxPayload).toBeGreaterThanOrEqual(before);
  });

  it("are not sealed before it is open", () => {
    const bench = new Bench();
    expect(bench.association.seal(Uint8Array.of(1))).toBeUndefined();
    bench.association.start(0);
    expect(bench.association.seal(Uint8Array.of(1))).toBeUndefined();
  });

  it("that are empty only hide how much is said (RFC 5246 §6.2.1)", () => {
    const bench = new Bench().shake();
    bench.peer?.record(23, new Uint8Array(0));
    expect(bench.settle().payloads).toEqual([]);
  });

  it("begin once only", () => {
    const bench = new Bench();
    bench.association.start(0);
    bench.association.start(0);
    expect(bench.sent).toHaveLength(1);
    expect(bench.counters.handshakes).toBe(1);
  });
});
