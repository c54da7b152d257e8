/** What anybody may write into the way between: dropped, counted, and without a say in what becomes of the association. */

import { describe, expect, it } from "vitest";
import { fromHex } from "../../../src/base/bytes.ts";
import { alertBody, type AlertName } from "../../../src/dtls/alert.ts";
import { ContentType, HandshakeType } from "../../../src/dtls/constants.ts";
import { encodeFragment, wholeMessage } from "../../../src/dtls/reassembly.ts";
import { plainRecord, readRecords } from "../../../src/dtls/record.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { mutate } from "../../support/mutate.ts";
import { Bench, type BenchOptions } from "../support/bench.ts";
import { writeVerifyRequest } from "../support/server/codec.ts";

const NOTHING = new Uint8Array(0);
const HIGH = 1_000_000;
const plain = (type: number, body: Uint8Array) => plainRecord(type, HIGH, body);
const message = (type: number, sequence: number, body: Uint8Array) => {
  const whole = wholeMessage(type, sequence, body);
  return plain(ContentType.Handshake, encodeFragment(whole, 0, body.length));
};
const alert = (level: "warning" | "fatal", name: AlertName) => plain(ContentType.Alert, alertBody(level, name));
const CHANGE = plain(ContentType.ChangeCipherSpec, Uint8Array.of(1));
/** A record of epoch 1, sealed by nobody. */
const forged = (type: number, sequence: number, length = 40) =>
  Uint8Array.of(type, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, sequence, 0, length, ...new Uint8Array(length).fill(7));

/** Injects at every moment of the handshake: before each datagram of the server, and after the last. */
function pestered(datagrams: () => readonly Uint8Array[], options: BenchOptions = {}): Bench {
  const bench = new Bench(options);
  bench.network.toClient = (datagram) => [...datagrams(), datagram, ...datagrams()];
  bench.association.start(0);
  for (const each of datagrams()) bench.inject(each);
  bench.network.run(() => bench.association.state !== "handshaking");
  return bench;
}

describe("a stranger's records during the handshake change nothing", () => {
  it.each<[string, keyof Bench["counters"], () => readonly Uint8Array[]]>([
    ["application data in the clear", "misplaced", () => [plain(ContentType.ApplicationData, Buffer.from("evil"))]],
    [
      "a ChangeCipherSpec before its time (CVE-2014-0224)",
      "misplaced",
      () => [plain(ContentType.ChangeCipherSpec, Uint8Array.of(2))],
    ],
    ["a HelloRequest (RFC 5246 §7.4.1.1)", "misplaced", () => [message(HandshakeType.HelloRequest, 1, NOTHING)]],
    [
      "the server's own ClientHello",
      "foreignHellos",
      () => [message(HandshakeType.ClientHello, 1, new Uint8Array(60))],
    ],
    [
      "a HelloVerifyRequest that cannot be read",
      "misplaced",
      () => [message(HandshakeType.HelloVerifyRequest, 0, Uint8Array.of(1))],
    ],
    [
      "a HelloVerifyRequest out of count",
      "misplaced",
      () => [message(HandshakeType.HelloVerifyRequest, 5, writeVerifyRequest(Uint8Array.of(1)))],
    ],
    [
      "fragments that cannot be read (RFC 6347 §4.1.2.7)",
      "malformed",
      () => [plain(ContentType.Handshake, fromHex("02 000005 0001 000001 0000"))],
    ],
    [
      "fragments beyond their message",
      "malformed",
      () => [plain(ContentType.Handshake, fromHex("02 000001 0001 000001 000001 aa"))],
    ],
    [
      "a message that is too long",
      "malformed",
      () => [plain(ContentType.Handshake, fromHex("02 004001 0001 000000 000001 aa"))],
    ],
    ["a message too far ahead", "overflows", () => [message(HandshakeType.Finished, 40, new Uint8Array(12))]],
    ["a warning", "foreignAlerts", () => [alert("warning", "unrecognized_name")]],
    ["an alert that cannot be read", "foreignAlerts", () => [plain(ContentType.Alert, Uint8Array.of(2))]],
    ["a fatal alert, while the true server goes on", "foreignAlerts", () => [alert("fatal", "handshake_failure")]],
    ["a close_notify, while the true server goes on", "foreignAlerts", () => [alert("warning", "close_notify")]],
    ["half a record", "malformed", () => [fromHex("16 fefd 0000 0000")]],
    ["nothing that is DTLS", "malformed", () => [Buffer.from("GET / HTTP/1.1\r\n\r\n")]],
    [
      "records of an epoch that does not exist",
      "misplaced",
      () => [fromHex("17 fefd 0002 000000000001 0010 00000000000000000000000000000000")],
    ],
  ])("%s: counted as %s", (_, counter, datagrams) => {
    const bench = pestered(datagrams);
    expect(bench.failures).toEqual([]);
    expect(bench.opened).toHaveLength(1);
    expect(bench.counters[counter]).toBeGreaterThan(0);
    expect(bench.payloads).toEqual([]);
    expect(bench.say("hi").server.payloads).toEqual(["hi"]);
  });

  it("a ChangeCipherSpec while a hello is out: keys of no handshake are never used", () => {
    const bench = new Bench();
    bench.association.start(0);
    bench.inject(CHANGE);
    bench.network.run(() => bench.association.state !== "handshaking");
    expect(bench.counters.misplaced).toBe(1);
    expect(bench.opened).toHaveLength(1);
  });

  it("forged records of epoch 1 are held in bounds, and thrown away once there are keys", () => {
    const bench = pestered(() => Array.from({ length: 20 }, (_, i) => forged(22, i)));
    expect(bench.opened).toHaveLength(1);
    expect(bench.counters.overflows).toBeGreaterThan(50);
    expect(bench.counters.forged).toBeGreaterThan(7);
  });

  it("long ones are not held at all", () => {
    const bench = new Bench();
    bench.association.start(0);
    const long = Uint8Array.of(23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 0, 0x10, 0, ...new Uint8Array(4_096));
    bench.inject(long);
    expect(bench.counters.overflows).toBe(1);
  });

  it("a forged record with a sequence number far ahead does not shut the true ones out", () => {
    const bench = pestered(() => [
      Uint8Array.of(22, 0xfe, 0xfd, 0, 1, 255, 255, 255, 255, 255, 255, 0, 40, ...new Uint8Array(40)),
    ]);
    expect(bench.opened).toHaveLength(1);
    expect(bench.say("hi").server.payloads).toEqual(["hi"]);
  });

  it("a cookie that a stranger gives while the server has taken another is not taken", () => {
    const bench = pestered(() => [
      message(HandshakeType.HelloVerifyRequest, 0, writeVerifyRequest(new SeededRandom(9).bytes(20))),
    ]);
    // The stranger was first: the server asks again, and its cookie counts once the other was tried twice.
    expect(bench.opened).toHaveLength(1);
    expect(bench.sent.length).toBeLessThan(12);
  });

  it("cookies for ever do not make us talk for ever", () => {
    let cookie = 0;
    const bench = new Bench();
    bench.network.toClient = () => [];
    bench.association.start(0);
    for (let i = 0; i < 1_000; i++)
      bench.inject(message(HandshakeType.HelloVerifyRequest, 0, writeVerifyRequest(Uint8Array.of(1, cookie++ & 0xff))));
    expect(bench.sent).toHaveLength(2);
    bench.network.run(() => bench.association.state !== "handshaking");
    expect(bench.failure?.kind).toBe("silence");
  });

  it("the server's flight again and again makes ours go out at most twice in a retransmission time", () => {
    const bench = new Bench();
    let flight: Uint8Array | undefined;
    bench.network.toClient = (datagram) => {
      if (readRecords(datagram, 0).some(({ type }) => type === ContentType.ChangeCipherSpec)) return [];
      flight = datagram;
      return [datagram];
    };
    bench.association.start(0);
    bench.network.run(() => bench.sent.length === 3);
    for (let i = 0; i < 1_000; i++) bench.association.receive(flight!, bench.network.now + i);
    expect(bench.sent).toHaveLength(4);
  });
});

describe("secrets before their time", () => {
  it("a Finished without its ChangeCipherSpec is not looked at (RFC 5246 §7.1)", () => {
    const bench = new Bench();
    bench.network.toClient = (datagram) =>
      readRecords(datagram, 0)
        .filter(({ type }) => type !== ContentType.ChangeCipherSpec)
        .map(({ header, body }) => Uint8Array.of(...header, ...body));
    bench.shake();
    expect(bench.opened).toEqual([]);
    expect(bench.failure?.kind).toBe("silence-after-finished");
  });

  it("a Finished that overtakes its ChangeCipherSpec waits for it", () => {
    const bench = new Bench();
    bench.network.toClient = (datagram) => {
      const records = readRecords(datagram, 0).map(({ header, body }) => Uint8Array.of(...header, ...body));
      return records.reverse();
    };
    expect(bench.shake().opened).toHaveLength(1);
  });

  it("payloads that overtake the Finished are handed on after it, not before", () => {
    const bench = new Bench();
    const late: Uint8Array[] = [];
    bench.network.toClient = (datagram) => {
      const records = readRecords(datagram, 0).map(({ header, body }) => Uint8Array.of(...header, ...body));
      const finished = records.filter(([type, , , , epoch]) => type === ContentType.Handshake && epoch === 1);
      late.push(...finished);
      return records.filter((record) => !finished.includes(record));
    };
    bench.association.start(0);
    bench.network.run(() => bench.peer?.open === true);
    bench.answer("too soon");
    expect(bench.payloads).toEqual([]);
    expect(bench.opened).toEqual([]);
    bench.inject(late[0]!);
    expect(bench.opened).toHaveLength(1);
    expect(bench.payloads).toEqual(["too soon"]);
  });

  it("payloads before the Finished are kept in bounds", () => {
    const bench = new Bench();
    const late: Uint8Array[] = [];
    bench.network.toClient = (datagram) => {
      if (datagram.length !== 67) return [datagram];
      late.push(datagram.subarray(14));
      return [datagram.subarray(0, 14)];
    };
    bench.association.start(0);
    bench.network.run(() => bench.peer?.open === true);
    for (let i = 0; i < 20; i++) bench.answer(`${i}`);
    bench.inject(late[0]!);
    expect(bench.payloads).toEqual(["0", "1", "2", "3", "4", "5", "6", "7"]);
    expect(bench.counters.overflows).toBe(12);
  });
});

describe("between our Finished and the server's", () => {
  const FINISHED = 3;

  /** The server has sent its last flight, and nothing of it has arrived: change first, then the Finished. */
  function waiting(): [Bench, Uint8Array, Uint8Array] {
    const bench = new Bench();
    let last: Uint8Array | undefined;
    bench.network.toClient = (datagram) => {
      if (datagram[0] !== ContentType.ChangeCipherSpec) return [datagram];
      last = datagram;
      return [];
    };
    bench.association.start(0);
    bench.network.run(() => last !== undefined);
    return [bench, last!.subarray(0, 14), last!.subarray(14)];
  }

  it.each(["02", "0101", "00"])("a ChangeCipherSpec of %s is none (RFC 5246 §7.1)", (hex) => {
    const [bench, change, finished] = waiting();
    bench.inject(plain(ContentType.ChangeCipherSpec, fromHex(hex))).inject(finished);
    expect(bench.counters.misplaced).toBe(1);
    expect(bench.opened).toEqual([]);
    expect(bench.inject(change).opened).toHaveLength(1);
  });

  it("what is said in the clear after the ChangeCipherSpec is not listened to", () => {
    const [bench, change, finished] = waiting();
    bench.inject(change).inject(message(HandshakeType.Finished, FINISHED, new Uint8Array(12)));
    expect(bench.failures).toEqual([]);
    expect(bench.counters.misplaced).toBe(1);
    expect(bench.inject(finished).opened).toHaveLength(1);
  });

  it("half a message that was said in the clear before it does not become part of the Finished", () => {
    const [bench, change, finished] = waiting();
    const whole = wholeMessage(HandshakeType.Finished, FINISHED, new Uint8Array(12).fill(9));
    bench.inject(plain(ContentType.Handshake, encodeFragment(whole, 0, 6)));
    expect(bench.inject(change).inject(finished).opened).toHaveLength(1);
  });

  it("a whole one breaks the rules, and does not open", () => {
    const [bench] = waiting();
    bench.inject(message(HandshakeType.Finished, FINISHED, new Uint8Array(12)));
    expect(bench.opened).toEqual([]);
    expect(bench.failure).toMatchObject({ kind: "protocol", alert: "unexpected_message" });
  });

  it("forged ChangeCipherSpecs let nobody in, and keep nobody out", () => {
    const [bench, change, finished] = waiting();
    bench.inject(CHANGE).inject(CHANGE).inject(forged(22, 0)).inject(forged(23, 1));
    expect(bench.opened).toEqual([]);
    expect(bench.counters.forged).toBe(2);
    expect(bench.inject(change).inject(finished).opened).toHaveLength(1);
  });
});

describe("a stranger's records once it is open change nothing", () => {
  it.each<[string, keyof Bench["counters"], Uint8Array]>([
    ["a fatal alert", "foreignAlerts", alert("fatal", "bad_record_mac")],
    ["a close_notify", "foreignAlerts", alert("warning", "close_notify")],
    ["a ClientHello of the server", "foreignHellos", message(HandshakeType.ClientHello, 0, new Uint8Array(50))],
    ["a ServerHello", "misplaced", message(HandshakeType.ServerHello, 1, new Uint8Array(50))],
    ["a HelloRequest", "misplaced", message(HandshakeType.HelloRequest, 0, NOTHING)],
    ["a ChangeCipherSpec", "misplaced", CHANGE],
    ["a payload", "misplaced", plain(ContentType.ApplicationData, Buffer.from("evil"))],
    ["a forged payload", "forged", forged(23, 9)],
    ["a forged alert", "forged", forged(21, 9)],
    ["a record of the next epoch", "misplaced", fromHex("17 fefd 0002 000000000001 0002 0000")],
    ["something else", "malformed", Buffer.from("hello")],
  ])("%s: counted as %s", (_, counter, datagram) => {
    const bench = new Bench().shake();
    bench.inject(datagram);
    expect(bench.association.state).toBe("open");
    expect(bench.counters[counter]).toBe(1);
    expect(bench.payloads).toEqual([]);
    expect(bench.say("hi").answer("ho").payloads).toEqual(["ho"]);
  });

  it("a payload that comes twice is handed on once (RFC 6347 §4.1.2.6)", () => {
    const bench = new Bench().shake().answer("once");
    bench.inject(bench.answered.at(-1)!);
    expect(bench.payloads).toEqual(["once"]);
    expect(bench.counters.replayed).toBe(1);
  });

  it("no changed record is ever taken for a true one", () => {
    const bench = new Bench({ client: { ownCidLength: 2 }, server: { issueCid: () => Uint8Array.of(5) } }).shake();
    const random = new SeededRandom(21);
    const genuine = bench.peer!.sealed(ContentType.ApplicationData, Buffer.from("genuine"));
    for (let i = 0; i < 5_000; i++) {
      const changed = mutate(genuine, random);
      if (Buffer.from(changed).subarray(0, genuine.length).equals(genuine)) continue;
      bench.inject(changed);
    }
    expect(bench.payloads.filter((payload) => payload !== "genuine")).toEqual([]);
    expect(bench.payloads.length).toBeLessThanOrEqual(1);
    expect(bench.association.state).toBe("open");
  });

  it("datagrams of chance end nothing and throw nothing, in any state", () => {
    const random = new SeededRandom(33);
    const idle = new Bench();
    const shaking = new Bench();
    shaking.association.start(0);
    const open = new Bench().shake();
    const closed = new Bench().shake();
    closed.association.close();
    for (let i = 0; i < 5_000; i++) {
      const datagram = random.bytes(random.below(80));
      for (const bench of [idle, shaking, open, closed]) bench.inject(datagram);
    }
    expect([idle, shaking, open, closed].map(({ association }) => association.state)).toEqual([
      "idle",
      "handshaking",
      "open",
      "closed",
    ]);
  });
});
