/** The points of reporting at which clients fail at servers of others, each by its number. */

import { describe, expect, it } from "vitest";
import { toHex } from "../../../src/base/bytes.ts";
import { codecOf, Format } from "../../../src/content/index.ts";
import { path } from "../../../src/model/path.ts";
import { models, type Station, station, thermometer } from "../../support/station.ts";
import { nodesOf, VALUE, values, watch } from "./watching.ts";

const LONG = { lifetime: 86_400 * 30 };
const TEMPERATURE = path(3303, 0, 5700);

const sends = ({ server }: Station) => server.requests.filter(({ path: at }) => at === "/dp");

describe("the points of reporting", () => {
  it("E39: a Read never has two timestamps; several values of the past go by notification or Send", async () => {
    const here = await station({ account: LONG }).registered();
    for (const [i, id] of [5601, 5602, 5700].entries()) {
      await here.clock.advance(60_000);
      here.set([3303, 0, id], i);
    }
    await here.clock.advance(60_000);
    for (const where of ["/3303", "/3303/0", VALUE])
      for (const accept of [Format.SenmlJson, Format.SenmlCbor]) {
        const answer = await here.server.ask("GET", { path: where, accept });
        expect(new Set(nodesOf(answer).map(({ time }) => time)).size).toBe(1);
      }
    const at = (ago: number) => ({ ms: here.clock.now().ms - ago, trusted: true });
    void here.client.send([
      { path: TEMPERATURE, value: 1, at: at(2_000) },
      { path: TEMPERATURE, value: 2, at: at(5_000) },
    ]);
    await here.clock.advance(10);
    expect(new Set(nodesOf(sends(here)[0]!).map(({ time }) => time)).size).toBe(2);
  });

  it("E43: the answer to Observe has the Observe option; without an observation it has none", async () => {
    const here = await station({ account: LONG }).registered();
    expect((await watch(here)).first.observe).toBeTypeOf("number");
    expect((await here.server.ask("GET", { path: VALUE })).observe).toBeUndefined();
    expect((await here.server.ask("GET", { path: "/3303/0/5518", observe: 0 })).observe).toBeUndefined();
  });

  it("E44: every notification has the Observe option and the token, of whatever length; an error is the last", async () => {
    const here = await station({ account: LONG }).registered();
    const tokens = [0, 1, 4, 8].map((length) => new Uint8Array(length).fill(length));
    for (const token of tokens) here.server.send("GET", { path: VALUE, observe: 0, token });
    await here.clock.advance(1);
    here.set([3303, 0, 5700], 30);
    for (const token of tokens) {
      const [, told] = here.server.answers(token);
      expect(told!.observe).toBeTypeOf("number");
      expect(told!.code).toBe("2.05");
    }
    here.tree.removeInstance(path(3303, 0));
    await here.clock.advance(1_000);
    for (const token of tokens) expect(here.server.answers(token).at(-1)).toMatchObject({ code: "4.04", type: "CON" });
    expect(here.client.registration.observations).toBe(0);
  });

  it("E45: nothing is told of an observation on another way than it came by: a Register comes first", async () => {
    const here = await station({ account: LONG }).registered();
    const { told } = await watch(here);
    here.server.verdict = (request) => (request.path === "/dp" ? undefined : here.server.grant(request));
    const outcome = here.client.send([TEMPERATURE]);
    await here.clock.advance(10);
    here.wires[0]!.near.fail("gone");
    await here.clock.advance(0);
    here.set([3303, 0, 5700], 30);
    expect((await outcome).get(123)).toEqual({ status: "deferred" });
    await here.clock.advance(5_000);
    expect(told()).toEqual([]);
    expect(here.connected()).toBe(2);
    expect(here.server.log[1]).toMatch(/^POST \/rd\?/);
    expect((await watch(here)).first.text).toContain("30");
  });

  it("E46: Send waits until the Register is answered, or is refused by choice", async () => {
    const here = station({ account: LONG });
    here.server.verdict = () => undefined;
    here.client.start();
    await here.clock.advance(500);
    expect(await here.client.send([TEMPERATURE], { defer: false })).toEqual(
      new Map([[123, { status: "refused", reason: "not registered" }]]),
    );
    expect(await here.client.send([TEMPERATURE])).toEqual(new Map([[123, { status: "deferred" }]]));
    expect(sends(here)).toEqual([]);
    here.server.verdict = (request) => here.server.grant(request);
    await here.clock.advance(10_000);
    expect(sends(here).map(values)).toEqual([["22"]]);
  });

  it("E46: data of Instances that the server has not been told of is not sent", async () => {
    const here = await station({ account: LONG }).registered();
    here.server.verdict = (request) => (request.path === "/rd/r1" ? undefined : here.server.grant(request));
    here.tree.addInstance(path(3304, 0));
    here.set([3304, 0, 5700], 50);
    const both = here.client.send([TEMPERATURE, path(3304, 0, 5700)]);
    await here.clock.advance(10);
    expect((await both).get(123)).toEqual({ status: "sent" });
    expect(nodesOf(sends(here)[0]!).map(({ path: at }) => at)).toEqual([VALUE]);
    expect((await here.client.send([path(3304, 0, 5700)])).get(123)).toMatchObject({ status: "refused" });
    here.server.verdict = (request) => here.server.grant(request);
    await here.clock.advance(10_000);
    const known = here.client.send([path(3304, 0, 5700)]);
    await here.clock.advance(10);
    expect((await known).get(123)).toEqual({ status: "sent" });
  });

  it.each([
    [{}, "sent"],
    [{ muteSend: false }, "sent"],
    [{ muteSend: true }, "refused"],
  ] as const)("E47: with /1/x/23 as in %j a Send is %s: missing means not muted", async (account, status) => {
    const here = await station({ account: { ...LONG, ...account } }).registered();
    const outcome = here.client.send([TEMPERATURE]);
    await here.clock.advance(10);
    expect((await outcome).get(123)).toMatchObject({ status });
    expect(sends(here)).toHaveLength(status === "sent" ? 1 : 0);
  });

  it("E47: LwM2M 1.0 has no Send", async () => {
    const here = await station({ account: { ...LONG, version: "1.0" } }).registered();
    const outcome = (await here.client.send([TEMPERATURE])).get(123);
    expect(outcome).toEqual({ status: "refused", reason: "LwM2M 1.0 has no Send" });
    expect(sends(here)).toEqual([]);
  });

  it.each([
    ["pmax=5&pmin=10", VALUE, "2.04"],
    ["pmax=0", VALUE, "2.04"],
    ["lt=10&gt=20&st=5", VALUE, "4.00"],
    ["lt=20&gt=20", VALUE, "4.00"],
    ["lt=10&gt=20&st=4.9", VALUE, "2.04"],
    ["epmin=10&epmax=10", VALUE, "4.00"],
    ["epmin=9&epmax=10", VALUE, "2.04"],
    ["st=-1", VALUE, "4.00"],
    ["gt=1", "/3303/0", "4.00"],
    ["st=1", "/3303", "4.00"],
  ])("E57: %s at %s is answered %s", async (query, where, code) => {
    const here = await station({ account: LONG }).registered();
    expect((await here.server.ask("PUT", { path: where, query: query.split("&") })).code).toBe(code);
  });

  it("E57: a pmax below pmin is ignored, not obeyed; so are thresholds that contradict each other from two levels", async () => {
    const here = await station({ account: LONG, client: { quietMs: 0 } }).registered();
    await here.server.ask("PUT", { path: "/3303", query: ["pmax=5"] });
    await here.server.ask("PUT", { path: VALUE, query: ["pmin=10"] });
    const { told } = await watch(here);
    await here.clock.advance(60_000);
    expect(told()).toEqual([]);
    await here.server.ask("PUT", { path: "/3/0/7", query: ["gt=10"] });
    await here.server.ask("PUT", { path: "/3/0/7/0", query: ["lt=20"] });
    const voltage = await watch(here, "/3/0/7/0");
    here.set([3, 0, 7, 0], 15);
    here.set([3, 0, 7, 0], 16);
    expect(voltage.told()).toHaveLength(2);
  });

  it.each([
    ["gt=25", [24, 26, 27, 25, 26], ["26", "25", "26"]],
    ["lt=20", [21, 19, 18, 20, 19], ["19", "20", "19"]],
    ["st=2", [23, 23.9, 24, 25, 26.5], ["24", "26.5"]],
    ["st=2&gt=25", [23.5, 25.2, 25.4, 24.9], ["25.2", "24.9"]],
    ["pmin=0", [22, 23, 23, 24], ["23", "24"]],
  ])("E58: %s of %j tells %j, from the answer to Observe and from what was last sent", async (query, series, told) => {
    const here = await station({ account: LONG }).registered();
    await here.server.ask("PUT", { path: VALUE, query: query.split("&") });
    const watched = await watch(here);
    for (const value of series) here.set([3303, 0, 5700], value);
    expect(watched.told().map((heard) => values(heard)[0])).toEqual(told);
  });

  it("E58: pmin by itself causes nothing", async () => {
    const here = await station({ account: LONG }).registered();
    await here.server.ask("PUT", { path: VALUE, query: ["pmin=1"] });
    const { told } = await watch(here);
    await here.clock.advance(3_600_000);
    expect(told()).toEqual([]);
  });

  it("E68: a confirmable notification is never repeated with its old value once there is a newer one", async () => {
    const here = await station({ account: { ...LONG, confirmNotifications: true } }).registered();
    const { told } = await watch(here);
    here.server.receipt = undefined;
    here.set([3303, 0, 5700], 30);
    await here.clock.advance(1_000);
    here.set([3303, 0, 5700], 31);
    await here.clock.advance(4_000);
    here.set([3303, 0, 5700], 32);
    await here.clock.advance(40_000);
    const said = told().map((heard) => values(heard)[0]);
    expect(said[0]).toBe("30");
    expect(said.lastIndexOf("30")).toBeLessThan(said.indexOf("31"));
    expect(said.lastIndexOf("31")).toBeLessThan(said.indexOf("32"));
    const numbers = told().map(({ observe }) => observe!);
    expect([...numbers].sort((a, b) => a - b)).toEqual(numbers);
  });

  it("E68: a value that could not be sent is followed by the newest, after an Update", async () => {
    const here = await station({
      account: { ...LONG, confirmNotifications: true, storing: false },
      client: { quietMs: 0 },
    }).registered();
    const { told } = await watch(here);
    here.server.receipt = undefined;
    here.set([3303, 0, 5700], 30);
    while (!here.server.log.includes("POST /rd/r1")) {
      here.server.receipt = undefined;
      await here.clock.advance(100);
    }
    here.server.receipt = "ACK";
    await here.clock.advance(5_000);
    expect(values(told().at(-1)!)).toEqual(["30"]);
    here.set([3303, 0, 5700], 31);
    expect(values(told().at(-1)!)).toEqual(["31"]);
    expect(here.client.registration.observations).toBe(1);
  });

  it("E70: a device that does not answer costs neither the registration nor the observations", async () => {
    const here = await station({
      account: LONG,
      fill: (tree, clock) => {
        thermometer(tree, clock);
        tree.addInstance(path(3306, 0));
        tree.set(path(3306, 0, 5850), false, clock.now());
        tree.onWrite(path(3306, 0, 5850), async () => ({ status: "timeout" }));
      },
    }).registered();
    const { told } = await watch(here, "/3306/0/5850");
    const answer = await here.server.ask("PUT", { path: "/3306/0/5850", format: 0, payload: "1" });
    expect(answer.code).toBe("5.04");
    expect(here.client.registration).toMatchObject({ state: "registered", observations: 1 });
    here.set([3306, 0, 5850], true);
    expect(told()).toHaveLength(1);
  });

  it("E71: what the server cannot decode it acknowledges without a word, so whole floats leave as floats in every format", async () => {
    const here = await station({ account: LONG }).registered();
    for (const accept of [Format.Cbor, Format.SenmlCbor, Format.Tlv]) {
      const { told } = await watch(here, VALUE, { accept });
      here.set([3303, 0, 5700], accept % 100);
      const { payload } = told()[0]!;
      const [node] = codecOf(accept)!.decode(payload, TEMPERATURE, (at) => models.resource(at));
      expect(node).toMatchObject({ type: "float", value: accept % 100 });
      // Half, single or double precision; in TLV 4 or 8 bytes.
      expect(toHex(payload)).toMatch(/f9....$|fa.{8}$|fb.{16}$|^e4|^e8/);
    }
  });
});
