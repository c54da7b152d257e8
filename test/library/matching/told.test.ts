/** Where a definition says that it is told of a device being there: topics, words, fields, and what is wrong with them. */

import { describe, expect, it } from "vitest";
import { compileTold } from "../../../src/library/matching/told.ts";
import { parseTopic, type TopicPattern } from "../../../src/library/matching/topic.ts";
import type { Reading } from "../../../src/library/reading.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

type Spec = Parameters<typeof compileTold>[0][number];

const patterns = (...topics: string[]) =>
  topics.map(parseTopic).filter((pattern): pattern is TopicPattern => pattern !== undefined);
const bytes = (text: string) => new TextEncoder().encode(text);

function compiled(specs: readonly Spec[], ...topics: string[]) {
  const complaints: string[] = [];
  const told = compileTold(specs, {
    topics: patterns(...topics),
    fields: new Set(["online", "temperature"]),
    complain: (_where, what) => complaints.push(what),
  });
  return { told, complaints };
}

const WILL: Spec = { topic: "tele/+node/LWT", here: "Online", gone: ["Offline", "Lost"] };

describe("the topics that speak of a source", () => {
  it("are those of its own name", () => {
    const { told } = compiled([WILL, { topic: "bridge", here: 1, gone: 0 }], "tele/+node/SENSOR", "stat/+node/RESULT");
    expect(told.topics("tele/plug/SENSOR")).toEqual(["tele/plug/LWT", "bridge"]);
    expect(told.topics("stat/plug/RESULT")).toEqual(["tele/plug/LWT", "bridge"]);
  });

  it("are those of the bridge for all that is behind it", () => {
    const { told } = compiled([WILL], "tele/+node/SENSOR");
    expect(told.topics("tele/zb/SENSOR#0x9E1B")).toEqual(["tele/zb/LWT"]);
  });

  it("are none where the source does not tell the name", () => {
    const { told } = compiled([WILL], "tele/+node/SENSOR");
    expect(told.topics("another/plug")).toEqual([]);
  });
});

describe("the words", () => {
  const says = (spec: Spec, body: string, topic = "tele/plug/LWT") =>
    compiled([spec], "tele/+node/SENSOR").told.says(topic, bytes(body));

  it("are those that the definition gives, and no others", () => {
    expect(says(WILL, "Online")).toBe("here");
    expect(says(WILL, " Lost\n")).toBe("gone");
    expect(says(WILL, "online")).toBeUndefined();
    expect(says(WILL, "Online", "tele/plug/LWT/more")).toBeUndefined();
  });

  it("stand in a document or alone", () => {
    const spec: Spec = { ...WILL, json: "$.state" };
    expect(says(spec, '{"state":"Offline"}')).toBe("gone");
    expect(says(spec, "Offline")).toBe("gone");
    expect(says(spec, '{"other":"Offline"}')).toBeUndefined();
    expect(says(spec, '{"state":')).toBeUndefined();
  });

  it("may be true and false, as text or in a document", () => {
    const spec: Spec = { topic: "tele/+node/LWT", json: "$.alive", here: true, gone: false };
    expect([says(spec, "true"), says(spec, '{"alive":false}')]).toEqual(["here", "gone"]);
  });

  it("are read from no body that is long, and from no noise", () => {
    expect(says(WILL, `${" ".repeat(5_000)}Offline`)).toBeUndefined();
    const random = new SeededRandom(7);
    const { told } = compiled([{ ...WILL, json: "$.state" }], "tele/+node/SENSOR");
    for (let n = 0; n < 2_000; n++) {
      const noise = Uint8Array.from({ length: random.below(40) }, () =>
        n % 2 ? random.below(256) : 0x22 + random.below(92),
      );
      expect(told.says("tele/plug/LWT", noise)).toBeUndefined();
    }
  });
});

describe("a field that says it", () => {
  const { told } = compiled([{ field: "online", here: true, gone: false }]);
  const reading = (...fields: [string, { value: boolean | number } | undefined][]): Reading => ({
    at: { ms: 0, trusted: true },
    fields: new Map(fields),
  });

  it("is told apart from the values beside it", () => {
    expect(told.inside).toBe(true);
    expect(told.read(reading(["online", { value: true }]))).toEqual({ saying: "here", alone: true });
    expect(told.read(reading(["online", { value: false }], ["temperature", { value: 4 }]))).toEqual({
      saying: "gone",
      alone: false,
    });
  });

  it("says nothing where it is not available, or not there", () => {
    expect(told.read(reading(["online", undefined]))).toBeUndefined();
    expect(told.read(reading(["temperature", { value: 4 }]))).toBeUndefined();
  });
});

describe("mistakes", () => {
  it.each<[string, Spec, string]>([
    ["both a topic and a field", { topic: "a", field: "online", here: 1, gone: 0 }, "either a topic or a field"],
    ["neither", { here: 1, gone: 0 }, "either a topic or a field"],
    ["a field that is not there", { field: "onlin", here: 1, gone: 0 }, 'no field "onlin"'],
    ["a topic of everybody below", { topic: "tele/#", here: 1, gone: 0 }, "no topic of one device"],
    ["a level without a name", { topic: "tele/+/LWT", here: 1, gone: 0 }, "no topic of one device"],
    ["a name that no source tells", { topic: "tele/+nodes/LWT", here: 1, gone: 0 }, 'no topic of match tells "nodes"'],
    ["a path that is none", { topic: "tele/+node/LWT", json: "$.", here: 1, gone: 0 }, "is no path"],
  ])("%s", (_name, spec, words) => {
    expect(compiled([spec], "tele/+node/SENSOR").complaints.join()).toContain(words);
  });
});
