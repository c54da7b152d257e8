/** Register and Update, held against what every server reads. */

import { describe, expect, it } from "vitest";
import type { Version } from "../../../src/lwm2m/index.ts";
import { path } from "../../../src/model/path.ts";
import { settle } from "../../support/fake-clock.ts";
import { station, type StationOptions } from "../../support/station.ts";
import { assembling, faultsOfRegister, faultsOfUpdate } from "../../support/strict-server.ts";

/** The Register of a client, as the first server hears it. */
async function registered(options: StationOptions = {}) {
  const here = station(options);
  here.client.start();
  await settle();
  return { ...here, request: here.server.requests[0]! };
}

const VERSIONS: readonly Version[] = ["1.0", "1.1", "1.2"];

describe("Register", () => {
  it("E1, E3, E4, E5: is confirmable, and names version, endpoint and lifetime, in this order, and no binding that is the rule anyway", async () => {
    const { request } = await registered();
    expect(request.type).toBe("CON");
    expect(request.query).toEqual(["lwm2m=1.1", "ep=urn:dev:mac:cbb8334c884f", "lt=300"]);
  });

  it.each([
    ["1.0", 300, "lt=300"],
    ["1.0", 0, "lt=2592000"],
    ["1.1", 0, "lt=2592000"],
    ["1.2", 0, "lt=0"],
  ] as const)("E6: to a server of %s with a lifetime of %s says %s", async (version, lifetime, said) => {
    const { request } = await registered({ account: { version, lifetime } });
    expect(request.query.filter((each) => each.startsWith("lt="))).toEqual([said]);
  });

  it("E6: says a long lifetime to an older server that has refused 1.2", async () => {
    const here = station({ account: { version: "1.2", lifetime: 0 } });
    here.server.verdict = (request) =>
      request.query.includes("lwm2m=1.2") ? { code: 0x8c } : here.server.grant(request);
    here.client.start();
    await settle();
    const lifetimes = here.server.requests.map(({ query }) => query.find((each) => each.startsWith("lt=")));
    expect(lifetimes).toEqual(["lt=0", "lt=2592000"]);
  });

  it.each([
    ["1.0", ["b=UQ"]],
    ["1.1", ["Q"]],
    ["1.2", ["Q"]],
  ] as const)("E8, E9: to a server of %s tells Queue Mode as %s", async (version, said) => {
    const { request } = await registered({ account: { version, queue: true } });
    expect(request.query.slice(3)).toEqual(said);
  });

  it("E7, E10: names no transport that is not spoken, whatever the account allows", async () => {
    for (const version of VERSIONS) {
      const { request } = await registered({ account: { version, binding: "UTS" } });
      expect(request.query.slice(3)).toEqual([]);
    }
  });

  it("E11, E12, E13, E14, E15, E16, E17: lists Objects so that everybody reads it, in every version", async () => {
    for (const version of VERSIONS)
      for (const queue of [false, true])
        for (const fill of [undefined, () => undefined]) {
          const { request } = await registered({ account: { version, queue }, ...(fill && { fill }) });
          expect(faultsOfRegister(request)).toEqual([]);
        }
  });

  it("E12, E48: says the version of each Object that is newer than 1.0, without quotes", async () => {
    const links = async (version: Version) =>
      (
        await registered({
          account: { version },
          fill: (tree) => [3, 5, 3303, 3441].map((id) => tree.addInstance(path(id, 0))),
        })
      ).request.text;
    expect(await links("1.0")).toBe("</1/0>,</3/0>,</5/0>,</3303>;ver=1.1,</3303/0>,</3441/0>");
    expect(await links("1.1")).toMatch(/^<\/1>;ver=1\.1,<\/1\/0>,<\/3>;ver=1\.1,<\/3\/0>,/);
    expect(await links("1.2")).toMatch(/^<\/1>;ver=1\.2,<\/1\/0>,<\/3>;ver=1\.2,<\/3\/0>,/);
  });

  it("E14, E15, E18: names an alternate path first, and leaves the Objects without it", async () => {
    const { request } = await registered({ client: { rootPath: "/lwm2m" } });
    expect(request.text).toBe(
      '</lwm2m>;rt="oma.lwm2m",</1>;ver=1.1,</1/0>,</3>;ver=1.1,</3/0>,</3303>;ver=1.1,</3303/0>',
    );
    expect(faultsOfRegister(request)).toEqual([]);
  });

  it("E2: falls back to the version that a server takes, over every one in between", async () => {
    const here = station({ account: { version: "1.2" } });
    here.server.verdict = (request) =>
      request.query.includes("lwm2m=1.0") ? here.server.grant(request) : { code: 0x80 };
    here.client.start();
    await settle();
    const versions = here.server.requests.map(({ query }) => query.find((each) => each.startsWith("lwm2m=")));
    expect(versions).toEqual(["lwm2m=1.2", "lwm2m=1.1", "lwm2m=1.0"]);
    expect(here.client.registration.state).toBe("registered");
    for (const request of here.server.requests) expect(faultsOfRegister(request)).toEqual([]);
  });

  it("goes in blocks where it is long, with all parameters, and is put together as it was (RFC 7959 §2.5)", async () => {
    const here = station({ fill: (tree) => Array.from({ length: 300 }, (_, i) => tree.addInstance(path(3303, i))) });
    const bodies = assembling(here.server);
    here.client.start();
    await here.clock.advance(100);
    expect(here.client.registration.state).toBe("registered");
    expect(here.server.requests.length).toBeGreaterThan(3);
    expect(bodies).toHaveLength(1);
    expect(faultsOfRegister(bodies[0]!)).toEqual([]);
    expect(bodies[0]!.text.split(",")).toHaveLength(2 + 2 + 1 + 300);

    here.tree.addInstance(path(3304, 0));
    await here.clock.advance(1_000);
    expect(bodies).toHaveLength(2);
    expect(faultsOfUpdate(bodies[1]!)).toEqual([]);
    expect(bodies[1]!.text).toContain(",</3303/299>,</3304>");
    expect(bodies[1]!.path).toBe("/rd/r1");
  });
});

describe("Update", () => {
  it("E1, E19, E20: is a confirmable POST without an endpoint name", async () => {
    const here = await station().registered();
    here.tree.addInstance(path(3304, 0));
    await here.clock.advance(300_000);
    expect(here.server.requests.length).toBeGreaterThan(1);
    for (const request of here.server.requests) expect(faultsOfUpdate(request)).toEqual([]);
  });

  it("E8: tells a binding that was written, as the version has it", async () => {
    const here = await station({ account: { version: "1.0" } }).registered();
    await here.server.ask("PUT", { path: "/1/0/7", format: 0, payload: "UQ" });
    await here.clock.advance(1_000);
    await here.server.ask("PUT", { path: "/1/0/7", format: 0, payload: "U" });
    await here.clock.advance(1_000);
    expect(here.server.log).toEqual(["POST /rd/r1?b=UQ", "POST /rd/r1?b=U"]);
  });

  it("E6: does not come for a lifetime without end but once a day, to see whether we are still known", async () => {
    const here = await station({ account: { version: "1.2", lifetime: 0 } }).registered();
    await here.clock.advance(20 * 3_600_000);
    expect(here.server.requests).toEqual([]);
    await here.clock.advance(48 * 3_600_000);
    expect(here.server.log).toEqual(expect.arrayContaining(["POST /rd/r1", "POST /rd/r1"]));
    expect(here.server.requests.length).toBeLessThan(5);
  });

  it("E25: goes to the location as it was given, whatever its segments are", async () => {
    const location = ["rd", "0", "wP8n92Cnaa", "a b%&=ü"];
    const here = station();
    here.server.verdict = (request) => (request.path === "/rd" ? { code: 0x41, location } : { code: 0x44 });
    here.client.start();
    await here.clock.advance(300_000);
    await here.client.stop();
    const paths = here.server.requests.slice(1).map(({ path }) => path);
    expect(paths.length).toBeGreaterThan(1);
    expect(new Set(paths)).toEqual(new Set([`/${location.join("/")}`]));
  });
});

describe("Objects at an alternate path", () => {
  it("are found there, and nowhere else (LwM2M Core 1.2 §6.2.1)", async () => {
    const here = await station({ client: { rootPath: "/lwm2m" } }).registered();
    expect(await here.server.ask("GET", { path: "/lwm2m/3303/0/5700" })).toMatchObject({ code: "2.05", text: "22.0" });
    expect((await here.server.ask("GET", { path: "/3303/0/5700" })).code).toBe("4.04");
    expect((await here.server.ask("PUT", { path: "/lwm2m/1/0/1", format: 0, payload: "60" })).code).toBe("2.04");
  });

  it("carry that path in every SenML name, both ways, and in no link", async () => {
    const { server, client } = await station({ client: { rootPath: "/lwm2m" } }).registered();
    const asked = await server.ask("GET", { path: "/lwm2m/3303/0/5700", accept: 110 });
    expect(JSON.parse(asked.text)).toEqual([{ bn: "/lwm2m/3303/0/5700", v: 22 }]);
    expect((await server.ask("GET", { path: "/lwm2m/3303/0/5700", accept: 40 })).text).toBe("</3303/0/5700>");
    const payload = '[{"n":"/lwm2m/1/0/1","v":60}]';
    expect((await server.ask("PUT", { path: "/lwm2m/1/0/1", format: 110, payload })).code).toBe("2.04");
    const question = '[{"n":"/lwm2m/3303/0/5700"},{"n":"/lwm2m/1/0/1"}]';
    const both = await server.ask("FETCH", { path: "/lwm2m", format: 110, accept: 110, payload: question });
    expect(JSON.parse(both.text)).toEqual([
      { bn: "/lwm2m/", n: "1/0/1", v: 60 },
      { n: "3303/0/5700", v: 22 },
    ]);
    const change = '[{"n":"/lwm2m/1/0/1","v":90},{"n":"/lwm2m/1/0/2","v":5}]';
    expect((await server.ask("iPATCH", { path: "/lwm2m", format: 110, payload: change })).code).toBe("2.04");
    expect(client.registration.lifetime).toBe(90);
    const sent = client.send([path(3303, 0, 5700)], { format: 110 });
    await settle();
    const told = server.requests.find(({ path }) => path === "/dp");
    expect(JSON.parse(told?.text ?? "")).toMatchObject([{ bn: "/lwm2m/", n: "3303/0/5700", v: 22 }]);
    expect([...(await sent).values()]).toEqual([{ status: "sent" }]);
  });

  it("are asked for all together by that path alone", async () => {
    const { server } = await station({ client: { rootPath: "/lwm2m" } }).registered();
    const all = await server.ask("FETCH", { path: "/lwm2m", format: 110, accept: 110, payload: '[{"n":"/lwm2m"}]' });
    expect(all.code).toBe("2.05");
    expect(all.text).toContain("3303/0/5700");
    const outside = '[{"n":"/elsewhere/3303/0/5700"}]';
    expect((await server.ask("FETCH", { path: "/lwm2m", format: 110, payload: outside })).code).toBe("4.00");
  });

  it("may stand several levels below", async () => {
    const here = await station({ client: { rootPath: "/of/the/kitchen" } }).registered();
    expect((await here.server.ask("GET", { path: "/of/the/kitchen/3/0/0" })).text).toBe("Ruuvi");
    expect((await here.server.ask("GET", { path: "/of/the/3/0/0" })).code).toBe("4.04");
    const named = await here.server.ask("GET", { path: "/of/the/kitchen/3/0/0", accept: 110 });
    expect(JSON.parse(named.text)).toEqual([{ bn: "/of/the/kitchen/3/0/0", vs: "Ruuvi" }]);
    const payload = '[{"n":"/of/the/kitchen/1/0/1","v":60}]';
    expect((await here.server.ask("PUT", { path: "/of/the/kitchen/1/0/1", format: 110, payload })).code).toBe("2.04");
  });
});
