/** UDP to names: addresses that move, families that change, name services that fail, and closings at every moment. */

import { createSocket, type Socket } from "node:dgram";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { udp, type UdpOptions, type UdpTransport } from "../../src/io/udp.ts";

type Found = readonly { readonly address: string; readonly family: number }[];
const names = vi.hoisted(() => ({
  lookup: (host: string): Promise<Found> => Promise.reject(new Error(`no name service for ${host}`)),
}));
vi.mock("node:dns/promises", () => ({ lookup: (host: string) => names.lookup(host) }));

const FOUR = { address: "127.0.0.1", family: 4 };
const OTHER = { address: "127.0.0.2", family: 4 };
const SIX = { address: "::1", family: 6 };
const never = () => new AbortController().signal;

const toClose: (() => Promise<void>)[] = [];
beforeEach(() => {
  names.lookup = () => Promise.resolve([FOUR]);
});
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

async function peer(address: string, port = 0): Promise<{ port: number; heard: Promise<string> }> {
  const socket: Socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  const heard = new Promise<string>((resolve) => socket.on("message", (datagram) => resolve(datagram.toString())));
  await new Promise<void>((resolve) => socket.bind(port, address, () => resolve()));
  toClose.push(() => new Promise((resolve) => socket.close(() => resolve())));
  return { port: socket.address().port, heard };
}

function transport(options: Partial<UdpOptions> & { port: number }): UdpTransport {
  const made = udp({ host: "server.lan", ...options });
  toClose.push(() => made.close());
  return made;
}

const hello = new TextEncoder().encode("hello");
/** Those of the test before may still be closing. */
async function quietSockets(): Promise<number> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  return sockets();
}
const sockets = () => process.getActiveResourcesInfo().filter((resource) => resource.startsWith("UDP")).length;
async function until(so: () => boolean): Promise<void> {
  for (let i = 0; i < 100_000 && !so(); i++) await new Promise((resolve) => setImmediate(resolve));
}

describe("a name", () => {
  it("is looked up at each opening, and goes where it leads", async () => {
    const [four, six] = [await peer("127.0.0.1"), await peer("::1")];
    const near = transport({ port: four.port });
    await near.open(never());
    near.send(hello);
    expect(await four.heard).toBe("hello");
    names.lookup = () => Promise.resolve([SIX]);
    const other = transport({ port: six.port });
    await other.open(never());
    other.send(hello);
    expect(await six.heard).toBe("hello");
  });

  it("without an address, or without a name service, fails the opening in words", async () => {
    const near = transport({ port: 5_683 });
    names.lookup = () => Promise.resolve([]);
    await expect(near.open(never())).rejects.toThrow("server.lan has no address");
    names.lookup = () => Promise.reject(Object.assign(new Error("getaddrinfo EAI_AGAIN"), { code: "EAI_AGAIN" }));
    await expect(near.open(never())).rejects.toThrow(/EAI_AGAIN/);
    names.lookup = () => Promise.resolve([FOUR]);
    await near.open(never());
    expect(near.localPort).toBeGreaterThan(0);
  });

  it("that has moved is followed by a renewal, on the same port", async () => {
    const first = await peer("127.0.0.1");
    const second = await peer("127.0.0.2", first.port);
    const near = transport({ port: first.port });
    await near.open(never());
    const before = near.localPort;
    names.lookup = () => Promise.resolve([OTHER]);
    await near.renew();
    near.send(hello);
    expect(await second.heard).toBe("hello");
    expect(near.localPort).toBe(before);
  });

  it("with several addresses is tried at the next one by each renewal", async () => {
    names.lookup = () => Promise.resolve([OTHER, FOUR]);
    const far = await peer("127.0.0.1");
    const near = transport({ port: far.port });
    await near.open(never());
    await near.renew();
    near.send(hello);
    expect(await far.heard).toBe("hello");
  });

  it("that changes its family is reached over the other one", async () => {
    const far = await peer("::1");
    const near = transport({ port: far.port });
    await near.open(never());
    names.lookup = () => Promise.resolve([SIX]);
    await near.renew();
    near.send(hello);
    expect(await far.heard).toBe("hello");
  });

  it("that cannot be found for a renewal leaves all as it is", async () => {
    const far = await peer("127.0.0.1");
    const near = transport({ port: far.port });
    await near.open(never());
    names.lookup = () => Promise.reject(new Error("no name service"));
    await near.renew();
    near.send(hello);
    expect(await far.heard).toBe("hello");
  });

  it("is not looked up again where the address is given, or nothing is open", async () => {
    const far = await peer("127.0.0.1");
    let asked = 0;
    names.lookup = () => {
      asked += 1;
      return Promise.resolve([FOUR]);
    };
    await transport({ port: far.port }).renew();
    const near = transport({ host: "127.0.0.1", port: far.port });
    await near.open(never());
    await near.renew();
    expect(asked).toBe(0);
  });
});

describe("closing", () => {
  it.each([0, 1, 2, 3, 4, 5, 6])("%i turns into a renewal ends it: no socket opens behind its back", async (turns) => {
    const far = await peer("127.0.0.1");
    const near = transport({ port: far.port });
    await near.open(never());
    const open = await quietSockets();
    names.lookup = () => Promise.resolve([OTHER]);
    const renewing = near.renew();
    // Somewhere among these the name is found, the old socket is closing, and the new one is not yet bound.
    for (let i = 0; i < turns; i++) await Promise.resolve();
    await near.close();
    await renewing.catch(() => undefined);
    near.send(hello);
    await until(() => sockets() < open);
    expect(sockets()).toBeLessThan(open);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 8, 10])("after %i turns of an opening leaves nothing open", async (turns) => {
    const far = await peer("127.0.0.1");
    const open = await quietSockets();
    const near = udp({ host: "server.lan", port: far.port });
    const opening = near.open(never()).catch(() => undefined);
    for (let i = 0; i < turns; i++) await Promise.resolve();
    await Promise.all([near.close(), near.close()]);
    await opening;
    await near.close();
    await until(() => sockets() <= open);
    expect(sockets()).toBeLessThanOrEqual(open);
  });

  it("while the name is looked up fails the opening, however late the answer", async () => {
    const near = transport({ port: 9 });
    let found: (addresses: Found) => void = () => undefined;
    names.lookup = () => new Promise((resolve) => (found = resolve));
    const opening = near.open(never());
    await Promise.resolve();
    await near.close();
    found([FOUR]);
    await expect(opening).rejects.toThrow(/closed while opening/);
  });

  it("twice at once, or before anything was open, is no trouble", async () => {
    const near = transport({ port: 9 });
    await near.close();
    await near.open(never());
    await Promise.all([near.close(), near.close(), near.close()]);
    near.send(hello);
    await near.renew();
  });

  it("is not needed between two openings: the second one wins", async () => {
    const far = await peer("127.0.0.1");
    const before = await quietSockets();
    const near = transport({ port: far.port });
    const first = near.open(never()).then(
      () => "open",
      () => "closed",
    );
    await near.open(never());
    expect(await first).toBe("closed");
    near.send(hello);
    expect(await far.heard).toBe("hello");
    await until(() => sockets() === before + 1);
    expect(sockets()).toBe(before + 1);
  });
});

describe("sending", () => {
  it("is silent before the opening, and drops what no datagram holds", async () => {
    const far = await peer("127.0.0.1");
    const near = transport({ port: far.port });
    near.send(hello);
    await near.open(never());
    near.send(new Uint8Array(near.maxDatagram + 1));
    near.send(hello);
    expect(await far.heard).toBe("hello");
  });
});
