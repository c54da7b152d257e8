import { describe, expect, it } from "vitest";
import { DecodeError } from "../../src/base/bytes.ts";
import { parseDdf, parseRange } from "../../src/model/ddf.ts";
import type { ResourceModel } from "../../src/model/objects.ts";
import { path } from "../../src/model/path.ts";
import { loadRegistry } from "../../src/model/registry.ts";
import { registryFile } from "../support/codec-models.ts";
import { SeededRandom } from "../support/seeded-random.ts";

interface ItemParts {
  readonly id?: string;
  readonly name?: string;
  readonly operations?: string;
  readonly instances?: string;
  readonly mandatory?: string;
  readonly type?: string;
  readonly range?: string;
  readonly units?: string;
}

/** A Resource as OMA's schema spells it, with one part or another changed. */
function item(changes: ItemParts = {}): string {
  const { id = "1", name = "Soil Moisture", operations = "R", instances = "Single" } = changes;
  const { mandatory = "Mandatory", type = "Float", range = "0..100", units = "%" } = changes;
  return `<Item ID="${id}">
        <Name>${name}</Name>
        <Operations>${operations}</Operations>
        <MultipleInstances>${instances}</MultipleInstances>
        <Mandatory>${mandatory}</Mandatory>
        <Type>${type}</Type>
        <RangeEnumeration>${range}</RangeEnumeration>
        <Units>${units}</Units>
        <Description><![CDATA[Water in the soil: <10 % is dry & dusty.]]></Description>
      </Item>`;
}

function object(items = item(), changes: Readonly<Record<string, string>> = {}): string {
  const parts = {
    Name: "Flower Pot",
    Description1: "A pot with a plant in it.",
    ObjectID: "31024",
    ObjectURN: "urn:oma:lwm2m:x:31024:1.1",
    LWM2MVersion: "1.1",
    ObjectVersion: "1.1",
    MultipleInstances: "Multiple",
    Mandatory: "Optional",
    ...changes,
  };
  const elements = Object.entries(parts).map(([name, value]) => `<${name}>${value}</${name}>`);
  return `<Object ObjectType="MODefinition">${elements.join("\n")}<Resources>${items}</Resources></Object>`;
}

const file = (...objects: readonly string[]): string => `<?xml version="1.0" encoding="UTF-8"?>
<!-- A definition of our own. -->
<LWM2M xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="LWM2M.xsd">
  ${objects.join("\n")}
</LWM2M>
`;

/** The only Resource of a file in which one part is changed. */
const resource = (changes: ItemParts): ResourceModel | undefined =>
  parseDdf(file(object(item(changes))))[0]?.resources.get(Number(changes.id ?? "1"));

describe("an Object definition in XML", () => {
  it("becomes a model", () => {
    const [pot] = parseDdf(
      file(object(item() + item({ id: "2", name: "Water", operations: "E", type: "", range: "", units: "" }))),
    );
    expect(pot).toMatchObject({ id: 31_024, name: "Flower Pot", version: "1.1", multiple: true, mandatory: false });
    expect([...(pot?.resources.values() ?? [])]).toEqual([
      {
        ...{ id: 1, name: "Soil Moisture", type: "float", operations: "R", multiple: false, mandatory: true },
        ...{ range: [0, 100], unit: "%" },
      },
      { id: 2, name: "Water", type: "string", operations: "E", multiple: false, mandatory: true },
    ]);
  });

  it("joins the registry", () => {
    const models = loadRegistry(registryFile(), parseDdf(file(object())));
    expect(models.resource(path(31_024, 3, 1))).toMatchObject({ name: "Soil Moisture", unit: "%" });
  });

  it("may hold several Objects, or an Object without Resources", () => {
    const models = parseDdf(file(object(), object("", { ObjectID: "31025" })));
    expect(models.map(({ id, resources }) => [id, resources.size])).toEqual([
      [31_024, 1],
      [31_025, 0],
    ]);
  });

  it("has version 1.0 if it does not say", () => {
    expect(parseDdf(file(object(item(), { ObjectVersion: "" })))[0]?.version).toBe("1.0");
  });

  it.each([
    ["String", "string"],
    ["Integer", "integer"],
    ["Unsigned Integer", "unsigned"],
    ["Float", "float"],
    ["Boolean", "boolean"],
    ["Opaque", "opaque"],
    ["Time", "time"],
    ["Objlnk", "objlnk"],
    ["Corelnk", "corelnk"],
    ["unsigned integer", "unsigned"],
    ["CoreLnk", "corelnk"],
  ])("knows the type %s", (spelled, type) => {
    expect(resource({ type: spelled })?.type).toBe(type);
  });

  it.each(["R", "W", "RW", "E", ""] as const)("knows the operations %j", (operations) => {
    expect(resource({ operations })?.operations).toBe(operations);
  });

  it("knows multiple and optional Resources", () => {
    expect(resource({ instances: "Multiple", mandatory: "Optional" })).toMatchObject({
      multiple: true,
      mandatory: false,
    });
  });

  it("reads the five entities of XML, and nothing that looks like a number or a date", () => {
    expect(resource({ name: "Wind &amp; Weather &lt;3" })?.name).toBe("Wind & Weather <3");
    expect(resource({ name: "0123" })?.name).toBe("0123");
    expect(resource({ name: "true" })?.name).toBe("true");
  });

  it("has no bounds for a boolean, and no unit if none is given", () => {
    expect(resource({ type: "Boolean", range: "0..1", units: "" })).toEqual({
      ...{ id: 1, name: "Soil Moisture", type: "boolean", operations: "R", multiple: false, mandatory: true },
    });
  });
});

describe("a range in a definition", () => {
  it.each([
    ["0..255", [0, 255]],
    ["0-255", [0, 255]],
    ["1...15", [1, 15]],
    ["0..64 bytes", [0, 64]],
    ["1..64 Bytes", [1, 64]],
    ["-100.0..100.0", [-100, 100]],
    ["-140..-44", [-140, -44]],
    ["-24-24", [-24, 24]],
    ["0.000001..1.0", [0.000001, 1]],
    [" 0 .. 100 ", [0, 100]],
    ["5..5", [5, 5]],
  ])("%j has bounds", (text, bounds) => {
    expect(parseRange(text)).toEqual(bounds);
  });

  it.each([
    "",
    "64",
    "2 bytes",
    "8-Bits",
    "16,32,48",
    "16-32-48 bytes",
    "0,1,2",
    "5, 10, 15, 20",
    "0..3, 99",
    "0; 3.8..20.5",
    "ON;OFF",
    "<7 to >12.5",
    "-30..-120",
    "2 Instances",
    "0: disabled\n1: normal",
    "The possible values are those listed in the LwM2M Core Specification",
    "..",
    "1..",
    "..5",
  ])("%j has none", (text) => {
    expect(parseRange(text)).toBeUndefined();
  });
});

describe("a broken definition", () => {
  it.each([
    ["nothing", "", "no LWM2M/Object"],
    ["text", "not XML at all", "no LWM2M/Object"],
    ["JSON", '{"LWM2M":{}}', "no LWM2M/Object"],
    ["another root", "<Objects></Objects>", "no LWM2M/Object"],
    ["no Object", file(), "no LWM2M/Object"],
    ["a file cut off", file(object()).slice(0, -60), "closes nothing|never closed|malformed tag"],
    ["a tag that is never closed", "<LWM2M><Object>", "<Object> is never closed"],
    ["tags closed in the wrong order", "<LWM2M><Object></LWM2M></Object>", "</LWM2M> closes nothing"],
    ["a tag without end", "<LWM2M", "malformed tag"],
    ["a document type", `<!DOCTYPE x [<!ENTITY a "b">]>${file(object())}`, "document types are refused"],
    ["an Object without id", file(object(item(), { ObjectID: "" })), 'object "Flower Pot": no valid ObjectID'],
    ["an Object id that is none", file(object(item(), { ObjectID: "65535" })), "no valid ObjectID"],
    ["an Object id in words", file(object(item(), { ObjectID: "three" })), "no valid ObjectID"],
    ["an Object without name", file(object(item(), { Name: "" })), "object 31024: no Name"],
    ["a version that is none", file(object(item(), { ObjectVersion: "v1" })), 'object 31024: version "v1"'],
    [
      "instances that are neither",
      file(object(item(), { MultipleInstances: "Many" })),
      "object 31024: MultipleInstances",
    ],
    ["neither mandatory nor optional", file(object(item(), { Mandatory: "" })), "object 31024: Mandatory"],
    ["a Resource without id", file(object(item({ id: "" }))), "object 31024: resource .* has no valid ID"],
    ["a Resource id that is none", file(object(item({ id: "70000" }))), 'resource "70000" has no valid ID'],
    ["a Resource without name", file(object(item({ name: "" }))), "object 31024: resource 1: no Name"],
    ["operations that are none", file(object(item({ operations: "RWX" }))), 'resource 1: operations "RWX"'],
    ["a type that is none", file(object(item({ type: "Double" }))), 'object 31024: resource 1: type "Double"'],
    ["Resource instances that are neither", file(object(item({ instances: "" }))), "resource 1: MultipleInstances"],
    ["a Resource neither mandatory nor optional", file(object(item({ mandatory: "Yes" }))), "resource 1: Mandatory"],
    ["the same Resource twice", file(object(item() + item())), "object 31024: resource 1 twice"],
  ])("with %s is refused, and says why", (_, xml, message) => {
    expect(() => parseDdf(xml)).toThrow(DecodeError);
    expect(() => parseDdf(xml)).toThrow(new RegExp(message));
  });

  it("cannot make entities grow", () => {
    const bomb = `<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>`;
    expect(() => parseDdf(bomb + file(object(item({ name: "&b;" }))))).toThrow(DecodeError);
    expect(() => parseDdf(file(object(item({ name: "&b;" }))))).not.toThrow(RangeError);
  });

  it("cannot be endless", () => {
    expect(() => parseDdf("<LWM2M>".repeat(1_000_000))).toThrow("too many");
    expect(() => parseDdf("<a>".repeat(100_000))).toThrow(DecodeError);
    expect(() => parseDdf("<a>".repeat(1_000) + "</a>".repeat(1_000))).toThrow(DecodeError);
  });

  it("cannot reach what every object has by itself", () => {
    expect(() => parseDdf("<__proto__><Object></Object></__proto__>")).toThrow(DecodeError);
    expect(() => parseDdf("<LWM2M><constructor></constructor><toString>1</toString></LWM2M>")).toThrow(DecodeError);
    expect(Object.prototype).not.toHaveProperty("Object");
  });

  it("ends in a model or in DecodeError, wherever it is cut or changed", () => {
    const whole = file(object(item() + item({ id: "2", name: "Temperature", units: "Cel" })));
    const random = new SeededRandom(12);
    const pieces = ["<", ">", "/", "&", "<!--", "-->", "<![CDATA[", "]]>", '"', "<Item>", "</Item>", "65535", "\u0000"];
    for (let i = 0; i < 3_000; i++) {
      const from = random.below(whole.length);
      const to = random.below(2) ? from : Math.min(whole.length, from + random.below(40));
      const changed = whole.slice(0, from) + (random.below(3) ? random.pick(pieces) : "") + whole.slice(to);
      try {
        for (const { id } of parseDdf(random.below(8) ? changed : changed.slice(0, from)))
          expect(id).toBeLessThan(65_535);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw new Error(`${changed}: ${String(error)}`);
      }
    }
  });
});
