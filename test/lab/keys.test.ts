import { describe, expect, it } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import { LabKeys } from "../../src/lab/keys.ts";
import { orderKeys } from "../../src/lab/http/key-orders.ts";
import { HttpError, type Order } from "../../src/lab/http/messages.ts";
import { SecureFront, type SecureDoor, type SecureDoorOptions } from "../../src/lab/secure-front.ts";
import { introduce } from "../../src/lab-server.ts";
import { LabBench } from "../support/lab-bench.ts";

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const KEY = Uint8Array.from({ length: 16 }, (_, i) => i);

describe("the keys of the lab", () => {
  it("are found by the bytes of the identity, and by nothing else", () => {
    const keys = new LabKeys();
    keys.set(bytes("dev"), KEY);
    expect(keys.keyOf(bytes("dev"))).toEqual(KEY);
    for (const other of ["Dev", "dev ", "de", "dev1", ""]) expect(keys.keyOf(bytes(other))).toBeUndefined();
  });

  it("may belong to identities that are no text", () => {
    const keys = new LabKeys();
    keys.set(Uint8Array.of(0xff, 0xfe, 1), KEY);
    expect(keys.keyOf(Uint8Array.of(0xff, 0xfe, 1))).toEqual(KEY);
    expect(keys.keyOf(Uint8Array.of(0xff, 0xfd, 1))).toBeUndefined();
  });

  it("are replaced by a later one, and forgotten", () => {
    const keys = new LabKeys();
    keys.set(bytes("dev"), KEY);
    keys.set(bytes("dev"), bytes("new"));
    expect(keys.size).toBe(1);
    expect(keys.keyOf(bytes("dev"))).toEqual(bytes("new"));
    expect(keys.delete(bytes("dev"))).toBe(true);
    expect(keys.delete(bytes("dev"))).toBe(false);
    expect(keys.keyOf(bytes("dev"))).toBeUndefined();
  });

  it("are copies: what happens to the caller's bytes does not matter, and what is forgotten is wiped", () => {
    const keys = new LabKeys();
    const mine = KEY.slice();
    keys.set(bytes("dev"), mine);
    mine.fill(9);
    const held = keys.keyOf(bytes("dev"));
    expect(held).toEqual(KEY);
    keys.delete(bytes("dev"));
    expect(held).toEqual(new Uint8Array(16));
  });

  it("are shown as identities alone, in their order", () => {
    const keys = new LabKeys();
    for (const name of ["b", "a", "c"]) keys.set(bytes(name), KEY);
    expect(keys.identities).toEqual(["a", "b", "c"]);
    expect(JSON.stringify(keys)).not.toContain("1");
  });

  it.each([
    { what: "an identity without bytes", identity: bytes(""), key: KEY },
    { what: "an identity of 129 bytes", identity: new Uint8Array(129).fill(65), key: KEY },
    { what: "an identity with a zero byte, which OpenSSL would cut", identity: Uint8Array.of(65, 0, 66), key: KEY },
    { what: "a key without bytes", identity: bytes("dev"), key: bytes("") },
    { what: "a key of 65 bytes", identity: bytes("dev"), key: new Uint8Array(65) },
  ])("refuse $what", ({ identity, key }) => {
    const keys = new LabKeys();
    expect(() => keys.set(identity, key)).toThrow(RangeError);
    expect(keys.size).toBe(0);
  });

  it("are 20,000 at most; those that are there can still be replaced", () => {
    const keys = new LabKeys();
    for (let i = 0; i < 20_000; i++) keys.set(bytes(`d${i}`), KEY);
    expect(() => keys.set(bytes("one more"), KEY)).toThrow("20000 keys are enough");
    keys.set(bytes("d7"), bytes("new"));
    expect(keys.keyOf(bytes("d7"))).toEqual(bytes("new"));
  });
});

/** A door that opens nothing, and remembers how it was opened. */
class FakeDoor implements SecureDoor {
  opened: SecureDoorOptions | undefined;
  closed = 0;

  open(options: SecureDoorOptions): Promise<number> {
    this.opened = options;
    return Promise.resolve(options.port === 0 ? 45_684 : options.port);
  }

  peerAt(port: number) {
    return port === 40_000 ? { identity: "dev", suite: "a suite", address: "192.0.2.1:5000" } : undefined;
  }

  close(): Promise<void> {
    this.closed += 1;
    return Promise.resolve();
  }
}

describe("the secured port", () => {
  it("leads to the lab's own port, and asks the lab for keys", async () => {
    const door = new FakeDoor();
    const front = new SecureFront({ port: 0, door });
    expect(await front.open("127.0.0.1", 5_683)).toBe(45_684);
    expect(door.opened?.inner).toEqual({ address: "127.0.0.1", port: 5_683 });
    front.keys.set(bytes("dev"), KEY);
    expect(door.opened?.keyOf(bytes("dev"))).toEqual(KEY);
    expect(front.state).toEqual({ status: "open", uri: "coaps://127.0.0.1:45684", identities: ["dev"] });
  });

  it.each([
    ["0.0.0.0", "127.0.0.1", "coaps://0.0.0.0:5684"],
    ["::", "::1", "coaps://[::]:5684"],
    ["192.0.2.7", "192.0.2.7", "coaps://192.0.2.7:5684"],
  ])("of a lab that listens at %s leads to %s", async (host, inner, uri) => {
    const door = new FakeDoor();
    const front = new SecureFront({ port: 5_684, door });
    await front.open(host, 5_683);
    expect(door.opened?.inner.address).toBe(inner);
    expect(front.state).toMatchObject({ uri });
  });

  it("knows who came through it, but takes nobody of another machine for such a one", async () => {
    const front = new SecureFront({ port: 0, door: new FakeDoor() });
    await front.open("127.0.0.1", 5_683);
    expect(front.who({ address: "127.0.0.1", port: 40_000 })).toMatchObject({ identity: "dev" });
    expect(front.who({ address: "127.0.0.1", port: 40_001 })).toBeUndefined();
    expect(front.who({ address: "192.0.2.1", port: 40_000 })).toBeUndefined();
  });

  it("may be missing, or not wanted, and knows nobody then", async () => {
    const missing = new SecureFront({ port: 0, door: { missing: "no koffi" } });
    expect(await missing.open("127.0.0.1", 5_683)).toBeUndefined();
    expect(missing.state).toEqual({ status: "missing", reason: "no koffi" });
    const off = new SecureFront(undefined);
    expect(await off.open("127.0.0.1", 5_683)).toBeUndefined();
    expect(off.state).toMatchObject({ status: "off" });
    for (const front of [missing, off]) {
      expect(front.who({ address: "127.0.0.1", port: 40_000 })).toBeUndefined();
      await front.close();
    }
  });

  it("is closed with the lab", async () => {
    const door = new FakeDoor();
    const bench = await new LabBench({ secure: { port: 0, door } }).start();
    await bench.stop();
    expect(door.closed).toBe(1);
  });

  it("is not opened twice when the lab itself cannot start", async () => {
    const bench = await new LabBench().start();
    const door = new FakeDoor();
    const second = new LabBench({ port: bench.port, secure: { port: 0, door } });
    await expect(second.start()).rejects.toThrow("EADDRINUSE");
    expect(door.opened).toBeUndefined();
    await bench.stop();
  });
});

describe("orders about keys", () => {
  const door = () => ({ keys: new LabKeys(), state: { status: "off", reason: "off" } as const });
  const order = (method: string, path: string, body = ""): Order => ({
    method,
    segments: path.split("/"),
    query: new URLSearchParams(),
    body,
  });

  it.each([
    ["POST", "security"],
    ["GET", "security/more"],
    ["PUT", "keys"],
    ["PUT", "keys/"],
    ["PUT", "keys/a/b"],
  ])("%s of %s is none", (method, path) => {
    expect(() => orderKeys(door(), order(method, path, '{"key":"00"}'))).toThrow(HttpError);
  });

  it("never repeat a key that is not well written", () => {
    for (const body of ['{"key":"0102030"}', '{"key":"zz"}', '{"key":12}', "[]", "not json", '"00"', "null"]) {
      try {
        orderKeys(door(), order("PUT", "keys/dev", body));
        expect.unreachable(body);
      } catch (error) {
        expect(error).toBeInstanceOf(HttpError);
        expect(String(error)).toContain("hexadecimal digits");
        expect(String(error)).not.toContain("0102030");
      }
    }
  });
});

describe("a gateway in the same house", () => {
  const secretKey = new Secret("000102", "key");
  const credentials = { mode: "psk", identity: bytes("kitchen"), secretKey } as const;

  it("is let in by its lab with the keys that it has for it, and for no other server", () => {
    const { lab } = new LabBench();
    const started = { lab, port: 1, bootstrapPort: 1, securePort: 7_000 };
    introduce({ uri: "coaps://127.0.0.1:7001", credentials }, started);
    introduce({ uri: "coap://127.0.0.1:7000", credentials }, started);
    introduce({ uri: "coaps://127.0.0.1:7000" }, started);
    introduce({ uri: "coaps://127.0.0.1:7000", credentials: { ...credentials, mode: "rpk" } }, started);
    expect(lab.security.keys.size).toBe(0);
    introduce({ uri: "coaps://127.0.0.1:7000", credentials }, started);
    expect(lab.security.keys.keyOf(bytes("kitchen"))).toEqual(Buffer.of(0, 1, 2));
  });

  it("is not, where the lab has no coaps", () => {
    const { lab } = new LabBench();
    introduce({ uri: "coaps://127.0.0.1:7000", credentials }, { lab, port: 1, bootstrapPort: 1 });
    expect(lab.security.keys.size).toBe(0);
  });
});
