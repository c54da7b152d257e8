/** Object 5 in a client: packages pushed, checked, installed, put off and given up. */

import { describe, expect, it } from "vitest";
import { Format } from "../../../src/content/index.ts";
import { packageOf } from "../../support/package-store.ts";
import { BLOCK, FakeInstaller, flashing, PACKAGE } from "./flashing.ts";
import { MemoryPackageStore } from "../../support/package-store.ts";

const [IDLE, DOWNLOADING, DOWNLOADED, UPDATING] = [0, 1, 2, 3];
const bytes = packageOf(300);

async function downloaded(installer = new FakeInstaller()) {
  const here = await flashing({ installer });
  await here.push(bytes);
  await here.clock.advance(1);
  expect(here.state()).toEqual([DOWNLOADED, 0]);
  return here;
}

describe("Object 5 at rest", () => {
  it("shows what it is capable of, and that nothing has happened", async () => {
    const here = await flashing();
    const answer = await here.server.ask("GET", { path: "/5/0", accept: Format.SenmlJson });
    expect(answer.text).toBe(
      '[{"bn":"/5/0/","n":"1","vs":""},{"n":"3","v":0},{"n":"5","v":0},{"n":"8/0","v":0},{"n":"9","v":2},{"n":"11","v":1}]',
    );
    const { text } = await here.server.ask("GET", { path: "/5/0", accept: Format.LinkFormat });
    for (const id of [0, 1, 2, 3, 5, 8, 9, 10, 11, 13]) expect(text).toContain(`</5/0/${id}>`);
  });

  it("refuses Update and Cancel with 4.05: there is nothing to install, and nothing to give up", async () => {
    const here = await flashing();
    expect(await here.execute(2)).toBe("4.05");
    expect(await here.execute(10)).toBe("4.05");
    expect(here.installer.asked).toEqual([]);
  });

  it.each([
    [undefined, undefined, 1],
    [new Map(), undefined, 1],
    [undefined, true, 1],
  ])("without fetchers takes pushed packages alone", async (fetchers, push, method) => {
    const here = await flashing({ fetchers, ...(push !== undefined && { push }) });
    expect(here.read(9)).toBe(method);
    expect((await here.server.ask("GET", { path: "/5/0/8" })).code).toBe("4.04");
  });

  it("may leave pushing out, and then refuses packages, but not the empty one", async () => {
    const here = await flashing({ push: false });
    expect(here.read(9)).toBe(0);
    expect(await here.push(bytes, [0])).toEqual(["4.05"]);
    expect((await here.server.ask("PUT", { path: PACKAGE, format: Format.Opaque })).code).toBe("2.04");
  });

  it("keeps severity and the longest deferral that the server wants", async () => {
    const here = await flashing();
    expect((await here.server.ask("PUT", { path: "/5/0/11", format: 0, payload: "2" })).code).toBe("2.04");
    expect((await here.server.ask("PUT", { path: "/5/0/11", format: 0, payload: "3" })).code).toBe("4.00");
    expect((await here.server.ask("PUT", { path: "/5/0/13", format: 0, payload: "3600" })).code).toBe("2.04");
    expect([here.read(11), here.read(13)]).toEqual([2, 3600]);
    const after = await here.restart();
    expect([after.read(11), after.read(13)]).toEqual([2, 3600]);
  });
});

describe("a package that is pushed", () => {
  it("goes into the store block by block, is looked into, and shows its name and version", async () => {
    const here = await flashing();
    expect(await here.push(bytes, [0, 1])).toEqual(["2.31", "2.31"]);
    expect(here.state()).toEqual([DOWNLOADING, 0]);
    expect(here.store.size).toBe(2 * BLOCK);
    expect(await here.push(bytes, [2, 3, 4])).toEqual(["2.31", "2.31", "2.04"]);
    await here.clock.advance(1);
    expect(here.state()).toEqual([DOWNLOADED, 0]);
    expect(Buffer.compare(here.store.bytes, bytes)).toBe(0);
    expect([here.read(6), here.read(7)]).toEqual(["app", "2.0"]);
    expect(here.installer.asked).toEqual(["inspect 300"]);
    expect(here.read(12)).toBe(Math.floor(here.clock.now().ms / 1_000));
  });

  it("may come in one message, or as TLV", async () => {
    const here = await flashing();
    const payload = packageOf(40);
    expect((await here.server.ask("PUT", { path: PACKAGE, format: Format.Opaque, payload })).code).toBe("2.04");
    await here.clock.advance(1);
    expect(here.state()).toEqual([DOWNLOADED, 0]);
    expect(here.store.size).toBe(40);
  });

  it.each([
    ["type", 6],
    ["integrity", 5],
    ["failed", 8],
  ] as const)("that is of no use (%s) is thrown away with result %i", async (fault, result) => {
    const installer = new FakeInstaller();
    installer.inspection = { status: "unfit", fault };
    const here = await flashing({ installer });
    expect((await here.push(bytes)).at(-1)).toBe("2.04");
    await here.clock.advance(1);
    expect(here.state()).toEqual([IDLE, result]);
    expect(here.store.size).toBe(0);
  });

  it("that cannot even be looked into is thrown away with result 8", async () => {
    const installer = new FakeInstaller();
    installer.inspection = new Error("no tool");
    const here = await flashing({ installer });
    await here.push(bytes);
    await here.clock.advance(1);
    expect(here.state()).toEqual([IDLE, 8]);
  });

  it("that says it is too long is refused with 4.13 before it begins: result 2", async () => {
    const here = await flashing({ store: new MemoryPackageStore(250) });
    expect(await here.push(bytes, [0], 300)).toEqual(["4.13"]);
    expect(here.state()).toEqual([IDLE, 2]);
  });

  it("that turns out to be too long ends at the block that does not fit: result 2", async () => {
    const here = await flashing({ store: new MemoryPackageStore(150) });
    expect(await here.push(bytes, [0, 1, 2])).toEqual(["2.31", "2.31", "4.00"]);
    expect(here.state()).toEqual([IDLE, 2]);
    expect(here.store.size).toBe(0);
  });

  it.each([
    ["no-space", 2],
    ["no-memory", 3],
  ] as const)("meets a store without room (%s): result %i", async (trouble, result) => {
    const here = await flashing();
    await here.push(bytes, [0]);
    here.store.trouble = trouble;
    expect(await here.push(bytes, [1])).toEqual(["4.00"]);
    expect(here.state()).toEqual([IDLE, result]);
  });

  it("meets a broken disk: result 8, and a line in the log", async () => {
    const here = await flashing();
    here.store.trouble = new Error("I/O error");
    expect(await here.push(bytes, [0])).toEqual(["4.00"]);
    expect(here.state()).toEqual([IDLE, 8]);
    expect(here.log.lines.some(({ event }) => event === "package-not-written")).toBe(true);
  });

  it("with a block lost ends with result 4, and may begin anew", async () => {
    const here = await flashing();
    expect(await here.push(bytes, [0, 1, 3])).toEqual(["2.31", "2.31", "4.08"]);
    expect(here.state()).toEqual([IDLE, 4]);
    await here.push(bytes);
    await here.clock.advance(1);
    expect(here.state()).toEqual([DOWNLOADED, 0]);
    expect(Buffer.compare(here.store.bytes, bytes)).toBe(0);
  });

  it("that stops coming ends with result 4 after EXCHANGE_LIFETIME", async () => {
    const here = await flashing();
    await here.push(bytes, [0, 1]);
    await here.clock.advance(240_000);
    expect(here.state()).toEqual([DOWNLOADING, 0]);
    await here.clock.advance(10_000);
    expect(here.state()).toEqual([IDLE, 4]);
    expect(here.store.size).toBe(0);
  });

  it("that begins again from its first block is taken from there", async () => {
    const here = await flashing();
    await here.push(packageOf(300, 9), [0, 1, 2]);
    await here.push(bytes);
    await here.clock.advance(1);
    expect(here.state()).toEqual([DOWNLOADED, 0]);
    expect(Buffer.compare(here.store.bytes, bytes)).toBe(0);
  });

  it("is refused with 4.05 where one is there already, which stays", async () => {
    const here = await downloaded();
    expect(await here.push(packageOf(300, 5), [0])).toEqual(["4.05"]);
    expect(await here.uri("coap://files/fw")).toBe("4.05");
    expect(here.state()).toEqual([DOWNLOADED, 0]);
    expect(Buffer.compare(here.store.bytes, bytes)).toBe(0);
  });
});

describe("a reset", () => {
  const nothings = [new Uint8Array(0), Uint8Array.of(0)];
  it.each(nothings.map((nothing) => [nothing.length, nothing] as const))(
    "by a package of %i bytes makes all of it be forgotten: result 0",
    async (_, payload) => {
      const here = await downloaded();
      expect((await here.server.ask("PUT", { path: PACKAGE, format: Format.Opaque, payload })).code).toBe("2.04");
      expect(here.state()).toEqual([IDLE, 0]);
      expect([here.store.size, here.read(6), here.read(7)]).toEqual([0, undefined, undefined]);
    },
  );

  it("by an empty URI does the same", async () => {
    const here = await downloaded();
    expect(await here.uri("")).toBe("2.04");
    expect(here.state()).toEqual([IDLE, 0]);
  });

  it("in the middle of a push ends that: what still comes of it is refused", async () => {
    const here = await flashing();
    await here.push(bytes, [0, 1]);
    expect(await here.uri("")).toBe("2.04");
    expect(here.state()).toEqual([IDLE, 0]);
    expect(await here.push(bytes, [2])).toEqual(["4.05"]);
    expect(here.store.size).toBe(0);
  });

  it("while a package is looked into wins", async () => {
    const here = await flashing();
    await here.push(bytes, [0, 1, 2, 3]);
    // Both before any promise settles.
    const value = (4 << 4) | 2;
    here.server.send("PUT", {
      path: PACKAGE,
      format: Format.Opaque,
      payload: bytes.subarray(4 * BLOCK),
      options: [{ number: 27, value: Uint8Array.of(value) }],
    });
    expect(await here.uri("")).toBe("2.04");
    await here.clock.advance(1);
    expect(here.state()).toEqual([IDLE, 0]);
  });

  it("is no package of one byte that is not zero", async () => {
    const here = await flashing();
    const answer = await here.server.ask("PUT", { path: PACKAGE, format: Format.Opaque, payload: Uint8Array.of(7) });
    expect(answer.code).toBe("4.00");
    expect(here.state()).toEqual([IDLE, 0]);
  });
});

describe("Cancel", () => {
  it("gives up what has come, or is coming: result 10", async () => {
    const here = await downloaded();
    expect(await here.execute(10)).toBe("2.04");
    expect(here.state()).toEqual([IDLE, 10]);
    expect(here.store.size).toBe(0);
    await here.push(bytes, [0]);
    expect(await here.execute(10)).toBe("2.04");
    expect(here.state()).toEqual([IDLE, 10]);
  });

  it("is refused with 4.05 once the update has begun", async () => {
    const installer = new FakeInstaller();
    installer.outcome = { status: "restarting" };
    const here = await downloaded(installer);
    await here.execute(2);
    for (const code of [await here.execute(10), await here.uri(""), await here.execute(2)]) expect(code).toBe("4.05");
    expect(here.state()).toEqual([UPDATING, 0]);
  });
});

describe("Update", () => {
  it("is answered first; then the package is installed: result 1", async () => {
    const here = await downloaded();
    expect((await here.server.ask("POST", { path: "/5/0/2" })).code).toBe("2.04");
    expect(here.installer.asked).toEqual(["inspect 300"]);
    expect(here.state()).toEqual([UPDATING, 0]);
    await here.clock.advance(20);
    expect(here.installer.asked).toEqual(["inspect 300", "install"]);
    expect(here.state()).toEqual([IDLE, 1]);
    expect(here.store.size).toBe(0);
  });

  it.each([
    [{ status: "failed" }, [IDLE, 8]],
    [{ status: "failed", fault: "integrity" }, [IDLE, 5]],
    [{ status: "failed", keep: true }, [DOWNLOADED, 8]],
    [new Error("flash is worn"), [IDLE, 8]],
  ] as const)("that fails says why: %o", async (outcome, state) => {
    const installer = new FakeInstaller();
    installer.outcome = outcome;
    const here = await downloaded(installer);
    await here.execute(2);
    expect(here.state()).toEqual(state);
    expect(here.store.size).toBe(state[0] === DOWNLOADED ? 300 : 0);
  });

  it("whose state cannot be saved goes on, and says so in the log", async () => {
    const here = await downloaded();
    here.store.save = () => {
      throw new Error("read-only file system");
    };
    expect(await here.execute(2)).toBe("2.04");
    expect(here.state()).toEqual([IDLE, 1]);
    expect(here.log.lines.some(({ event }) => event === "firmware-state-not-saved")).toBe(true);
  });
});

describe("an update that somebody must agree to", () => {
  async function deferred(maximum?: number) {
    const installer = new FakeInstaller();
    installer.asks = true;
    const here = await downloaded(installer);
    if (maximum !== undefined) await here.server.ask("PUT", { path: "/5/0/13", format: 0, payload: String(maximum) });
    expect(await here.execute(2)).toBe("2.04");
    return here;
  }

  it("is put off until they do: result 11, then 1", async () => {
    const here = await deferred();
    expect(here.state()).toEqual([DOWNLOADED, 11]);
    await here.clock.advance(10 * 86_400_000);
    expect(here.installer.asked).toEqual(["inspect 300", "approve 1"]);
    here.installer.agree?.();
    await here.clock.advance(1);
    expect(here.state()).toEqual([IDLE, 1]);
  });

  it("is put off no longer than the Maximum Defer Period", async () => {
    const here = await deferred(3_600);
    await here.clock.advance(3_599_000);
    expect(here.state()).toEqual([DOWNLOADED, 11]);
    await here.clock.advance(2_000);
    expect(here.state()).toEqual([IDLE, 1]);
    here.installer.agree?.();
    await here.clock.advance(1);
    expect(here.installer.asked.filter((each) => each === "install")).toHaveLength(1);
  });

  it("is not put off at all where that period is 0", async () => {
    const here = await deferred(0);
    expect(here.state()).toEqual([IDLE, 1]);
  });

  it("may be asked for again, cancelled, or reset meanwhile", async () => {
    const here = await deferred(60);
    expect(await here.execute(2)).toBe("2.04");
    expect(here.installer.asked.filter((each) => each === "approve 1")).toHaveLength(2);
    expect(await here.execute(10)).toBe("2.04");
    await here.clock.advance(120_000);
    here.installer.agree?.();
    await here.clock.advance(1);
    expect(here.state()).toEqual([IDLE, 10]);
    expect(here.installer.asked).not.toContain("install");
  });
});
