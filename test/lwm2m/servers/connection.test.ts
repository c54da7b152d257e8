/** The way to a server, while it opens: whoever closes it ends that too, and nobody waits for what will not come. */

import { describe, expect, it } from "vitest";
import type { Transport } from "../../../src/base/transport.ts";
import { Code } from "../../../src/coap/index.ts";
import { Connection, type ConnectionOwner } from "../../../src/lwm2m/servers/connection.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { MemoryLog } from "../../support/memory-log.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

/** Opens for ever, until it is closed. */
class Slow implements Transport {
  readonly maxDatagram = 1_232;
  closed = 0;
  #fail: ((error: Error) => void) | undefined;

  open(): Promise<void> {
    return new Promise((_, reject) => (this.#fail = reject));
  }

  close(): Promise<void> {
    this.closed += 1;
    this.#fail?.(new Error("closed while opening"));
    return Promise.resolve();
  }

  send(): void {
    throw new Error("nothing can be sent before it is open");
  }

  onDatagram(): void {
    // Nothing ever comes.
  }

  onClose(): void {
    // It is we who close it.
  }

  renew(): Promise<void> {
    return Promise.resolve();
  }
}

function connection() {
  const slow = new Slow();
  const lost: string[] = [];
  const owner: ConnectionOwner = {
    connect: () => slow,
    handle: () => ({ code: Code.NotFound }),
    upload: undefined,
    lineLost: () => void lost.push("lost"),
  };
  const options = { clock: new FakeClock(), random: new SeededRandom(1), log: new MemoryLog() };
  return { slow, lost, connection: new Connection(owner, options) };
}

describe("a connection that is closed while it opens", () => {
  it("fails what waited for it, and closes the transport", async () => {
    const here = connection();
    const asked = here.connection.request({ code: Code.POST, path: ["rd"] });
    await here.connection.close();
    expect(await asked).toEqual({ status: "failed", reason: "closed while opening" });
    expect(here.slow.closed).toBe(1);
    // It was we who closed it: nobody has to find another way.
    expect(here.lost).toEqual([]);
  });

  it("opens no other one", async () => {
    const here = connection();
    await here.connection.close();
    expect(await here.connection.request({ code: Code.GET, path: [] })).toEqual({ status: "failed", reason: "closed" });
  });
});
