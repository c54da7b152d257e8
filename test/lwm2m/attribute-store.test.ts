import { describe, expect, it } from "vitest";
import { attributeLinks, AttributeStore, parseAttributes } from "../../src/lwm2m/reporting/attributes.ts";
import { path, type Path } from "../../src/model/path.ts";

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

describe("the attribute store", () => {
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
