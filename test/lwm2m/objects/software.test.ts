/** Object 9 in a client: software delivered, installed, switched on and off, and taken away again. */

import { describe, expect, it } from "vitest";
import { Format } from "../../../src/content/index.ts";
import { objects, type ObjectTree } from "../../../src/lwm2m/index.ts";
import { softwareRecord } from "../../../src/lwm2m/objects/software-record.ts";
import { path } from "../../../src/model/path.ts";
import type { FakeClock } from "../../support/fake-clock.ts";
import { FileServer } from "../../support/file-server.ts";
import { MemoryLog } from "../../support/memory-log.ts";
import { MemoryPackageStore, packageOf } from "../../support/package-store.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { station } from "../../support/station.ts";

const [INITIAL, STARTED, DELIVERED, INSTALLED] = [0, 1, 3, 4];
const bytes = packageOf(200);

class FakeInstaller implements objects.SoftwareInstaller {
  readonly asked: string[] = [];
  inspection: objects.Inspection = { status: "sound", name: "meter", version: "3.1" };
  outcome: objects.InstallOutcome | Error = { status: "installed" };
  switches = true;

  inspect(): Promise<objects.Inspection> {
    this.asked.push("inspect");
    return Promise.resolve(this.inspection);
  }

  install(): Promise<objects.InstallOutcome> {
    return this.#act("install");
  }

  uninstall(): Promise<objects.InstallOutcome> {
    return this.#act("uninstall");
  }

  verify({ name, version }: { readonly name?: string; readonly version?: string }): Promise<objects.InstallOutcome> {
    return this.#act(`verify ${name} ${version}`);
  }

  activate(): Promise<undefined | { status: "rejected"; reason: string }> {
    this.asked.push("activate");
    return Promise.resolve(this.switches ? undefined : { status: "rejected", reason: "no licence" });
  }

  deactivate(): Promise<undefined> {
    this.asked.push("deactivate");
    return Promise.resolve(undefined);
  }

  #act(what: string): Promise<objects.InstallOutcome> {
    this.asked.push(what);
    return this.outcome instanceof Error ? Promise.reject(this.outcome) : Promise.resolve(this.outcome);
  }
}

interface Parts {
  readonly store?: MemoryPackageStore;
  readonly installer?: FakeInstaller;
}

async function manageable({ store = new MemoryPackageStore(), installer = new FakeInstaller() }: Parts = {}) {
  const log = new MemoryLog();
  const others: objects.Software[] = [];
  let software: objects.Software | undefined;
  let files: FileServer | undefined;
  const plant = (tree: ObjectTree, clock: FakeClock, number: number, own: MemoryPackageStore) => {
    files ??= new FileServer(clock, packageOf(3_000));
    const random = new SeededRandom(5);
    const fetcher = objects.coapFetcher({ connect: files.connect, clock, random, log });
    return objects.plantSoftware(tree, number, {
      store: own,
      installer,
      fetchers: new Map([["coap", fetcher]]),
      clock,
      random,
      log,
    });
  };
  const here = station({
    fill: (tree, clock) => {
      software = plant(tree, clock, 0, store);
      others.push(plant(tree, clock, 7, new MemoryPackageStore()));
    },
  });
  await here.registered();
  const read = (id: number, instance = 0) => here.tree.get(path(9, instance, id))?.value;
  return {
    ...here,
    store,
    installer,
    files: files!,
    log,
    software: software!,
    read,
    /** Update State, Update Result, Activation State. */
    state: (instance = 0) => [read(7, instance), read(9, instance), read(12, instance)],
    push: async (payload = bytes, instance = 0) => {
      const answer = await here.server.ask("PUT", { path: `/9/${instance}/2`, format: Format.Opaque, payload });
      await here.clock.advance(20);
      return answer.code;
    },
    execute: async (id: number, payload = "") => {
      const { code } = await here.server.ask("POST", { path: `/9/0/${id}`, payload });
      await here.clock.advance(20);
      return code;
    },
    restart: () => {
      software?.stop();
      return manageable({ store, installer });
    },
  };
}

async function installed(parts: Parts = {}) {
  const here = await manageable(parts);
  await here.push();
  await here.execute(4);
  expect(here.state()).toEqual([INSTALLED, 2, false]);
  return here;
}

describe("Object 9", () => {
  it("shows all that is mandatory from the start, and refuses what cannot be done yet", async () => {
    const here = await manageable();
    expect([read0(here), here.state()]).toEqual([
      ["", ""],
      [INITIAL, 0, false],
    ]);
    for (const id of [4, 6, 10, 11]) expect(await here.execute(id)).toBe("4.05");
    expect(here.installer.asked).toEqual([]);
  });

  it("takes a pushed package, checks and installs it, each step for the server to see", async () => {
    const here = await manageable();
    expect(await here.push()).toBe("2.04");
    expect(here.state()).toEqual([DELIVERED, 3, false]);
    expect(read0(here)).toEqual(["meter", "3.1"]);
    expect(await here.execute(4)).toBe("2.04");
    expect(here.state()).toEqual([INSTALLED, 2, false]);
    expect(here.installer.asked).toEqual(["inspect", "install"]);
    expect(here.store.size).toBe(0);
  });

  it("fetches from a Package URI, which nobody can read again", async () => {
    const here = await manageable();
    const uri = "coap://files.example/meter";
    here.files.hears = () => false;
    expect((await here.server.ask("PUT", { path: "/9/0/3", format: 0, payload: uri })).code).toBe("2.04");
    expect(here.state()).toEqual([STARTED, 1, false]);
    here.files.hears = () => true;
    await here.clock.advance(10_000);
    expect(here.state()).toEqual([DELIVERED, 3, false]);
    expect(Buffer.compare(here.store.bytes, here.files.file)).toBe(0);
    expect((await here.server.ask("GET", { path: "/9/0/3" })).code).toBe("4.05");
  });

  it.each([
    ["nonsense", 56],
    ["coaps://files.example/meter", 56],
  ])("says that %s is of no use", async (payload, result) => {
    const here = await manageable();
    expect((await here.server.ask("PUT", { path: "/9/0/3", format: 0, payload })).code).toBe("2.04");
    expect(here.state()).toEqual([INITIAL, result, false]);
  });

  it.each([
    ["integrity", 53],
    ["type", 54],
    ["failed", 57],
  ] as const)("throws away what is of no use (%s): result %i", async (fault, result) => {
    const installer = new FakeInstaller();
    installer.inspection = { status: "unfit", fault };
    const here = await manageable({ installer });
    await here.push();
    expect([here.state(), here.store.size]).toEqual([[INITIAL, result, false], 0]);
  });

  it("has no room for what is too long: result 50", async () => {
    const here = await manageable({ store: new MemoryPackageStore(100) });
    expect(await here.push()).toBe("4.13");
    expect(here.state()).toEqual([INITIAL, 50, false]);
  });

  it.each([{ status: "failed" } as const, new Error("no space in /opt")])(
    "stays Delivered where the installation fails, and may try again: %o",
    async (outcome) => {
      const here = await manageable();
      await here.push();
      here.installer.outcome = outcome;
      expect(await here.execute(4)).toBe("2.04");
      expect([here.state(), here.store.size]).toEqual([[DELIVERED, 58, false], 200]);
      here.installer.outcome = { status: "installed" };
      await here.execute(4);
      expect(here.state()).toEqual([INSTALLED, 2, false]);
    },
  );

  it("is switched on and off, and stays as it was where that is refused", async () => {
    const here = await installed();
    expect(await here.execute(10)).toBe("2.04");
    expect(here.state()).toEqual([INSTALLED, 2, true]);
    expect(await here.execute(11)).toBe("2.04");
    expect(here.state()).toEqual([INSTALLED, 2, false]);
    here.installer.switches = false;
    expect(await here.execute(10)).toBe("4.00");
    expect(here.state()).toEqual([INSTALLED, 2, false]);
  });

  it("is uninstalled, and then as if it had never been there", async () => {
    const here = await installed();
    expect(await here.execute(6, "0")).toBe("2.04");
    expect(here.state()).toEqual([INITIAL, 0, false]);
    expect(here.installer.asked.at(-1)).toBe("uninstall");
    expect(await here.push()).toBe("2.04");
  });

  it("makes room for an update without being taken away (ForUpdate)", async () => {
    const here = await installed();
    await here.execute(10);
    expect(await here.execute(6, "1")).toBe("2.04");
    expect(here.state()).toEqual([INITIAL, 0, true]);
    expect(here.installer.asked).not.toContain("uninstall");
    for (const args of ["2", "0,1"]) expect(await here.execute(6, args)).toBe("4.00");
  });

  it("stays Installed where it cannot be uninstalled: result 59", async () => {
    const here = await installed();
    here.installer.outcome = { status: "failed" };
    await here.execute(6);
    expect(here.state()).toEqual([INSTALLED, 59, false]);
  });

  it("has Instances that know nothing of each other", async () => {
    const here = await installed();
    expect(here.state(7)).toEqual([INITIAL, 0, false]);
    await here.push(packageOf(50), 7);
    expect([here.state(0), here.state(7)]).toEqual([
      [INSTALLED, 2, false],
      [DELIVERED, 3, false],
    ]);
  });
});

describe("Object 9 after a restart", () => {
  it("has what was delivered, installed and active", async () => {
    const delivered = await manageable();
    await delivered.push();
    expect((await delivered.restart()).state()).toEqual([DELIVERED, 3, false]);
    const active = await installed();
    await active.execute(10);
    const after = await active.restart();
    expect([after.state(), read0(after)]).toEqual([
      [INSTALLED, 2, true],
      ["meter", "3.1"],
    ]);
  });

  it("misses a package that is not whole any more", async () => {
    const here = await manageable();
    await here.push();
    here.store.discard();
    expect((await here.restart()).state()).toEqual([INITIAL, 53, false]);
  });

  it("amid an installation asks whether the software is there", async () => {
    for (const [outcome, state] of [
      [{ status: "installed" }, [INSTALLED, 2, false]],
      [{ status: "failed" }, [DELIVERED, 58, false]],
    ] as const) {
      const installer = new FakeInstaller();
      const here = await manageable({ installer });
      await here.push();
      installer.outcome = { status: "restarting" };
      await here.execute(4);
      expect(here.state()).toEqual([DELIVERED, 3, false]);
      installer.outcome = outcome;
      const after = await here.restart();
      expect(installer.asked.at(-1)).toBe("verify meter 3.1");
      expect(after.state()).toEqual(state);
    }
  });

  it("amid the opposite uninstalls once more", async () => {
    const here = await installed();
    here.installer.outcome = { status: "restarting" };
    await here.execute(6);
    here.installer.outcome = { status: "installed" };
    expect((await here.restart()).state()).toEqual([INITIAL, 0, false]);
  });

  it("goes on with what it was fetching", async () => {
    const here = await manageable();
    here.files.hears = () => false;
    await here.server.ask("PUT", { path: "/9/0/3", format: 0, payload: "coap://files.example/meter" });
    await here.clock.advance(100);
    const after = await here.restart();
    await after.clock.advance(100);
    expect(after.state()).toEqual([DELIVERED, 3, false]);
  });

  it.each([undefined, "", "[]", '{"phase":"toString"}', '{"phase":"installed","result":999}'])(
    "with a state of %s begins afresh",
    (text) => {
      expect(softwareRecord(text)).toMatchObject({ state: { phase: "initial", result: 0, active: false } });
    },
  );
});

function read0({ read }: { readonly read: (id: number) => unknown }): readonly unknown[] {
  return [read(0), read(1)];
}
