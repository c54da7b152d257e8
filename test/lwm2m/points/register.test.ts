/** Register once more: what servers refuse, or misunderstand, and how it is kept from leaving. */

import { describe, expect, it } from "vitest";
import type { Version } from "../../../src/lwm2m/index.ts";
import { path } from "../../../src/model/path.ts";
import { settle } from "../../support/fake-clock.ts";
import { station, type StationOptions } from "../../support/station.ts";
import { faultsOfRegister, faultsOfUpdate } from "../../support/strict-server.ts";

const VERSIONS: readonly Version[] = ["1.0", "1.1", "1.2"];

async function register(options: StationOptions = {}) {
  const here = station(options);
  here.client.start();
  await settle();
  return here.server.requests[0]!;
}

describe("Register", () => {
  it.each(VERSIONS)("E3: says lwm2m=%s, once", async (version) => {
    const { query } = await register({ account: { version } });
    expect(query.filter((each) => each.startsWith("lwm2m"))).toEqual([`lwm2m=${version}`]);
  });

  it("E4: carries the endpoint name as it is, whatever letters it has", async () => {
    for (const endpoint of ["urn:dev:mac:cbb8334c884f", "Küche 1", "a"]) {
      const { query } = await register({ client: { endpoint } });
      expect(query.filter((each) => each.startsWith("ep="))).toEqual([`ep=${endpoint}`]);
    }
  });

  it("E5, E7: always says a lifetime, in whole seconds and nothing but digits", async () => {
    for (const version of VERSIONS)
      for (const lifetime of [1, 60, 86_400, 2_147_483_647]) {
        const { query } = await register({ account: { version, lifetime } });
        expect(query.filter((each) => each.startsWith("lt="))).toEqual([`lt=${lifetime}`]);
      }
  });

  it("E7: says no lifetime that is none, after a server has tried to write one", async () => {
    const here = await station().registered();
    for (const payload of ["abc", "4.0", "-1", "", "1e3"])
      expect((await here.server.ask("PUT", { path: "/1/0/1", format: 0, payload })).code).toBe("4.00");
    await here.clock.advance(300_000);
    expect(here.server.requests.length).toBeGreaterThan(0);
    for (const request of here.server.requests) expect(faultsOfUpdate(request)).toEqual([]);
  });

  it("E9: says Q without a value, and with LwM2M 1.0 not at all", async () => {
    for (const version of VERSIONS) {
      const { query } = await register({ account: { version, queue: true } });
      expect(query.filter((each) => each.startsWith("Q"))).toEqual(version === "1.0" ? [] : ["Q"]);
    }
  });

  it("E11: is never without an Object, though the tree is empty", async () => {
    const { text } = await register({ fill: () => undefined });
    expect(text).toContain("</1/0>");
    expect(text).toContain("</3/0>");
  });

  it("E17: cannot list Object 65535, which is no Object", () => {
    expect(() => path(65_535, 0)).toThrow(RangeError);
  });

  it("E48: names the version of every Object of the registry that is newer than 1.0", async () => {
    const { text } = await register({
      fill: (tree) => [3300, 3301, 3303, 3306, 3342].map((id) => tree.addInstance(path(id, 0))),
    });
    for (const id of [3300, 3301, 3303, 3306, 3342]) expect(text).toContain(`</${id}>;ver=1.1,</${id}/0>`);
  });

  it("E49: of two clients goes out by two ways, so that no server takes one for the other", async () => {
    const first = station({ client: { endpoint: "one" } });
    const second = station({ client: { endpoint: "two" } });
    for (const { client } of [first, second]) client.start();
    await settle();
    expect([first, second].map(({ connected }) => connected())).toEqual([1, 1]);
    expect(first.server.requests.flatMap(({ query }) => query)).toContain("ep=one");
    expect(second.server.requests.flatMap(({ query }) => query)).toContain("ep=two");
    for (const { server } of [first, second]) expect(faultsOfRegister(server.requests[0]!)).toEqual([]);
  });

  it("E23: ends the farewell of a Disable that met silence: behind it, that could end the new registration", async () => {
    const here = await station({ account: { disableTimeout: 10 } }).registered();
    here.server.verdict = () => undefined;
    await here.server.ask("POST", { path: "/1/0/4" });
    await here.clock.advance(9_000);
    expect(new Set(here.server.log)).toEqual(new Set(["DELETE /rd/r1"]));
    here.server.requests.length = 0;
    await here.clock.advance(100_000);
    expect(here.server.requests.length).toBeGreaterThan(3);
    for (const { message } of here.server.requests) expect(message.code).toBe(2);
  });

  it.each(["stop", "disable"] as const)(
    "E67: is undone without a word behind it: %s ends what waits to be told",
    async (how) => {
      const here = await station({ account: { version: "1.2", confirmNotifications: true } }).registered();
      for (const where of ["/3303/0/5700", "/3/0/9"]) here.server.send("GET", { path: where, observe: 0 });
      await here.clock.advance(100);
      here.server.receipt = undefined;
      here.set([3303, 0, 5700], 23);
      here.set([3, 0, 9], 50);
      await here.clock.advance(10);
      here.server.receipt = "ACK";
      if (how === "stop") void here.client.stop();
      else await here.server.ask("POST", { path: "/1/0/4" });
      await here.clock.advance(60_000);
      expect(here.server.log).toEqual(["DELETE /rd/r1"]);
      const sent = here.wires[0]!.near.sent.map((datagram) => datagram[1]);
      // Two first answers, and the notification that was under way; the other waited for its turn, and has none.
      expect(sent.filter((code) => code !== 0x44)).toEqual([0x45, 0x45, 0x45, 4]);
    },
  );
});
