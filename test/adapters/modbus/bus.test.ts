/** The line of a Modbus master: in order, bounded, and never stuck. */

import { describe, expect, it } from "vitest";
import { Bus } from "../../../src/adapters/modbus/bus.ts";
import type { Answer } from "../../../src/adapters/modbus/pdu.ts";
import { toHex } from "../../../src/base/bytes.ts";
import { crc16, MODBUS } from "../../../src/base/crc16.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const settings = { timeoutMs: 500, quietMs: 10 };

function bench(write: (bytes: Uint8Array) => Promise<void> = () => Promise.resolve()) {
  const clock = new FakeClock();
  const written: string[] = [];
  const bus = new Bus(clock, settings, (bytes) => {
    written.push(toHex(bytes).slice(0, -4));
    return write(bytes);
  });
  const answers: Answer["kind"][] = [];
  const ask = (unit: number, address: number) =>
    void bus.ask({ unit, fc: 3, address, count: 1 }).then(({ kind }) => answers.push(kind));
  return { clock, bus, written, answers, ask };
}

function answer(unit: number, value: number): Uint8Array {
  const bytes = Uint8Array.of(unit, 3, 2, 0, value);
  const sum = crc16(MODBUS, bytes);
  return Uint8Array.from([...bytes, sum & 0xff, sum >> 8]);
}

describe("a line", () => {
  it("has one question at a time, in the order in which they were asked", async () => {
    const { clock, bus, written, answers, ask } = bench();
    ask(1, 0);
    ask(2, 0);
    expect(written).toEqual(["010300000001"]);
    bus.onData(answer(1, 7));
    await clock.advance(20);
    expect(written).toEqual(["010300000001", "020300000001"]);
    bus.onData(answer(2, 7));
    await clock.advance(20);
    expect(answers).toEqual(["answer", "answer"]);
  });

  it("asks another unit when one does not answer", async () => {
    const { clock, bus, written, answers, ask } = bench();
    ask(1, 0);
    ask(2, 0);
    await clock.advance(1_100);
    expect(written.at(-1)).toBe("020300000001");
    bus.onData(answer(2, 7));
    await clock.advance(20);
    expect(answers).toEqual(["timeout", "answer"]);
  });

  it("asks the same unit something of another length first", async () => {
    const { clock, written, ask } = bench();
    ask(1, 0);
    ask(1, 5);
    await clock.advance(1_100);
    expect(written.at(-1)).toBe("010300050002");
  });

  it("believes that what is owed for half a minute will never come", async () => {
    const { clock, written, ask } = bench();
    ask(1, 0);
    await clock.advance(32_000);
    ask(1, 5);
    expect(written.at(-1)).toBe("010300050001");
  });

  it("that cannot be written to fails the question and goes on", async () => {
    const { clock, answers, ask } = bench(() => Promise.reject(new Error("EIO")));
    ask(1, 0);
    ask(2, 0);
    await clock.advance(2_000);
    expect(answers).toEqual(["timeout", "timeout"]);
  });

  it("that never falls silent is asked all the same", async () => {
    const { clock, bus, written, ask } = bench();
    ask(1, 0);
    ask(2, 0);
    for (let i = 0; i < 2_000; i++) {
      bus.onData(Uint8Array.of(0x55));
      await clock.advance(5);
    }
    expect(written.length).toBeGreaterThan(1);
  });

  it("takes no more questions than it can ever ask, and settles all of them when it closes", async () => {
    const { clock, bus, answers, ask } = bench();
    for (let i = 0; i < 400; i++) ask(1, i);
    await clock.advance(0);
    expect(answers.length).toBeGreaterThan(100);
    bus.close();
    ask(1, 0);
    await clock.advance(0);
    expect(answers).toHaveLength(401);
    expect(new Set(answers)).toEqual(new Set(["closed"]));
  });
});
