import { createSocket, type Socket } from "node:dgram";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import { udp, type UdpOptions, type UdpTransport } from "../../src/io/udp.ts";
import { describeTransport, type Wired } from "../contract/transport.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { wire } from "../support/virtual-network.ts";

/** A peer on loopback. */
class Peer {
  readonly socket: Socket;
  readonly #waiting: ((heard: Heard) => void)[] = [];
  readonly #heard: Heard[] = [];
  last: Heard | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("message", (datagram, { address, port }) => {
      const heard = { datagram, address, port };
      this.last = heard;
      const waiting = this.#waiting.shift();
      if (waiting) waiting(heard);
      else this.#heard.push(heard);
    });
  }

  static open(host = "127.0.0.1", port = 0): Promise<Peer> {
    const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
    return new Promise((resolve) => socket.bind(port, host, () => resolve(new Peer(socket))));
  }

  get port(): number {
    return this.socket.address().port;
  }

  arrival(): Promise<Heard> {
    const heard = this.#heard.shift();
    return heard ? Promise.resolve(heard) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.socket.close(() => resolve()));
  }
}

interface Heard {
  readonly datagram: Buffer;
  readonly address: string;
  readonly port: number;
}

const toClose: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of toClose.splice(0)) await each.close();
});

async function peer(host?: string, port?: number): Promise<Peer> {
  const opened = await Peer.open(host, port);
  toClose.push(opened);
  return opened;
}

async function opened(options: UdpOptions): Promise<UdpTransport> {
  const transport = udp(options);
  toClose.push(transport);
  await transport.open(new AbortController().signal);
  return transport;
}

const FLOOD = `
  const socket = require("node:dgram").createSocket("udp4");
  const { workerData: port } = require("node:worker_threads");
  const flood = () => {
    for (let i = 0; i < 100; i++) socket.send("x", port, "127.0.0.1");
    setImmediate(flood);
  };
  flood();
`;

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Waits until something is so, in turns of the event loop. */
async function until(so: () => boolean): Promise<void> {
  for (let i = 0; i < 100_000 && !so(); i++) await turn();
}

async function wiredTo(host: string): Promise<Wired> {
  const far = await Peer.open(host);
  const near = udp({ host, port: far.port });
  return {
    near,
    arrival: async () => (await far.arrival()).datagram,
    sendBack: (datagram) => {
      const to = far.last;
      if (to) far.socket.send(datagram, to.port, to.address);
    },
    end: () => far.close(),
  };
}

describeTransport("UDP over IPv4", () => wiredTo("127.0.0.1"));
describeTransport("UDP over IPv6", () => wiredTo("::1"));
describeTransport("the wire in memory", async () => {
  const { near, far } = wire();
  const arrived: Uint8Array[] = [];
  const waiting: ((datagram: Uint8Array) => void)[] = [];
  far.onDatagram((datagram) => {
    const next = waiting.shift();
    if (next) next(datagram);
    else arrived.push(datagram);
  });
  return {
    near,
    arrival: () => {
      const first = arrived.shift();
      return first ? Promise.resolve(first) : new Promise((resolve) => waiting.push(resolve));
    },
    sendBack: (datagram) => far.send(datagram),
    end: () => far.close(),
  };
});

describe("a UDP transport", () => {
  it("tells the port it was bound to", async () => {
    const far = await peer();
    const ports: number[] = [];
    const transport = await opened({ host: "127.0.0.1", port: far.port, onBound: (port) => ports.push(port) });
    transport.send(Uint8Array.of(1));
    expect(ports).toEqual([(await far.arrival()).port]);
    expect(transport.localPort).toBe(ports[0]);
  });

  it("keeps its port when it is opened again", async () => {
    const far = await peer();
    const transport = await opened({ host: "127.0.0.1", port: far.port });
    const before = transport.localPort;
    await transport.open(new AbortController().signal);
    expect(transport.localPort).toBe(before);
  });

  it("takes the remembered port, or another one if somebody else has it", async () => {
    const far = await peer();
    const first = await opened({ host: "127.0.0.1", port: far.port });
    const log = new MemoryLog();
    const second = await opened({ host: "127.0.0.1", port: far.port, localPort: first.localPort, log });
    expect(second.localPort).not.toBe(first.localPort);
    expect(log.events("info")).toEqual(["udp-port-taken"]);
    const wanted = second.localPort;
    await second.close();
    const third = await opened({ host: "127.0.0.1", port: far.port, localPort: wanted });
    expect(third.localPort).toBe(wanted);
  });

  it("lives on when nobody listens at the other end, and counts it", async () => {
    const far = await Peer.open();
    const { port } = far;
    await far.close();
    const transport = await opened({ host: "127.0.0.1", port });
    let told = 0;
    transport.onUnreachable(() => (told += 1));
    transport.send(Uint8Array.of(1));
    await until(() => transport.refused > 0);
    expect(transport.refused).toBeGreaterThan(0);
    expect(told).toBe(transport.refused);
    const back = await peer("127.0.0.1", port);
    // The first send after a refusal may be the one that is told of it.
    transport.send(Uint8Array.of(2));
    transport.send(Uint8Array.of(3));
    expect((await back.arrival()).datagram.length).toBe(1);
  });

  it("hears nobody but its peer", async () => {
    const far = await peer();
    const stranger = await peer();
    const transport = await opened({ host: "127.0.0.1", port: far.port });
    const heard: number[] = [];
    transport.onDatagram((datagram) => heard.push(datagram[0]!));
    stranger.socket.send(Uint8Array.of(66), transport.localPort, "127.0.0.1");
    far.socket.send(Uint8Array.of(1), transport.localPort, "127.0.0.1");
    await until(() => heard.length > 0);
    expect(heard).toEqual([1]);
  });

  it("drops and counts what strangers sent between its binding and its connecting", async () => {
    const far = await peer();
    const before = await opened({ host: "127.0.0.1", port: far.port });
    const port = before.localPort;
    await before.close();
    // From another thread, as fast as it goes: some arrive when the socket is bound and not yet connected.
    const stranger = new Worker(FLOOD, { eval: true, workerData: port });
    let heard = 0;
    let foreign = 0;
    for (let round = 0; round < 2_000 && foreign === 0; round++) {
      const transport = udp({ host: "127.0.0.1", port: far.port, localPort: port });
      transport.onDatagram(() => (heard += 1));
      await transport.open(new AbortController().signal);
      await turn();
      foreign = transport.foreign;
      await transport.close();
    }
    await stranger.terminate();
    expect(heard).toBe(0);
    expect(foreign).toBeGreaterThan(0);
  });

  it("finds a name's address, and says if there is none", async () => {
    const far = await peer();
    const transport = await opened({ host: "localhost", port: far.port });
    expect(transport.localPort).toBeGreaterThan(0);
    const nowhere = udp({ host: "no-such-host.invalid", port: 1 });
    await expect(nowhere.open(new AbortController().signal)).rejects.toThrow(/no-such-host/);
  });

  it("takes brackets around an IPv6 address", async () => {
    const far = await peer("::1");
    const transport = await opened({ host: "[::1]", port: far.port });
    transport.send(Uint8Array.of(5));
    expect([...(await far.arrival()).datagram]).toEqual([5]);
  });

  it("does not open when it is aborted or closed meanwhile", async () => {
    const far = await peer();
    const aborted = udp({ host: "127.0.0.1", port: far.port });
    const controller = new AbortController();
    const opening = aborted.open(controller.signal);
    controller.abort();
    await expect(opening).rejects.toThrow();
    const closed = udp({ host: "127.0.0.1", port: far.port });
    const second = closed.open(new AbortController().signal);
    await closed.close();
    await expect(second).rejects.toThrow(/closed while opening/);
    closed.send(Uint8Array.of(1));
    await turn();
    expect(far.last).toBeUndefined();
  });

  it("leaves no socket open behind it", async () => {
    const far = await peer();
    const handles = () => process.getActiveResourcesInfo().filter((resource) => resource.startsWith("UDP")).length;
    const before = handles();
    for (let i = 0; i < 200; i++) {
      const transport = udp({ host: "127.0.0.1", port: far.port });
      await transport.open(new AbortController().signal);
      await transport.close();
    }
    await until(() => handles() <= before);
    expect(handles()).toBeLessThanOrEqual(before);
  });
});
