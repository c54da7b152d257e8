import { describe, expect, it } from "vitest";
import {
  attributeLinks,
  AttributeStore,
  parseAttributes,
  parseOwnAttributes,
} from "../../../src/lwm2m/reporting/attributes.ts";
import { path, type Path } from "../../../src/model/path.ts";

const OBJECT = path(3303);
const INSTANCE = path(3303, 0);
const VALUE = path(3303, 0, 5700);

function write(store: AttributeStore, where: Path, query: string): string | undefined {
  const change = parseAttributes(query.split("&"));
  return typeof change === "string" ? change : store.change(where, change);
}

describe("attributes in a query", () => {
  it("are read as numbers, empty ones as taken away", () => {
    expect(parseAttributes(["pmin=10", "gt=-22.5", "st=.5", "pmax", "lt="])).toEqual(
      new Map([
        ["pmin", 10],
        ["gt", -22.5],
        ["st", 0.5],
        ["pmax", undefined],
        ["lt", undefined],
      ]),
    );
  });

  it.each([
    ["pmin=-1", /pmin/],
    ["pmin=1.5", /pmin/],
    ["pmax=abc", /pmax/],
    ["gt=1e3", /gt/],
    ["gt=", undefined],
    ["lt=1,5", /lt/],
    ["st=-1", /st/],
    ["gt=NaN", /gt/],
    ["gt=999999999999999999999999999", /gt/],
    ["pmin=1&pmin=2", /twice/],
    ["edge=1", /unknown/],
    ["Pmin=1", /unknown/],
  ])("%s is read as %s", (query, wrong) => {
    const change = parseAttributes(query.split("&"));
    if (wrong === undefined) expect(change).toBeInstanceOf(Map);
    else expect(change).toMatch(wrong);
  });
});

describe("the version spoken", () => {
  it.each([
    ["1.0", "pmin=1", true],
    ["1.0", "epmin=1", false],
    ["1.0", "edge=1", false],
    ["1.1", "epmax=1", true],
    ["1.1", "con=1", false],
    ["1.1", "hqmax=1", false],
    ["1.2", "edge=1", true],
    ["1.2", "con=0", true],
    ["1.2", "hqmax=100", true],
    ["1.2", "band=1", false],
  ] as const)("E42: %s knows %s: %s", (version, query, known) => {
    const change = parseAttributes([query], version);
    expect(typeof change === "string" ? false : change.size === 1).toBe(known);
  });

  it.each(["edge=2", "con=true", "hqmax=-1", "hqmax=1.5", "edge=01"])("1.2 refuses %s", (query) => {
    expect(parseAttributes([query], "1.2")).toBeTypeOf("string");
  });

  it("lets Observe carry attributes since 1.2, and nobody refuses them silently", () => {
    expect(parseOwnAttributes(["pmin=5", "con=1", "pmax"], "1.2")).toEqual({ pmin: 5, con: 1 });
    expect(parseOwnAttributes(["pmin=5"], "1.1")).toMatch(/1\.1/);
    expect(parseOwnAttributes(["pmin=5"], "1.0")).toMatch(/1\.0/);
    expect(parseOwnAttributes(["gt=1", "lt=2"], "1.2")).toMatch(/below gt/);
    expect(parseOwnAttributes(["pmin=x"], "1.2")).toMatch(/pmin/);
  });
});

describe("the attribute store", () => {
  it("gives back what it was given, for those who keep it", () => {
    const store = new AttributeStore();
    write(store, VALUE, "pmin=3&gt=20");
    write(store, OBJECT, "pmax=60");
    const other = new AttributeStore();
    other.restore(store.saved());
    expect(other.effective(VALUE)).toEqual({ pmin: 3, gt: 20, pmax: 60 });
    other.restore([]);
    expect(other.effective(VALUE)).toEqual({});
  });

  it("asks for confirmation where something below is to be confirmed, or all of it is", () => {
    const store = new AttributeStore();
    expect(store.confirms(INSTANCE)).toBe(false);
    store.change(VALUE, new Map([["con", 1]]));
    expect([OBJECT, INSTANCE, VALUE].map((at) => store.confirms(at))).toEqual([true, true, true]);
    expect(store.confirms(path(3303, 0, 5701))).toBe(false);
    store.change(VALUE, new Map([["con", 0]]));
    store.change(OBJECT, new Map([["con", 1]]));
    expect(store.confirms(VALUE)).toBe(false);
    expect(store.confirms(path(3303, 0, 5701))).toBe(true);
  });

  it("inherits from Object to Instance to Resource, one attribute at a time", () => {
    const store = new AttributeStore();
    write(store, OBJECT, "pmin=1&pmax=100");
    write(store, INSTANCE, "pmin=2&epmin=5");
    write(store, VALUE, "pmin=3&gt=20");
    expect(store.effective(VALUE)).toEqual({ pmin: 3, pmax: 100, epmin: 5, gt: 20 });
    expect(store.effective(INSTANCE)).toEqual({ pmin: 2, pmax: 100, epmin: 5 });
    expect(store.effective(path(3303, 1, 5700))).toEqual({ pmin: 1, pmax: 100 });
    expect(store.effective(path(3, 0, 9))).toEqual({});
    expect(store.own(VALUE)).toEqual({ pmin: 3, gt: 20 });
  });

  it("shows the attribute of above again when the one below is taken away", () => {
    const store = new AttributeStore();
    write(store, OBJECT, "pmin=1");
    write(store, VALUE, "pmin=3");
    write(store, VALUE, "pmin");
    expect(store.effective(VALUE)).toEqual({ pmin: 1 });
    expect(store.own(VALUE)).toEqual({});
  });

  it("checks a later write against what is there already (E57)", () => {
    const store = new AttributeStore();
    expect(write(store, VALUE, "lt=10&gt=20")).toBeUndefined();
    expect(write(store, VALUE, "st=5")).toMatch(/below gt/);
    expect(store.own(VALUE)).toEqual({ lt: 10, gt: 20 });
    expect(write(store, VALUE, "st=5&gt")).toBeUndefined();
    expect(store.own(VALUE)).toEqual({ lt: 10, st: 5 });
  });

  it("keeps nothing of a write that is refused", () => {
    const store = new AttributeStore();
    expect(write(store, VALUE, "pmin=5&lt=10&gt=5")).toBeDefined();
    expect(store.own(VALUE)).toEqual({});
  });

  it("refuses gt, lt and st above the Resource (E57)", () => {
    const store = new AttributeStore();
    for (const name of ["gt", "lt", "st"]) {
      expect(write(store, INSTANCE, `${name}=1`)).toMatch(/belong to Resources/);
      expect(write(store, OBJECT, `${name}=1`)).toMatch(/belong to Resources/);
      expect(write(new AttributeStore(), path(3, 0, 7, 0), `${name}=1`)).toBeUndefined();
    }
  });

  it("forgets what belongs to Instances that are gone", () => {
    const store = new AttributeStore();
    write(store, VALUE, "pmin=5");
    write(store, path(3303, 1), "pmin=6");
    store.prune((where) => where.startsWith("/3303/1"));
    expect(store.own(VALUE)).toEqual({});
    expect(store.own(path(3303, 1))).toEqual({ pmin: 6 });
  });
});

describe("attributes as link attributes", () => {
  it("stand in a fixed order, whatever the order they were written in", () => {
    expect(attributeLinks({ st: 2, pmax: 60, gt: 42.5, pmin: 10 })).toEqual([
      ["pmin", "10"],
      ["pmax", "60"],
      ["gt", "42.5"],
      ["st", "2"],
    ]);
  });

  it("are never written in scientific notation", () => {
    expect(attributeLinks({ st: 1e-7, gt: 1e20 })).toEqual([
      ["gt", "100000000000000000000"],
      ["st", "0.0000001"],
    ]);
  });
});
