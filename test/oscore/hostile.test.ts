/** Bytes that nobody would send who means well: nothing is thrown, nothing believed, nothing kept. */

import { describe, expect, it } from "vitest";
import { DecodeError } from "../../src/base/bytes.ts";
import { Code } from "../../src/coap/index.ts";
import { decodeOption, encodeOption } from "../../src/oscore/option.ts";
import { FUZZ_INPUTS, FUZZ_TIMEOUT_MS, mutate } from "../support/mutate.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { Pair } from "./support.ts";

describe("random and mutated bytes", () => {
  it(
    `end in DecodeError, or in an option that is written as it was read, ${FUZZ_INPUTS} times`,
    () => {
      const random = new SeededRandom(8613);
      for (let i = 0; i < FUZZ_INPUTS; i++) {
        const value = random.bytes(random.below(20));
        try {
          const option = decodeOption(value);
          expect(Buffer.compare(encodeOption(option), value)).toBe(0);
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error;
        }
      }
    },
    FUZZ_TIMEOUT_MS,
  );

  it("from the wire change nothing at either end, and honest requests go on", async () => {
    const pair = await new Pair().open();
    const handled: string[] = [];
    pair.server.endpoint.onRequest(({ path }) => {
      handled.push(path.join("/"));
      return { code: Code.Content, payload: Uint8Array.of(1, 2, 3) };
    });
    const ask = () => pair.client.endpoint.request({ code: Code.POST, path: ["3", "0"] });
    await ask();
    const wire = [...pair.line.near.sent, ...pair.line.far.sent];
    const random = new SeededRandom(9175);
    for (let i = 0; i < 20_000; i++) {
      const original = wire[i % wire.length] ?? new Uint8Array(0);
      const datagram = mutate(original, random);
      pair.line.far.receive(datagram);
      pair.line.near.receive(datagram);
    }
    expect(handled).toEqual(["3/0"]);
    expect((await ask()).status).toBe("answered");
    expect(handled).toEqual(["3/0", "3/0"]);
    expect(pair.server.transport.counters.forged).toBeGreaterThan(0);
  });
});
