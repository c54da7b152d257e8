/** The way to a server, while it opens: whoever closes it ends that too, and nobody waits for what will not come. */

import { describe, expect, it } from "vitest";
import type { Transport } from "../../../src/base/transport.ts";
import { Code } from "../../../src/coap/index.ts";
import { Connection, type ConnectionOwner } from "../../../src/lwm2m/servers/connection.ts";
import { FakeClock, settle } from "../../support/fake-clock.ts";
import { FakeServer } from "../../support/fake-server.ts";
import { MemoryLog } from "../../support/memory-log.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { wire } from "../../support/virtual-network.ts";

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
    refused: () => undefined,
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

describe("a connection whose line breaks by itself", () => {
  it("fails what waits for an answer, says that the line is lost, and opens another for the next request", async () => {
    const wires = [wire(), wire()];
    const lost: string[] = [];
    let connected = 0;
    const owner: ConnectionOwner = {
      connect: () => wires[connected++]!.near,
      handle: () => ({ code: Code.NotFound }),
      upload: undefined,
      lineLost: () => void lost.push("lost"),
      refused: () => undefined,
    };
    const options = { clock: new FakeClock(), random: new SeededRandom(1), log: new MemoryLog() };
    const here = new Connection(owner, options);
    const asked = here.request({ code: Code.POST, path: ["rd"] });
    await settle();
    wires[0]!.near.fail("the server took its leave");
    expect(await asked).toEqual({ status: "failed", reason: "connection lost: the server took its leave" });
    expect(lost).toEqual(["lost"]);
    expect(wires[0]!.near.isOpen).toBe(false);
    const again = new FakeServer(wires[1]!.far);
    const answer = await here.request({ code: Code.POST, path: ["rd"] });
    expect([answer.status, again.log]).toEqual(["answered", ["POST /rd"]]);
    // With nothing under way, too.
    wires[1]!.near.fail("the wire was cut");
    await settle();
    expect(lost).toEqual(["lost", "lost"]);
  });
});
