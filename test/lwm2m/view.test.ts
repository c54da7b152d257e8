import { describe, expect, it } from "vitest";
import { Provisioned } from "../../src/lwm2m/provisioned.ts";
import { ServerObject } from "../../src/lwm2m/servers/server-object.ts";
import { ObjectTree } from "../../src/lwm2m/tree.ts";
import { instanceOf, isForbidden, resourceOf, typeOfValue, View } from "../../src/lwm2m/view.ts";
import { path, ROOT } from "../../src/model/path.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { ACCOUNT, models } from "../support/station.ts";

function view(tree = new ObjectTree()): View {
  const nothing = {
    version: "1.1",
    updateNow: () => undefined,
    disable: () => undefined,
    bootstrap: () => undefined,
    updateOther: () => undefined,
    disableOther: () => undefined,
  } as const;
  return new View({
    tree,
    server: new ServerObject(new Provisioned({ accounts: [ACCOUNT] }), ACCOUNT.shortServerId, nothing),
    models,
    clock: new FakeClock(),
  });
}

describe("the view of a server", () => {
  it("has the Server Object in front, whatever the tree says of it", () => {
    const tree = new ObjectTree();
    for (const instance of [path(0, 0), path(1, 0), path(1, 5), path(3, 0)]) tree.addInstance(instance);
    tree.set(path(1, 0, 1), 7, { ms: 0, trusted: true });
    expect(view(tree).instances()).toEqual(["/1/0", "/3/0"]);
    expect(view(tree).entries(path(1, 0, 1))[0]?.[1].value).toBe(300);
    expect(view(tree).has(path(1, 5))).toBe(false);
    expect(view(tree).has(path(0))).toBe(false);
  });

  it("shows no values outside of the Instances", () => {
    const tree = new ObjectTree();
    tree.set(path(3304, 0, 5700), 50, { ms: 0, trusted: true });
    expect(view(tree).entries(path(3304, 0, 5700))).toEqual([]);
    expect(view(tree).entries(path(3304, 0))).toEqual([]);
    expect(view(tree).entries(path(3304))).toEqual([]);
    tree.addInstance(path(3304, 0));
    expect(view(tree).entries(path(3304))).toHaveLength(1);
  });

  it("announces versions of the enabler's own Objects by the version spoken, of others the newest (E48)", () => {
    const here = view();
    expect([1, 3, 4, 6, 3303, 65_000].map((id) => here.announcedVersion(id))).toEqual([
      "1.1",
      "1.1",
      "1.1",
      "1.0",
      "1.1",
      "1.0",
    ]);
    here.version = "1.0";
    expect([1, 3, 4, 6, 3303].map((id) => here.announcedVersion(id))).toEqual(["1.0", "1.0", "1.0", "1.0", "1.1"]);
  });

  it("puts attributes written before default periods, one by one", () => {
    const nothing = {
      version: "1.1",
      updateNow: () => undefined,
      disable: () => undefined,
      bootstrap: () => undefined,
      updateOther: () => undefined,
      disableOther: () => undefined,
    } as const;
    const account = { ...ACCOUNT, defaultMinimumPeriod: 5, defaultMaximumPeriod: 50 };
    const options = { tree: new ObjectTree(), models, clock: new FakeClock() };
    const here = new View({
      ...options,
      server: new ServerObject(new Provisioned({ accounts: [account] }), account.shortServerId, nothing),
    });
    here.attributes.change(path(3303), new Map([["pmin", 1]]));
    expect(here.effective(path(3303, 0, 5700))).toEqual({ pmin: 1, pmax: 50 });
    expect(here.effective(path(3, 0))).toEqual({ pmin: 5, pmax: 50 });
  });

  it("cuts paths to the Instance or the Resource they lie in", () => {
    expect(instanceOf(path(3, 0, 7, 1))).toBe("/3/0");
    expect(instanceOf(path(3))).toBe("/3");
    expect(resourceOf(path(3, 0, 7, 1))).toBe("/3/0/7");
    expect(resourceOf(ROOT)).toBe(ROOT);
  });

  it("forbids Security and OSCORE, and no more", () => {
    expect([path(0), path(0, 0, 5), path(21, 0), path(2), path(210), ROOT].map(isForbidden)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it("guesses the type of what nobody has described, numbers as floats", () => {
    expect([1, 1n, "a", true, Uint8Array.of(1), { object: 3, instance: 0 }].map(typeOfValue)).toEqual([
      "float",
      "integer",
      "string",
      "boolean",
      "opaque",
      "objlnk",
    ]);
  });
});
