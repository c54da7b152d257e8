import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DecodeError } from "../../src/base/bytes.ts";
import { compactRegistry, registryText } from "../../src/model/compact.ts";
import type { ObjectModel } from "../../src/model/objects.ts";
import { path } from "../../src/model/path.ts";
import { compareVersions, loadRegistry, operationsOf } from "../../src/model/registry.ts";
import { isSourceUnit } from "../../src/model/units.ts";
import { registryFile } from "../support/codec-models.ts";

const file = registryFile();
const registry = loadRegistry(file);

/** An Object of our own, in a version of choice. */
function own(id: number, version: string, name = "Own"): ObjectModel {
  const resource = { id: 1, name: "Value", type: "float", operations: "RW", multiple: true, mandatory: false } as const;
  return {
    id,
    name,
    version,
    multiple: false,
    mandatory: true,
    resources: new Map([
      [1, { ...resource, unit: "Cel", range: [-40, 85] }],
      [2, { ...resource, id: 2, type: "objlnk", operations: "", mandatory: true, range: [0, 1] }],
      [3, { ...resource, id: 3, type: "string", operations: "E", multiple: false, unit: "s" }],
    ]),
  };
}

describe("the registry", () => {
  it("knows an Object as OMA defined it", () => {
    const temperature = registry.object(3303);
    expect(temperature).toMatchObject({ name: "Temperature", version: "1.1", multiple: true, mandatory: false });
    expect(temperature?.resources.get(5700)).toEqual({
      ...{ id: 5700, name: "Sensor Value", type: "float", operations: "R", multiple: false, mandatory: true },
    });
    expect(registry.object(3)?.resources.get(9)).toMatchObject({ type: "integer", unit: "/100", range: [0, 100] });
    expect(registry.object(3)?.resources.get(4)).toMatchObject({ name: "Reboot", operations: "E", mandatory: true });
    expect(registry.object(0)?.resources.get(3)).toMatchObject({ type: "opaque", operations: "" });
    expect(registry.object(3)?.resources.get(11)).toMatchObject({ multiple: true, type: "integer" });
  });

  it("gives the newest version unless another is asked for", () => {
    expect(registry.object(3)?.version).toBe("1.2");
    expect(registry.object(3, "1.0")?.version).toBe("1.0");
    expect([registry.object(1), registry.object(1, "1.0")].map((server) => server?.resources.has(16))).toEqual([
      true,
      false,
    ]);
    expect(registry.object(3, "7.0")).toBeUndefined();
  });

  it("keeps apart what changed between versions", () => {
    expect(registry.object(3336, "1.0")?.resources.get(5514)?.type).toBe("string");
    expect(registry.object(3336, "2.0")?.resources.get(6051)?.type).toBe("float");
  });

  it("finds the resource of a path, at depth 3 and 4", () => {
    expect(registry.resource(path(3303, 5, 5700))?.name).toBe("Sensor Value");
    expect(registry.resource(path(3, 0, 11, 2))?.name).toBe("Error Code");
    expect(registry.resource(path(3303, 0))).toBeUndefined();
    expect(registry.resource(path(3303))).toBeUndefined();
    expect(registry.resource(path())).toBeUndefined();
    expect(registry.resource(path(3303, 0, 1))).toBeUndefined();
    expect(registry.resource(path(64_000, 0, 1))).toBeUndefined();
  });

  it("makes a model once", () => {
    expect(registry.object(3303)).toBe(registry.object(3303, "1.1"));
    expect(registry.object(64_000)).toBeUndefined();
  });

  it("lists every version of every Object, the newest of each last", () => {
    const all = [...registry.objects()];
    expect(all.length).toBeGreaterThan(340);
    expect(new Set(all.map(({ id }) => id)).size).toBe(325);
    const last = new Map(all.map((model) => [model.id, model]));
    for (const [id, model] of last) expect(registry.object(id)).toBe(model);
  });

  it("is sound: every Object has resources, every range is the right way up, every path is possible", () => {
    for (const { id, name, version, resources } of registry.objects()) {
      expect(name, `${id}`).not.toBe("");
      expect(version).toMatch(/^\d\.\d$/);
      expect(resources.size, `${id}`).toBeGreaterThan(0);
      for (const [key, resource] of resources) {
        expect(resource.id).toBe(key);
        expect(resource.name).not.toBe("");
        if (resource.range) expect(resource.range[0]).toBeLessThanOrEqual(resource.range[1]);
      }
    }
  });

  it("names units of SenML where sensors are concerned", () => {
    for (const { id, resources } of registry.objects())
      if (id >= 3300 && id <= 3340)
        for (const { unit } of resources.values()) if (unit !== undefined) expect(isSourceUnit(unit), unit).toBe(true);
  });

  it("leaves out Objects that have no licence, and names the holders of all others", () => {
    expect(registry.object(10_244)).toBeUndefined();
    expect(registry.object(3443)).toBeUndefined();
    const notice = readFileSync(new URL("../../NOTICE", import.meta.url), "utf8");
    const covered = new Set<number>();
    for (const [, from, to] of notice.matchAll(/(\d+)(?:-(\d+))?(?=,|$)/gm))
      for (let id = Number(from); id <= Number(to ?? from); id++) covered.add(id);
    expect([...registry.objects()].map(({ id }) => id).filter((id) => !covered.has(id))).toEqual([]);
  });
});

describe("Objects of one's own", () => {
  it("are added", () => {
    const models = loadRegistry(file, [own(31_024, "1.0")]);
    expect(models.object(31_024)).toEqual(own(31_024, "1.0"));
    expect(models.resource(path(31_024, 0, 1, 0))?.unit).toBe("Cel");
  });

  it("replace the same version, and stand beside others", () => {
    const models = loadRegistry(file, [own(3303, "1.1"), own(3303, "1.10"), own(3303, "1.9")]);
    expect(models.object(3303, "1.1")?.name).toBe("Own");
    expect(models.object(3303, "1.0")?.name).toBe("Temperature");
    expect(models.object(3303)?.version).toBe("1.10");
    expect([...models.objects()].filter(({ id }) => id === 3303).map(({ version }) => version)).toEqual([
      ...["1.0", "1.1", "1.9", "1.10"],
    ]);
  });

  it("do not hide a newer version of the registry", () => {
    expect(loadRegistry(file, [own(3303, "0.9")]).object(3303)?.version).toBe("1.1");
  });
});

describe("the compact file", () => {
  it("is small, and written by the function that documents it", () => {
    const text = readFileSync(new URL("../../src/model/registry.json", import.meta.url), "utf8");
    expect(text.length).toBeLessThan(300_000);
    expect(registryText(registry.objects())).toBe(text);
  });

  it("says the same after it was written and read again", () => {
    const models = [own(31_024, "2.0"), own(5, "1.0", 'Ünïcode "quoted"'), own(31_024, "1.0")];
    const again = loadRegistry(JSON.parse(JSON.stringify(compactRegistry(models))));
    expect([...again.objects()]).toEqual([models[1], models[2], models[0]]);
  });

  it("holds each version once: the last one given", () => {
    const again = loadRegistry(compactRegistry([own(5, "1.0", "first"), own(5, "1.0", "second")]));
    expect([...again.objects()].map(({ name }) => name)).toEqual(["second"]);
  });

  const resource = [1, "Value", "RWf", "Cel", [-40, 85]];
  it.each([
    ["nothing", undefined],
    ["null", null],
    ["a list", []],
    ["no objects", { format: "" }],
    ["objects that are no list", { objects: {} }],
    ["an object that is no list", { objects: [{}] }],
    ["an object without id", { objects: [["3", "X", "1.0", "", []]] }],
    ["an object with a negative id", { objects: [[-3, "X", "1.0", "", []]] }],
    ["an object without name", { objects: [[3, 4, "1.0", "", []]] }],
    ["an object without version", { objects: [[3, "X", 1.0, "", []]] }],
    ["a version that is none", { objects: [[3, "X", "one", "", []]] }],
    ["unknown flags", { objects: [[3, "X", "1.0", "?", []]] }],
    ["resources that are no list", { objects: [[3, "X", "1.0", "", {}]] }],
    ["a resource that is no list", { objects: [[3, "X", "1.0", "", ["x"]]] }],
    ["a resource without id", { objects: [[3, "X", "1.0", "", [["1", "V", "Rf"]]]] }],
    ["a resource without name", { objects: [[3, "X", "1.0", "", [[1, null, "Rf"]]]] }],
    ["a resource without traits", { objects: [[3, "X", "1.0", "", [[1, "V"]]]] }],
    ["an unknown type", { objects: [[3, "X", "1.0", "", [[1, "V", "Rz"]]]] }],
    ["unknown operations", { objects: [[3, "X", "1.0", "", [[1, "V", "Xf"]]]] }],
    ["a unit that is no text", { objects: [[3, "X", "1.0", "", [[1, "V", "Rf", 5]]]] }],
    ["a range of one number", { objects: [[3, "X", "1.0", "", [[1, "V", "Rf", "", [5]]]]] }],
    ["a range of words", { objects: [[3, "X", "1.0", "", [[1, "V", "Rf", "", ["a", "b"]]]]] }],
    ["a resource with more than there is", { objects: [[3, "X", "1.0", "", [[...resource, 5]]]] }],
  ])("is refused if it has %s", (_, compact) => {
    expect(() => loadRegistry(compact)).toThrow(DecodeError);
  });

  it("is refused with the Object and the Resource that are wrong", () => {
    expect(() => loadRegistry({ objects: [[3303, "X", "1.0", "", [resource, [2, "V", "Rz"]]]] })).toThrow(
      'registry: object 3303: malformed resource [2,"V","Rz"]',
    );
  });
});

describe("versions and operations", () => {
  it("are ordered by their numbers, not by their letters", () => {
    const versions = ["1.10", "2.0", "1.9", "1.0", "10.0"];
    expect(versions.toSorted(compareVersions)).toEqual(["1.0", "1.9", "1.10", "2.0", "10.0"]);
  });

  it("are none if they are not spelled as in the registry", () => {
    expect(["R", "W", "RW", "E", ""].map(operationsOf)).toEqual(["R", "W", "RW", "E", ""]);
    expect(["WR", "r", "X", "constructor"].map(operationsOf)).toEqual(["", "", "", ""]);
  });
});
