/** The master of a Modbus TCP connection: in order, bounded, deaf to answers that nobody waits for. */

import { describe, expect, it } from "vitest";
import type { Answer } from "../../../src/adapters/modbus/pdu.ts";
import { TcpBus } from "../../../src/adapters/modbus/tcp-bus.ts";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { FakeClock } from "../../support/fake-clock.ts";

function bench(pauseMs = 0, write: (bytes: Uint8Array) => Promise<void> = () => Promise.resolve()) {
  const clock = new FakeClock();
  const written: string[] = [];
  const givenUp: string[] = [];
  const bus = new TcpBus(
    clock,
    { timeoutMs: 1_000, pauseMs },
    {
      write: (bytes) => {
        written.push(toHex(bytes));
        return write(bytes);
      },
      giveUp: (reason) => givenUp.push(reason),
    },
  );
  const answers: Answer[] = [];
  const ask = (address: number, unit = 1) =>
    void bus.ask({ unit, fc: 3, address, count: 1 }).then((answer) => answers.push(answer));
  /** The value of one register, in answer to that question. */
  const hear = (transaction: number, value: number, unit = 1) =>
    bus.onData(Uint8Array.of(0, transaction, 0, 0, 0, 5, unit, 3, 2, 0, value));
  return { clock, bus, written, givenUp, answers, ask, hear };
}

const value = (answer: Answer | undefined) => (answer?.kind === "answer" ? answer.data[1] : answer?.kind);

describe("a connection", () => {
  it("has one question at a time, each with a number of its own", async () => {
    const { clock, written, answers, ask, hear } = bench();
    ask(0);
    ask(7);
    expect(written).toEqual(["000100000006010300000001"]);
    hear(1, 42);
    expect(written[1]).toBe("000200000006010300070001");
    hear(2, 43);
    await clock.advance(0);
    expect(answers.map(value)).toEqual([42, 43]);
  });

  it("never takes a late answer for another register's", async () => {
    const { clock, answers, ask, hear } = bench();
    ask(0);
    ask(7);
    await clock.advance(1_000);
    hear(1, 42);
    hear(2, 43);
    await clock.advance(0);
    expect(answers.map(value)).toEqual(["timeout", 43]);
  });

  it("does not take an answer of another unit, or of another length", async () => {
    const { clock, bus, answers, ask, hear } = bench();
    ask(0, 5);
    hear(1, 42, 6);
    bus.onData(fromHex("000100000007050304002a002a"));
    await clock.advance(1_000);
    expect(answers.map(value)).toEqual(["timeout"]);
  });

  it("passes exceptions on", async () => {
    const { clock, bus, answers, ask } = bench();
    ask(0);
    bus.onData(fromHex("000100000003018302"));
    await clock.advance(0);
    expect(answers).toEqual([{ kind: "exception", code: 2 }]);
  });

  it("leaves a device alone between two questions, and before the first, if it needs that", async () => {
    const { clock, written, ask, hear } = bench(300);
    ask(0);
    ask(1);
    expect(written).toHaveLength(0);
    await clock.advance(300);
    expect(written).toHaveLength(1);
    hear(1, 1);
    await clock.advance(299);
    expect(written).toHaveLength(1);
    await clock.advance(1);
    expect(written).toHaveLength(2);
  });

  it("over which nothing is heard any more is given up, and all who wait are told", async () => {
    const { clock, givenUp, answers, ask } = bench();
    for (let i = 0; i < 9; i++) ask(i);
    await clock.advance(5_000);
    expect(givenUp).toEqual(["nothing is heard from there any more"]);
    expect(answers.map(({ kind }) => kind)).toEqual([
      ...Array.from({ length: 5 }, () => "timeout"),
      ...Array.from({ length: 4 }, () => "closed"),
    ]);
  });

  it("over which a gateway speaks of other units is kept", async () => {
    const { clock, givenUp, ask, bus } = bench();
    for (let i = 1; i <= 12; i++) {
      ask(i);
      if (i % 3 === 0) bus.onData(Uint8Array.of(0, i, 0, 0, 0, 3, 1, 0x83, 11));
      await clock.advance(1_000);
    }
    expect(givenUp).toEqual([]);
  });

  it("to something that speaks no Modbus is given up", async () => {
    const { clock, bus, givenUp, answers, ask } = bench();
    ask(0);
    bus.onData(new TextEncoder().encode("SSH-2.0-OpenSSH_9.2\r\n"));
    await clock.advance(0);
    expect(givenUp).toEqual(["what answers there does not speak Modbus TCP"]);
    expect(answers.map(value)).toEqual(["closed"]);
  });

  it("that takes no bytes fails the question and goes on", async () => {
    const { clock, answers, ask } = bench(0, () => Promise.reject(new Error("full")));
    ask(0);
    ask(1);
    await clock.advance(10);
    expect(answers.map(value)).toEqual(["timeout", "timeout"]);
  });

  it("takes no more questions than it can ever ask", async () => {
    const { clock, bus, answers, ask } = bench();
    for (let i = 0; i < 400; i++) ask(i);
    await clock.advance(0);
    expect(answers.length).toBeGreaterThan(100);
    bus.close();
    await clock.advance(0);
    expect(answers).toHaveLength(400);
  });
});
