/** Object 5 across a restart in every state: what was saved before it was done is gone on with. */

import { describe, expect, it } from "vitest";
import { firmwareRecord, firmwareText } from "../../../src/lwm2m/objects/firmware-record.ts";
import { MemoryPackageStore, packageOf } from "../../support/package-store.ts";
import { FakeInstaller, flashing } from "./flashing.ts";

const [IDLE, DOWNLOADING, DOWNLOADED, UPDATING] = [0, 1, 2, 3];
const bytes = packageOf(300);

describe("a restart", () => {
  it("while idle keeps the result of what was last", async () => {
    const here = await flashing();
    await here.push(bytes);
    await here.execute(10);
    const after = await here.restart();
    expect(after.state()).toEqual([IDLE, 10]);
    expect(after.read(12)).toBe(here.read(12));
  });

  it("in the middle of a push ends that with result 4: the server begins anew", async () => {
    const here = await flashing();
    await here.push(bytes, [0, 1]);
    expect(here.state()).toEqual([DOWNLOADING, 0]);
    const after = await here.restart();
    expect(after.state()).toEqual([IDLE, 4]);
    expect(after.store.size).toBe(0);
  });

  it("when all has come, but was not looked into, looks into it", async () => {
    const installer = new FakeInstaller();
    installer.inspect = () => new Promise(() => undefined);
    const here = await flashing({ installer });
    await here.push(bytes);
    expect(here.state()).toEqual([DOWNLOADING, 0]);
    const other = new FakeInstaller();
    const after = await flashing({ installer: other, store: here.store });
    expect(other.asked).toEqual(["inspect 300"]);
    expect(after.state()).toEqual([DOWNLOADED, 0]);
  });

  it("in the middle of fetching goes on at the byte that comes next", async () => {
    const here = await flashing();
    // Enough for some blocks, then the file server falls silent.
    here.files.hears = (index) => index < 3;
    await here.uri("coap://files/fw?model=4");
    await here.clock.advance(10_000);
    expect(here.state()).toEqual([DOWNLOADING, 0]);
    const there = here.store.size;
    expect(there).toBeGreaterThan(0);
    expect(there).toBeLessThan(5_000);
    here.files.hears = () => true;
    const before = here.files.asked.length;
    const after = await flashing({ store: here.store, files: here.files });
    await after.clock.advance(1_000);
    expect(after.state()).toEqual([DOWNLOADED, 0]);
    expect(Buffer.compare(after.store.bytes, here.files.file)).toBe(0);
    expect(here.files.asked[0]).toBe("/fw?model=4");
    expect(before).toBeGreaterThan(0);
    expect(after.read(1)).toBe("coap://files/fw?model=4");
  });

  it("with a package there keeps it, with name and version", async () => {
    const here = await flashing();
    await here.push(bytes);
    await here.clock.advance(1);
    const after = await here.restart();
    expect(after.state()).toEqual([DOWNLOADED, 0]);
    expect([after.read(6), after.read(7)]).toEqual(["app", "2.0"]);
    await after.execute(2);
    expect(after.state()).toEqual([IDLE, 1]);
  });

  it("with a package that is not whole any more throws it away: result 5", async () => {
    const here = await flashing();
    await here.push(bytes);
    await here.clock.advance(1);
    here.store.discard();
    expect((await here.restart()).state()).toEqual([IDLE, 5]);
  });

  it("while somebody thinks it over asks once more, and what is left of the period counts", async () => {
    const installer = new FakeInstaller();
    installer.asks = true;
    const here = await flashing({ installer });
    await here.server.ask("PUT", { path: "/5/0/13", format: 0, payload: "100" });
    await here.push(bytes);
    await here.clock.advance(1);
    await here.execute(2);
    await here.clock.advance(60_000);
    const store = new MemoryPackageStore();
    store.write(here.store.bytes, 0);
    // The next process begins at the time of day at which this one began: 60 s before.
    const record = firmwareRecord(here.store.load());
    store.save(firmwareText({ ...record, deferredAt: (record.deferredAt ?? 0) - 60_000 }));
    const after = await flashing({ installer, store });
    expect(after.state()).toEqual([DOWNLOADED, 11]);
    expect(installer.asked.filter((each) => each === "approve 1")).toHaveLength(2);
    await after.clock.advance(35_000);
    expect(after.state()).toEqual([DOWNLOADED, 11]);
    await after.clock.advance(10_000);
    expect(after.state()).toEqual([IDLE, 1]);
  });

  it.each([
    [{ status: "installed" }, [IDLE, 1]],
    [{ status: "failed" }, [IDLE, 8]],
    [{ status: "failed", keep: true }, [DOWNLOADED, 8]],
    [{ status: "restarting" }, [UPDATING, 0]],
  ] as const)("amid the update asks which version runs: %o", async (verdict, state) => {
    const installer = new FakeInstaller();
    installer.outcome = { status: "restarting" };
    installer.verdict = verdict;
    const here = await flashing({ installer });
    await here.push(bytes);
    await here.clock.advance(1);
    await here.execute(2);
    expect(here.state()).toEqual([UPDATING, 0]);
    const after = await here.restart();
    await after.clock.advance(1);
    expect(installer.asked.at(-1)).toEqual(["verify", { name: "app", version: "2.0" }]);
    expect(after.state()).toEqual(state);
  });

  it("finds each state saved before anything was done about it", async () => {
    const here = await flashing();
    const seen: string[] = [];
    const look = () => seen.push(firmwareRecord(here.store.load()).state.phase);
    const { discard } = here.store;
    here.store.discard = () => {
      look();
      discard.call(here.store);
    };
    const { install } = here.installer;
    here.installer.install = () => {
      look();
      return install.call(here.installer);
    };
    await here.push(bytes);
    await here.clock.advance(1);
    await here.execute(2);
    expect(seen).toEqual(["downloading", "updating", "idle"]);
  });

  it("never saves where its package came from as anything but text", () => {
    const text = firmwareText({
      state: { phase: "downloading", result: 0 },
      uri: 'coap://h/"quoted"',
      known: { tag: "a1", total: 12 },
      severity: 0,
      maximumDefer: 9,
      changedAt: 5,
    });
    expect(firmwareRecord(text)).toMatchObject({
      state: { phase: "downloading", result: 0 },
      uri: 'coap://h/"quoted"',
      known: { tag: "a1", total: 12 },
      severity: 0,
      maximumDefer: 9,
      changedAt: 5,
    });
  });

  it.each([undefined, "", "{", "[]", "null", '{"phase":"flying"}', '{"phase":"idle","result":99}', '{"phase":3}'])(
    "with a state of %s begins afresh",
    (text) => {
      expect(firmwareRecord(text)).toMatchObject({ state: { phase: "idle", result: 0 }, uri: "", known: {} });
    },
  );
});
