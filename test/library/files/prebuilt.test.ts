/** What the build has checked is taken as it is only while nothing has changed; then the library is the same. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { devicesFolder, Library, readDefinitions, standardModels } from "../../../src/library/index.ts";
import { hashOf, prebuild, readPrebuilt } from "../../../src/library/files/prebuilt.ts";
import type { ObjectModel, ObjectRegistry } from "../../../src/model/objects.ts";
import { loadRegistry } from "../../../src/model/registry.ts";
import { changed, frameOf, advert, shown, THERMOMETER } from "../../support/definitions.ts";

const models = standardModels();
const FRAGMENT = "schema: fragment/v1\nid: acme.common\nvendor: Shared\n";
const MADE = changed(["id: acme.thermometer", "id: acme.made"], ["vendor: Acme\n", "use: acme.common\n"]);

/** Files as they come from disk, with what the build of some of them knows. */
function load(texts: readonly string[], built: readonly string[] = texts, known: ObjectRegistry = models) {
  const index = readPrebuilt(
    prebuild(
      built.map((text, i) => ({ name: `${i}.yaml`, text })),
      models,
    ),
  );
  const files = texts.map((text, i) => ({ name: `${i}.yaml`, text, checked: index.get(hashOf(text)) }));
  return { known: files.filter(({ checked }) => checked).length, ...Library.load(files, known) };
}

/** The index as it stands in its file. */
const index = z.record(z.string(), z.object({ head: z.record(z.string(), z.unknown()), whole: z.string() }));

function entriesOf(texts: readonly string[]): z.infer<typeof index> {
  const files = texts.map((text, i) => ({ name: `${i}.yaml`, text }));
  return index.parse(JSON.parse(prebuild(files, models)));
}

/** The registry with Objects of somebody's own. */
function modelsWith(...own: ObjectModel[]): ObjectRegistry {
  return loadRegistry(
    JSON.parse(readFileSync(new URL("../../../src/model/registry.json", import.meta.url), "utf8")),
    own,
  );
}

const vendors = ({ library }: ReturnType<typeof load>) => [...library.devices()].map(({ vendor }) => vendor);

describe("an index of definitions", () => {
  it("knows every sound file, and gives the library that the files would have given", () => {
    const texts = [FRAGMENT, MADE, THERMOMETER];
    const quick = load(texts);
    const slow = load(texts, []);
    expect([quick.known, slow.known]).toEqual([3, 0]);
    expect([quick.problems, slow.problems]).toEqual([[], []]);
    expect([...quick.library.compiled()].map(({ definition }) => definition)).toEqual(
      [...slow.library.compiled()].map(({ definition }) => definition),
    );
    expect(vendors(quick)).toEqual(["Shared", "Acme"]);
    const frame = frameOf(advert(0x1234, Uint8Array.of(8, 0xf2, 1, 0)));
    expect(quick.library.match(frame)?.decode(frame)?.fields.get("temperature")?.value).toBe(22.9);
  });

  it("makes nothing of a definition but its head until one of its devices is heard", () => {
    const [text] = Object.values(entriesOf([THERMOMETER]));
    const damaged = { ...text, whole: "{" };
    const checked = readPrebuilt(JSON.stringify({ [hashOf(THERMOMETER)]: damaged })).get(hashOf(THERMOMETER));
    const { library, problems } = Library.load([{ name: "0.yaml", text: THERMOMETER, checked }], models);
    const frame = frameOf(advert(0x1234, Uint8Array.of(8, 0xf2, 1, 0)));
    expect([problems, library.match(frame)?.id]).toEqual([[], "acme.thermometer"]);
    expect(() => library.match(frame)?.decode(frame)).toThrow("the index of definitions is damaged");
  });

  it("keeps all of ours as text, but for those few that learn what is theirs", () => {
    const made: string[] = [];
    const files = readDefinitions(devicesFolder).map((file) => {
      const { definition } = file.checked ?? {};
      if (!definition) return file;
      const { head, whole } = definition;
      return { ...file, checked: { definition: { head, whole: () => (made.push(head.id), whole()) } } };
    });
    const { library, problems } = Library.load(files, models);
    expect([problems.length, [...library.devices()].length > 300]).toEqual([0, true]);
    const learners = [...library.compiled()].filter(({ learns }) => learns).map(({ id }) => id);
    expect(learners).toEqual(expect.arrayContaining(made));
    expect(made.length).toBeLessThan(10);
  });

  it("has the words of frames in each head, and no golden frame", () => {
    const [entry] = Object.values(entriesOf([THERMOMETER]));
    expect(Object.keys(entry?.head ?? {}).sort()).toEqual(["frame", "id", "match", "model", "vendor"]);
    expect(entry?.whole).toContain('"tests":');
  });

  it("knows nothing of a file that has changed by a letter", () => {
    const { known, library } = load([changed(["T-1", "T-2"])], [THERMOMETER]);
    expect(known).toBe(0);
    expect(library.get("acme.thermometer")?.model).toBe("T-2");
  });

  it("is not asked about a definition whose fragment is another now", () => {
    const other = FRAGMENT.replace("Shared", "Changed");
    expect(vendors(load([other, MADE], [FRAGMENT, MADE]))).toEqual(["Changed"]);
    expect(vendors(load([other, FRAGMENT, MADE], [FRAGMENT, MADE]))).toEqual(["Changed"]);
  });

  it("leaves mistakes to be told with their places", () => {
    const bad = changed(["unit: Cel", "unit: Cell"]);
    const { known, problems } = load([THERMOMETER.replace("acme.thermometer", "acme.good"), bad, "schema: [", "x: 1"]);
    // The build has compiled it too: what is wrong with its parts keeps it out as well.
    expect(known).toBe(1);
    expect(problems.map(shown)[0]).toBe('12:68 unknown unit "Cell" (did you mean "Cel"?)');
    expect(problems.filter(({ file }) => file === "0.yaml")).toEqual([]);
  });

  it("is not asked about a definition that shows itself in Objects which somebody has brought", () => {
    const object = { name: "Own", version: "9.9", multiple: true, mandatory: false, resources: new Map() };
    const foreign = load([THERMOMETER], [THERMOMETER], modelsWith({ ...object, id: 33_000 }));
    expect([foreign.known, foreign.problems]).toEqual([1, []]);
    const touched = load([THERMOMETER], [THERMOMETER], modelsWith({ ...object, id: 3303 }));
    expect(touched.known).toBe(1);
    expect(touched.problems.map(({ message }) => message)).toEqual(["Object 3303 has no value of its own"]);
  });

  it("tells of two files with one id as ever", () => {
    const { problems } = load([THERMOMETER, `${THERMOMETER}# again\n`]);
    expect(problems.map(shown)).toEqual(['2:1 "acme.thermometer" is already taken (by 0.yaml: rename one of them)']);
  });

  it("that is damaged, or something else, is none", () => {
    for (const text of [
      "",
      "{",
      "[]",
      "7",
      '{"a": 1}',
      '{"a": {"head": 7, "whole": ""}}',
      '{"a": {"head": {}, "whole": 7}}',
      '{"a": {"fragment": 7}}',
    ])
      expect(readPrebuilt(text).size).toBe(0);
  });
});

describe("files that give way", () => {
  const group = (text: string, yields: number) => ({ name: `${yields}.yaml`, text, yields });

  it("are left out without a word where a nearer one has their id", () => {
    const [near, far] = [changed(["T-1", "near"]), changed(["T-1", "far"])];
    const { library, problems } = Library.load([group(near, 0), group(far, 1)], models);
    expect(problems).toEqual([]);
    expect(library.get("acme.thermometer")?.model).toBe("near");
  });

  it("take the place of a nearer one that is wrong, which is told", () => {
    const { library, problems } = Library.load(
      [group(changed(["unit: Cel", "unit: Cell"]), 0), group(changed(["T-1", "far"]), 1)],
      models,
    );
    expect(problems.map(({ file }) => file)).toEqual(["0.yaml", "0.yaml"]);
    expect(library.get("acme.thermometer")?.model).toBe("far");
  });

  it("give way with their fragments too", () => {
    const own = FRAGMENT.replace("Shared", "Own");
    const { library, problems } = Library.load([group(own, 0), group(FRAGMENT, 1), group(MADE, 1)], models);
    expect(problems).toEqual([]);
    expect(library.get("acme.made")?.vendor).toBe("Own");
  });
});
