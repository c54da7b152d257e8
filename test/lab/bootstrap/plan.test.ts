/** Plans for a bootstrap, checked, and turned into requests. */

import { describe, expect, it } from "vitest";
import { codecOf } from "../../../src/content/index.ts";
import { packOf, planOf, stepsOf } from "../../../src/lab/bootstrap/plan.ts";
import { type Path, path, ROOT } from "../../../src/model/path.ts";
import { models } from "../../support/lab-bench.ts";

const dialect = { models, versions: {} };
const steps = (plan: Parameters<typeof stepsOf>[0], wish?: number) => stepsOf(plan, wish, dialect);
const outline = (plan: Parameters<typeof stepsOf>[0]) =>
  steps(plan).map(({ operation, path: at }) => `${operation} ${at}`);
const model = (at: Path) => models.resource(at);

const SECURITY = { "0": "coap://127.0.0.1:5683", "1": false, "2": 3, "3": "", "4": "", "5": "", "10": 101 };
const SERVER = { "0": 101, "1": 300, "6": false, "7": "U" };

describe("a plan", () => {
  it("ends with Finish, whether that is said or not", () => {
    expect(outline({})).toEqual(["finish /"]);
    expect(outline({ finish: true })).toEqual(["finish /"]);
    expect(outline({ finish: false })).toEqual([]);
  });

  it("is done in the order in which it is written", () => {
    expect(
      outline({ discover: true, delete: ["/0", "/1"], write: { "/0/0": SECURITY, "/1/0": SERVER }, read: ["/1"] }),
    ).toEqual(["discover /", "delete /0", "delete /1", "write /0/0", "write /1/0", "read /1", "finish /"]);
    expect(outline({ write: { "/1/0": SERVER }, finish: true, delete: ["/"], discover: "/0" })).toEqual([
      "write /1/0",
      "finish /",
      "delete /",
      "discover /0",
    ]);
  });

  it("makes the requests of LwM2M Core 1.2 §6.1.7", () => {
    const made = steps({ discover: "/0", read: ["/1/0"], delete: ["/2"], write: { "/1/0/1": 60 } }, 112);
    expect(made.map(({ ask }) => ask)).toEqual([
      { method: "GET", path: "/0", accept: 40 },
      { method: "GET", path: "/1/0", accept: 112 },
      { method: "DELETE", path: "/2" },
      { method: "PUT", path: "/1/0/1", format: 112, payload: expect.any(Uint8Array) as unknown },
      { method: "POST", path: "/bs" },
    ]);
  });

  it.each([112, 110, 11_542, 11_544])("writes an Instance in format %i, opaque values from hex", (format) => {
    const [write] = steps({ write: { "/0/1": { ...SECURITY, "5": "00ff10" } }, format });
    const nodes = codecOf(format)!.decode(write!.ask.payload!, path(0, 1), model);
    expect(Object.fromEntries(nodes.map(({ path: at, value }) => [at, value]))).toMatchObject({
      "/0/1/0": "coap://127.0.0.1:5683",
      "/0/1/1": false,
      "/0/1/5": Uint8Array.of(0, 255, 16),
      "/0/1/10": 101,
    });
  });

  it("writes a whole Object with several Instances at once", () => {
    const [write] = steps({ write: { "/1": { "0": SERVER, "3": { ...SERVER, "0": 102 } } }, format: 11_542 });
    const nodes = codecOf(11_542)!.decode(write!.ask.payload!, path(1), model);
    expect(nodes.filter(({ path: at }) => at.endsWith("/0")).map(({ path: at, value }) => [at, value])).toEqual([
      ["/1/0/0", 101],
      ["/1/3/0", 102],
    ]);
  });

  it("writes in its own format, else in that which the client wishes, else in SenML CBOR", () => {
    const formatOf = (plan: object, wish?: number) =>
      steps({ write: { "/1/0": SERVER }, ...plan }, wish)[0]?.ask.format;
    expect([formatOf({}), formatOf({}, 110), formatOf({ format: 11_542 }, 110)]).toEqual([112, 110, 11_542]);
  });

  it.each([112, 11_544])("makes a pack of all that it writes, with whole names, in format %i", (format) => {
    const pack = packOf({ write: { "/0/0": SECURITY, "/1": { "0": SERVER } } }, format, dialect);
    const nodes = codecOf(format)!.decode(pack, ROOT, model);
    expect(nodes).toHaveLength(11);
    expect(nodes.map(({ path: at }) => at)).toContain("/1/0/7");
  });

  it.each([
    ["no object", []],
    ["nothing", null],
    ["an unknown part", { format: 112, reboot: true }],
    ["a flag that is none", { finish: "yes" }],
    ["paths that are none", { delete: ["0"] }],
    ["paths that are no texts", { read: [1] }],
    ["one path where a list belongs", { delete: "/0" }],
    ["a number beyond all identifiers", { delete: ["/0/65535"] }],
    ["a discovery of nowhere", { discover: "everything" }],
    ["values that are no values", { write: { "/1/0": { "1": null } } }],
    ["values that do not fit", { write: { "/1/0": { "1": "soon" } } }],
    ["opaque values that are no hex", { write: { "/0/0": { "5": "secret" } } }],
    ["a Resource that is none", { write: { "/1/0": { lifetime: 5 } } }],
    ["a value for an Instance", { write: { "/1/0": 5 } }],
    ["values for the root", { write: { "/": { "1": { "0": SERVER } } } }],
    ["values of another Instance", { write: { "/1/0": { "/1/1/1": 5 } } }],
    ["a format that nobody knows", { format: 9_999, write: { "/1/0": SERVER } }],
    ["a format that is no number", { format: "senml" }],
    ["more steps than anyone needs", { delete: Array.from({ length: 300 }, () => "/0") }],
  ])("is refused if it is %s", (_what, json) => {
    expect(() => planOf(json, dialect)).toThrow(RangeError);
  });
});
