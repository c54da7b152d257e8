/** Object 25, and requests about the devices behind a gateway. */

import { describe, expect, it } from "vitest";
import { codecOf, Format } from "../../../src/content/index.ts";
import { objects, ObjectTree } from "../../../src/lwm2m/index.ts";
import { type Path, path } from "../../../src/model/path.ts";
import type { ResourceValue } from "../../../src/model/value.ts";
import { models, station, thermometer } from "../../support/station.ts";

/** A gateway with one thermometer behind it, under `d01`. */
async function gateway(account = {}) {
  const trees = new Map<string, ObjectTree>();
  const behind = new ObjectTree();
  const here = station({
    account,
    fill: (tree, clock) => {
      thermometer(behind, clock);
      trees.set("d01", behind);
      const object = new objects.GatewayObject(tree, models, clock);
      object.show({ number: 1, id: "urn:dev:1", tree: behind });
    },
    client: { endDevices: { treeAt: (prefix) => trees.get(prefix) } },
  });
  await here.registered();
  const set = (at: readonly number[], value: ResourceValue) => behind.set(path(...at), value, here.clock.now());
  return { ...here, behind, trees, set };
}

describe("Object 25", () => {
  it("lists each device with its name, its prefix, and its Objects as a Register would", async () => {
    const { server } = await gateway();
    const answer = await server.ask("GET", { path: "/25/1", accept: Format.SenmlJson });
    expect(JSON.parse(answer.text)).toEqual([
      { bn: "/25/1/", n: "0", vs: "urn:dev:1" },
      { n: "1", vs: "d01" },
      { n: "3", vs: "</3/0>,</3303>;ver=1.1,</3303/0>" },
    ]);
    const links = await server.ask("GET", { path: "/25", accept: Format.LinkFormat });
    expect(links.text).toMatch(/^<\/25>;ver=2.0,<\/25\/1>/);
  });

  it("tells servers by an Update with links that a device has come or gone", async () => {
    const here = await gateway();
    const object = new objects.GatewayObject(here.tree, models, here.clock);
    const other = new ObjectTree();
    thermometer(other, here.clock);
    object.show({ number: 2, id: "urn:dev:2", tree: other });
    await here.clock.advance(5_000);
    expect(here.server.requests.at(-1)?.text).toContain("</25>;ver=2.0,</25/1>,</25/2>");
    object.hide(2);
    await here.clock.advance(5_000);
    expect(here.server.requests.at(-1)?.text).toMatch(/<\/25\/1>$|<\/25\/1>,</);
    expect((await here.server.ask("GET", { path: "/25/2" })).code).toBe("4.04");
  });

  it("has prefixes that are no numbers, and knows its own again", () => {
    expect([1, 9, 10, 100, 65_534].map(objects.prefixOf)).toEqual(["d01", "d09", "d10", "d100", "d65534"]);
    for (const number of [0, 1, 42, 999]) expect(objects.numberOfPrefix(objects.prefixOf(number))).toBe(number);
    for (const text of ["d1", "d001", "01", "3", "", "dd1", "D01", "d0x", "d123456"])
      expect(objects.numberOfPrefix(text)).toBeUndefined();
  });

  it("is read whole, each device once and none twice, however many there are", async () => {
    const here = await gateway();
    const object = new objects.GatewayObject(here.tree, models, here.clock);
    for (let number = 2; number <= 100; number++) object.show({ number, id: `dev-${number}`, tree: here.behind });
    // A value outside any Instance is nobody's.
    here.tree.set(path(25, 500, 0), "nobody", here.clock.now());
    const view = await here.server.ask("GET", { path: "/25", accept: Format.SenmlCbor, options: [] });
    expect(view.code).toBe("2.05");
    const one = await here.server.ask("GET", { path: "/25/77", accept: Format.SenmlJson });
    expect(one.text).toContain('"vs":"d77"');
    expect((await here.server.ask("GET", { path: "/25/500" })).code).toBe("4.04");
    expect((await here.server.ask("GET", { path: "/3", accept: Format.SenmlJson })).text).toContain('"n":"0/16"');
  });

  it("holds thousands of devices without taking its time for each", () => {
    const here = station();
    const tree = new ObjectTree();
    const object = new objects.GatewayObject(tree, models, here.clock);
    const started = performance.now();
    for (let number = 1; number <= 3_000; number++) object.show({ number, id: `urn:dev:${number}`, tree: here.tree });
    expect(performance.now() - started).toBeLessThan(3_000);
    expect(tree.instances()).toHaveLength(3_000);
    expect(tree.get(path(25, 2_999, 1))?.value).toBe("d2999");
  });
});

describe("a request below a prefix", () => {
  it.each([
    [Format.Text, "22.0"],
    [Format.SenmlJson, '[{"bn":"/d01/3303/0/5700","v":22.0}]'],
    [Format.Json, '{"bn":"/d01/3303/0/5700","e":[{"v":22.0}]}'],
  ])("reads a value of the device in format %i", async (accept, text) => {
    const { server } = await gateway();
    const answer = await server.ask("GET", { path: "/d01/3303/0/5700", accept });
    expect([answer.code, answer.text]).toEqual(["2.05", text]);
  });

  it("reads an Instance with the prefix in its names, and TLV as ever", async () => {
    const { server } = await gateway();
    const cbor = await server.ask("GET", { path: "/d01/3303/0", accept: Format.SenmlCbor });
    expect(Buffer.from(cbor.payload).toString("latin1")).toContain("/d01/3303/0/");
    const tlv = await server.ask("GET", { path: "/d01/3303/0", accept: Format.Tlv });
    const nodes = codecOf(Format.Tlv)!.decode(tlv.payload, path(3303, 0), (at) => models.resource(at));
    expect(nodes.map((node) => node.path)).toEqual(["/3303/0/5700", "/3303/0/5701"]);
  });

  it("discovers the device, every target below its prefix", async () => {
    const { server } = await gateway();
    const { text } = await server.ask("GET", { path: "/d01/3303", accept: Format.LinkFormat });
    expect(text).toBe("</d01/3303>;ver=1.1,</d01/3303/0>,</d01/3303/0/5605>,</d01/3303/0/5700>,</d01/3303/0/5701>");
  });

  it.each([Format.SenmlJson, Format.SenmlCbor, Format.Json, Format.Tlv, Format.Text])(
    "writes to the device in format %i",
    async (format) => {
      const { server, behind } = await gateway();
      behind.allowWrite(path(3303, 0, 5750));
      const at = path(3303, 0, 5750);
      const plain = codecOf(format)!;
      const bytes = plain.encode([{ path: at, type: "string", value: "attic" }], at);
      const named =
        format === Format.SenmlJson || format === Format.Json
          ? Buffer.from(Buffer.from(bytes).toString().replace('"/3303', '"/d01/3303'))
          : bytes;
      for (const payload of [bytes, named]) {
        behind.delete(at);
        expect((await server.ask("PUT", { path: `/d01${at}`, format, payload })).code).toBe("2.04");
        expect(behind.get(at)?.value).toBe("attic");
      }
    },
  );

  it("refuses a Write whose names are about another device, or about the gateway", async () => {
    const { server, behind } = await gateway();
    behind.allowWrite(path(3303, 0, 5750));
    for (const name of ["/d02/3303/0/5750", "/d01/3304/0/5750", "/d01/d01/3303/0/5750"]) {
      const payload = `[{"n":"${name}","vs":"x"}]`;
      const answer = await server.ask("PUT", { path: "/d01/3303/0/5750", format: Format.SenmlJson, payload });
      expect(answer.code).toBe("4.00");
    }
    expect(behind.get(path(3303, 0, 5750))).toBeUndefined();
  });

  it("executes, writes attributes and shows them again", async () => {
    const { server } = await gateway();
    expect((await server.ask("POST", { path: "/d01/3303/0/5605" })).code).toBe("2.04");
    expect((await server.ask("PUT", { path: "/d01/3303/0/5700", query: ["pmin=5"] })).code).toBe("2.04");
    const own = await server.ask("GET", { path: "/d01/3303/0/5700", accept: Format.LinkFormat });
    expect(own.text).toBe("</d01/3303/0/5700>;pmin=5");
    const gateways = await server.ask("GET", { path: "/25/1/0", accept: Format.LinkFormat });
    expect(gateways.text).toBe("</25/1/0>");
  });

  it("observes the device until it is cancelled: names in notifications have the prefix", async () => {
    const here = await gateway();
    const token = here.server.send("GET", { path: "/d01/3303/0/5700", observe: 0, accept: Format.SenmlJson });
    await here.clock.advance(10);
    expect(here.client.registration.observations).toBe(1);
    here.set([3303, 0, 5700], 23.5);
    await here.clock.advance(10);
    expect(here.server.answers(token).map(({ text }) => text)).toEqual([
      '[{"bn":"/d01/3303/0/5700","v":22.0}]',
      '[{"bn":"/d01/3303/0/5700","v":23.5}]',
    ]);
    await here.server.ask("GET", { path: "/d01/3303/0/5700", observe: 1, token });
    expect(here.client.registration.observations).toBe(0);
  });

  it("ends an observation with 4.04 when the device is gone", async () => {
    const here = await gateway();
    const token = here.server.send("GET", { path: "/d01/3303/0/5700", observe: 0 });
    await here.clock.advance(10);
    here.trees.delete("d01");
    for (const instance of here.behind.instances()) here.behind.removeInstance(instance);
    await here.clock.advance(10);
    expect(here.server.answers(token).at(-1)?.code).toBe("4.04");
    expect((await here.server.ask("GET", { path: "/d01/3303/0/5700" })).code).toBe("4.04");
  });

  it("is gone with a new registration, as all observations are", async () => {
    const here = await gateway();
    here.server.send("GET", { path: "/d01/3303/0/5700", observe: 0 });
    await here.clock.advance(10);
    here.server.verdict = (request) => (request.path === "/rd" ? here.server.grant(request) : { code: 0x84 });
    here.client.update();
    await here.clock.advance(60_000);
    expect(here.client.registration).toMatchObject({ state: "registered", observations: 0 });
  });

  it("creates an Instance, and says where it is", async () => {
    const { server, behind } = await gateway();
    behind.onCreate(3303);
    const answer = await server.ask("POST", {
      path: "/d01/3303",
      format: Format.SenmlJson,
      payload: '[{"bn":"/d01/3303/4/","n":"5750","vs":"roof"}]',
    });
    expect(answer.code).toBe("2.01");
    const location = answer.message.options.filter(({ number }) => number === 8);
    expect(location.map(({ value }) => Buffer.from(value).toString())).toEqual(["d01", "3303", "4"]);
    expect(behind.hasInstance(path(3303, 4))).toBe(true);
  });

  it.each([
    "/d02/3303/0/5700",
    "/d1/3303/0/5700",
    "/d01/0",
    "/d01/1/0/1",
    "/d01/2/0",
    "/d01/21/0",
    "/d01/9999/0",
    "/x",
  ])("for %s is answered 4.04", async (at) => {
    const { server } = await gateway();
    expect((await server.ask("GET", { path: at })).code).toBe("4.04");
  });

  it("for a device as a whole is not supported: 4.05", async () => {
    const { server } = await gateway();
    expect((await server.ask("GET", { path: "/d01" })).code).toBe("4.05");
    expect((await server.ask("FETCH", { path: "/d01", format: Format.SenmlJson, payload: "[]" })).code).toBe("4.05");
  });

  it("is nothing special to a client that is no gateway", async () => {
    const { server } = await station().registered();
    expect((await server.ask("GET", { path: "/d01/3303/0/5700" })).code).toBe("4.04");
  });

  it("leaves what is asked of the gateway itself as it was", async () => {
    const { server, tree } = await gateway();
    tree.addInstance(path(3, 0));
    const where: Path = path(3, 0, 16);
    expect((await server.ask("GET", { path: where, accept: Format.SenmlJson })).text).toBe(
      '[{"bn":"/3/0/16","vs":"U"}]',
    );
  });
});
