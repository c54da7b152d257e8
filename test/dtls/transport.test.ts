import { describe, expect, it } from "vitest";
import type { SecurityFailure } from "../../src/base/association.ts";
import { HandshakeGate } from "../../src/dtls/gate.ts";
import { SessionStore } from "../../src/dtls/sessions.ts";
import { DtlsTransport, type DtlsTransportOptions, SecurityError } from "../../src/dtls/transport.ts";
import { describeTransport } from "../contract/transport.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { SystemClock } from "../../src/base/system-clock.ts";
import type { Clock } from "../../src/base/clock.ts";
import { wire, type Wire } from "../support/virtual-network.ts";
import { FACTS, FakeAssociations, FakeFar, session } from "./support/fake-association.ts";

const SERVER = "coaps://server:5684";

function rig(options: Partial<DtlsTransportOptions> = {}, clock: Clock = new FakeClock()) {
  const random = new SeededRandom(2);
  const log = new MemoryLog();
  const sessions = new SessionStore({ clock, log });
  const gate = new HandshakeGate({ clock, random });
  const associations = new FakeAssociations();
  const dialled: ("kept" | "fresh")[] = [];
  const wires: Wire[] = [wire()];
  const far = new FakeFar(wires[0]!.far);
  const { near } = wires[0]!;
  const heard: number[][] = [];
  const closed: string[] = [];
  let unreachable = 0;
  const transport = new DtlsTransport({
    dial: (port) => {
      dialled.push(port);
      return near;
    },
    associate: associations.associate,
    server: SERVER,
    endpoint: "tag",
    shared: { clock, log, gate, sessions },
    ...options,
  });
  transport.onDatagram((datagram) => heard.push([...datagram]));
  transport.onClose((reason) => closed.push(reason));
  transport.onUnreachable(() => (unreachable += 1));
  return {
    transport,
    sessions,
    gate,
    log,
    associations,
    dialled,
    near,
    far,
    heard,
    closed,
    unreachable: () => unreachable,
  };
}

/** The same on virtual time, and how an opening went. */
function virtual(options: Partial<DtlsTransportOptions> = {}) {
  const clock = new FakeClock();
  const all = rig(options, clock);
  const outcome = (work: Promise<void>) => {
    const result: { ok?: true; error?: unknown } = {};
    work.then(
      () => (result.ok = true),
      (error: unknown) => (result.error = error),
    );
    return result;
  };
  const open = () => outcome(all.transport.open());
  const opened = async () => {
    const result = open();
    await clock.advance(100);
    if (!result.ok) throw new Error(`not open: ${String(result.error)}`);
  };
  /** Makes handshakes end with these, one after the other; what comes after is open. */
  const fate = (...failures: readonly SecurityFailure[]) => {
    all.far.welcome = undefined;
    return async () => {
      for (const failure of failures) {
        await clock.advance(100);
        all.associations.last.fail(failure);
      }
      await clock.advance(100);
    };
  };
  return { ...all, clock, open, opened, outcome, fate };
}

const failure = (kind: SecurityFailure["kind"], reason = `it was ${kind}`): SecurityFailure => ({ kind, reason });

describeTransport("DTLS", async () => {
  const { transport, far } = rig({}, new SystemClock());
  const arrived: Uint8Array[] = [];
  const waiting: ((datagram: Uint8Array) => void)[] = [];
  far.onDatagram((datagram) => {
    const next = waiting.shift();
    if (next) next(datagram);
    else arrived.push(datagram);
  });
  return {
    near: transport,
    arrival: () => {
      const first = arrived.shift();
      return first ? Promise.resolve(first) : new Promise((resolve) => waiting.push(resolve));
    },
    sendBack: (datagram) => far.send(datagram),
    end: () => far.close(),
  };
});

describe("a secured way that opens", () => {
  it("is open when the handshake is done, and says how it is secured", async () => {
    const { transport, clock, open, far } = virtual();
    const result = open();
    expect(transport.security).toEqual({ protocol: "DTLS 1.2" });
    await clock.advance(100);
    expect(result).toEqual({ ok: true });
    expect(transport.security).toEqual({
      protocol: "DTLS 1.2",
      suite: "TLS_PSK_WITH_AES_128_CCM_8",
      connectionId: true,
      resumed: false,
    });
    expect(far.hellos).toBe(1);
  });

  it("has no timer once it is open", async () => {
    const { clock, open, associations, far } = virtual();
    far.welcome = undefined;
    const result = open();
    await clock.advance(5_000);
    expect(far.hellos).toBe(3);
    associations.last.open();
    await clock.advance(10);
    expect(result).toEqual({ ok: true });
    await clock.advance(3_600_000);
    expect(far.hellos).toBe(3);
  });

  it("repeats what is not answered when the association says so", async () => {
    const { clock, open, far } = virtual();
    far.welcome = undefined;
    const result = open();
    await clock.advance(62_000);
    expect(far.hellos).toBe(5);
    expect(result.error).toBeInstanceOf(SecurityError);
    expect(String(result.error)).toBe("SecurityError: DTLS: nobody answered");
  });

  it("names its inner payload, and drops what is longer", async () => {
    const { transport, opened, near } = virtual();
    expect(transport.maxDatagram).toBeLessThan(near.maxDatagram);
    await opened();
    expect(transport.maxDatagram).toBe(near.maxDatagram - 29);
    const before = near.sent.length;
    transport.send(new Uint8Array(transport.maxDatagram + 1));
    expect(near.sent).toHaveLength(before);
  });

  it("fails with the words of the way below, and leaves nothing behind", async () => {
    const { clock, open, near, gate } = virtual();
    near.refuse = "no such host";
    const result = open();
    await clock.advance(100);
    expect(String(result.error)).toBe("Error: no such host");
    expect([gate.busy, gate.waiting]).toEqual([0, 0]);
  });

  it("fails with words if the engine below cannot even begin", async () => {
    const { clock, open, gate } = virtual({
      associate: () => {
        throw new Error("no suite fits");
      },
    });
    const result = open();
    await clock.advance(100);
    expect(String(result.error)).toBe("SecurityError: DTLS: no suite fits");
    expect(gate.busy).toBe(0);
  });

  it.each(["at the gate", "in the handshake", "on the way"] as const)("can be closed while it is %s", async (where) => {
    const { transport, clock, open, far, gate, near } = virtual();
    far.welcome = undefined;
    const others = Array.from({ length: where === "at the gate" ? 32 : 0 }, () => gate.enter(SERVER, () => undefined));
    const result = open();
    if (where !== "on the way") await clock.advance(100);
    await transport.close();
    await clock.advance(100);
    expect(String(result.error)).toContain("closed while opening");
    expect(near.isOpen).toBe(false);
    for (const pass of others) pass.leave();
    await clock.advance(100);
    expect([gate.busy, gate.waiting]).toEqual([0, 0]);
    const before = far.hellos;
    await clock.advance(60_000);
    expect(far.hellos).toBe(before);
  });

  it("gives up when it is told to by a signal, before or meanwhile", async () => {
    const { transport, clock, outcome, far } = virtual();
    far.welcome = undefined;
    await expect(transport.open(AbortSignal.abort())).rejects.toThrow("abort");
    expect(far.hellos).toBe(0);
    const abort = new AbortController();
    const result = outcome(transport.open(abort.signal));
    await clock.advance(100);
    expect(far.hellos).toBe(1);
    abort.abort();
    await clock.advance(100);
    expect(String(result.error)).toContain("closed while opening");
  });

  it("counts an opening as overtaken by the next", async () => {
    const { clock, open, transport } = virtual();
    const first = open();
    const second = open();
    await clock.advance(200);
    expect(String(first.error)).toContain("closed while opening");
    expect(second).toEqual({ ok: true });
    expect(transport.security.suite).toBeDefined();
  });
});

describe("a handshake that fails", () => {
  it("after silence of a server that may still know our port is tried from a fresh one", async () => {
    const { clock, open, dialled, fate } = virtual({ known: true });
    const go = fate(failure("silence"), failure("silence"));
    const result = open();
    await go();
    await clock.advance(1);
    expect(dialled).toEqual(["kept", "fresh"]);
    expect(String(result.error)).toContain("it was silence");
  });

  it("after silence of a server that never knew us is not tried again", async () => {
    const { open, dialled, fate } = virtual();
    const go = fate(failure("silence"));
    const result = open();
    await go();
    expect(dialled).toEqual(["kept"]);
    expect(String(result.error)).toContain("it was silence");
  });

  it("in silence of a server that had answered is tried once more: it is there, and the way to it bad", async () => {
    const { clock, open, dialled, far, associations } = virtual();
    // Something of a handshake, and no more.
    far.welcome = Uint8Array.of(0);
    const result = open();
    await clock.advance(100);
    associations.last.fail(failure("silence"));
    await clock.advance(100);
    expect(dialled).toEqual(["kept", "fresh"]);
    associations.last.open();
    await clock.advance(10);
    expect(result).toEqual({ ok: true });
  });

  it("in silence after our Finished is tried once more from a fresh port, then ends in words", async () => {
    const { open, dialled, fate, transport } = virtual();
    const words = "server answered, then silence after our Finished: wrong key?";
    const go = fate(failure("silence-after-finished", words));
    const result = open();
    await go();
    expect(dialled).toEqual(["kept", "fresh"]);
    expect(transport.security).toEqual({ protocol: "DTLS 1.2", failure: words });
    expect(result).toEqual({});
    await fate(failure("silence-after-finished", words))();
    expect(String(result.error)).toBe(`SecurityError: DTLS: ${words}`);
  });

  it("is told by what says most: mere silence from the fresh port, at a server for one client at a time, says nothing", async () => {
    const { open, fate, transport } = virtual();
    const words = "server answered, then silence after our Finished: wrong key?";
    const go = fate(failure("silence-after-finished", words));
    const result = open();
    await go();
    await fate(failure("silence", "server does not answer"))();
    expect(String(result.error)).toBe(`SecurityError: DTLS: ${words}`);
    expect(transport.security).toEqual({ protocol: "DTLS 1.2" });
  });

  it.each(["alert", "untrusted", "protocol", "silence-after-finished"] as const)(
    "of a session that was to be resumed (%s) is done in full, and the session forgotten",
    async (kind) => {
      const { open, sessions, associations, fate, far, clock } = virtual();
      sessions.set(SERVER, "tag", session());
      const go = fate(failure(kind));
      const result = open();
      await clock.advance(50);
      expect(associations.last.options.resume).toEqual(session());
      far.welcome = undefined;
      await go();
      expect(sessions.get(SERVER, "tag")).toBeUndefined();
      expect(associations.made).toHaveLength(2);
      expect(associations.last.options.resume).toBeUndefined();
      associations.last.open();
      await clock.advance(10);
      expect(result).toEqual({ ok: true });
      expect(sessions.get(SERVER, "tag")).toEqual(session());
    },
  );

  it("in mere silence costs no session: the server may be away", async () => {
    const { open, sessions, fate } = virtual();
    sessions.set(SERVER, "tag", session());
    const go = fate(failure("silence"));
    open();
    await go();
    expect(sessions.get(SERVER, "tag")).toBeDefined();
  });

  it.each(["alert", "untrusted", "protocol", "closed"] as const)("for good (%s) is told at once", async (kind) => {
    const { open, dialled, fate } = virtual();
    const go = fate(failure(kind));
    const result = open();
    await go();
    expect(dialled).toEqual(["kept"]);
    expect(String(result.error)).toBe(`SecurityError: DTLS: it was ${kind}`);
  });

  it("says so if the server's machine says that nobody listens", async () => {
    const { open, clock, near, fate } = virtual();
    const go = fate(failure("silence", "no answer from server:5684"));
    const result = open();
    await clock.advance(50);
    near.unreachable();
    await go();
    expect(String(result.error)).toContain("no answer from server:5684 (its machine says that nothing listens");
  });

  it("for want of a clock waits until it is set, and says so meanwhile", async () => {
    const { open, clock, fate, transport, associations, far } = virtual();
    clock.trusted = false;
    const go = fate(failure("clock", "the clock is not set yet"));
    const result = open();
    await go();
    await clock.advance(3_600_000);
    expect(associations.made).toHaveLength(1);
    expect(transport.security.failure).toBe("the clock is not set yet");
    far.welcome = Uint8Array.of(2, 0);
    clock.trusted = true;
    await clock.advance(11_000);
    expect(result).toEqual({ ok: true });
  });

  it("can be closed while it waits for the clock", async () => {
    const { open, clock, fate, transport, associations } = virtual();
    clock.trusted = false;
    const go = fate(failure("clock"));
    const result = open();
    await go();
    await transport.close();
    await settle();
    expect(String(result.error)).toContain("closed");
    clock.trusted = true;
    await clock.advance(60_000);
    expect(associations.made).toHaveLength(1);
  });

  it("gives the way below back", async () => {
    const { open, near, fate, gate } = virtual();
    const go = fate(failure("alert"));
    open();
    await go();
    expect(near.isOpen).toBe(false);
    expect(gate.busy).toBe(0);
  });
});

describe("a secured way that is open", () => {
  it("passes on what the server's machine says of ports", async () => {
    const { opened, near, unreachable } = virtual();
    await opened();
    near.unreachable();
    expect(unreachable()).toBe(1);
  });

  it("tells that it is closed when the server takes its leave", async () => {
    const { opened, far, closed, near, transport, clock } = virtual();
    await opened();
    far.bye();
    await clock.advance(1);
    expect(closed).toEqual(["the server took its leave"]);
    expect(near.isOpen).toBe(false);
    transport.send(Uint8Array.of(1));
    await opened();
    expect(transport.security.suite).toBe(FACTS.suite);
  });

  it("tells that it is closed when the way below breaks", async () => {
    const { opened, near, closed } = virtual();
    await opened();
    near.fail("the wire was cut");
    expect(closed).toEqual(["the wire was cut"]);
  });

  it("takes its leave when it is closed, and says nothing then", async () => {
    const { opened, far, closed, transport } = virtual();
    await opened();
    await transport.close();
    await transport.close();
    expect(far.byes).toBe(1);
    expect(closed).toEqual([]);
  });

  it("is renewed by taking up its session on the same port", async () => {
    const { opened, outcome, transport, clock, associations, dialled, far } = virtual();
    await opened();
    const result = outcome(transport.renew());
    await clock.advance(100);
    expect(result).toEqual({ ok: true });
    expect(associations.last.options.resume).toEqual(session());
    expect(transport.security).toMatchObject({ resumed: true });
    expect(dialled).toEqual(["kept"]);
    expect([far.hellos, far.byes]).toEqual([2, 1]);
  });

  it("is renewed from a fresh port where the old one meets silence, and closed where nothing helps", async () => {
    const { opened, outcome, transport, clock, dialled, fate, near } = virtual();
    await opened();
    const go = fate(failure("silence"), failure("silence"));
    const result = outcome(transport.renew());
    await go();
    await clock.advance(10);
    expect(dialled).toEqual(["kept", "fresh"]);
    expect(String(result.error)).toContain("silence");
    expect(near.isOpen).toBe(false);
  });

  it("has nothing to renew where nothing is open, or something opens", async () => {
    const { transport, clock, open, far } = virtual();
    await transport.renew();
    const result = open();
    await clock.advance(1);
    await transport.renew();
    await clock.advance(100);
    expect(result).toEqual({ ok: true });
    expect(far.hellos).toBe(1);
  });

  it("loses what is sent while it is renewed, as datagrams are", async () => {
    const { opened, outcome, transport, clock, near, far } = virtual();
    await opened();
    far.welcome = undefined;
    outcome(transport.renew());
    await clock.advance(50);
    const before = near.sent.length;
    expect(() => transport.send(Uint8Array.of(1))).not.toThrow();
    expect(near.sent).toHaveLength(before);
  });

  it("keeps no secret in words or log", async () => {
    const { opened, log, transport } = virtual();
    await opened();
    const said = JSON.stringify([log.lines, transport.security]);
    for (const secret of [session().masterSecret, session().id])
      for (const encoding of ["hex", "base64"] as const)
        expect(said).not.toContain(Buffer.from(secret).toString(encoding).slice(0, 16));
  });
});
