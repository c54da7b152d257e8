/** What whoever owns a client may do to its registrations while it runs. */

import { describe, expect, it } from "vitest";
import { Format } from "../../src/content/index.ts";
import { path } from "../../src/model/path.ts";
import { BootstrapBench } from "../support/bootstrap-bench.ts";
import { ACCOUNT, station } from "../support/station.ts";

const REGISTER: unknown = expect.stringMatching(/^POST \/rd\?lwm2m=/);

describe("A client that is paused", () => {
  it("says nothing and hears nothing, and registers anew when it is resumed", async () => {
    const here = await station().registered();
    here.client.pause();
    await here.clock.advance(1_000_000);
    expect(here.server.log).toEqual([]);
    expect(here.client.registration.state).toBe("off");
    const token = here.server.send("GET", { path: "/3303/0/5700" });
    await here.clock.advance(1_000);
    expect(here.server.answers(token)).toEqual([]);

    here.client.resume();
    await here.clock.advance(10);
    expect(here.server.log).toEqual([REGISTER]);
    expect(here.client.registration.state).toBe("registered");
    expect((await here.server.ask("GET", { path: "/3303/0/5700" })).code).toBe("2.05");
  });

  it("waits with its start", async () => {
    const here = station();
    here.client.pause();
    here.client.start();
    await here.clock.advance(10_000);
    expect(here.server.log).toEqual([]);
    here.client.resume();
    await here.clock.advance(10);
    expect(here.client.registration.state).toBe("registered");
  });

  it("forgets a Register that was under way", async () => {
    const here = station();
    here.server.verdict = () => undefined;
    here.client.start();
    await here.clock.advance(1_000);
    here.client.pause();
    await here.clock.advance(200_000);
    expect(here.server.requests).toHaveLength(1);
    here.server.verdict = (request) => here.server.grant(request);
    here.client.resume();
    await here.clock.advance(10);
    expect(here.client.registration.state).toBe("registered");
  });

  it("asks no Bootstrap-Server", async () => {
    const bootstrap = { uri: "coap://bootstrap:5683" };
    const here = station({ client: { provision: { accounts: [], bootstrap } } });
    here.client.start();
    here.client.pause();
    await here.clock.advance(1_000);
    here.server.requests.length = 0;
    expect(here.client.bootstrap()).toBe(false);
    await here.clock.advance(1_000_000);
    expect(here.server.requests).toEqual([]);
    here.client.resume();
    await here.clock.advance(1_000);
    expect(here.server.log[0]).toMatch(/^POST \/bs\?ep=/);
  });

  it("can be stopped, and does not come back by that", async () => {
    const here = await station().registered();
    here.client.pause();
    await here.client.stop();
    here.client.resume();
    await here.clock.advance(10_000);
    expect(here.server.log).toEqual([]);
  });
});

describe("A server that is disabled by its client", () => {
  it("is left for as long as that was said", async () => {
    const here = await station().registered();
    here.client.disable(ACCOUNT.shortServerId, 60);
    await here.clock.advance(59_000);
    expect(here.server.log).toEqual(["DELETE /rd/r1"]);
    await here.clock.advance(2_000);
    expect(here.server.log).toEqual(["DELETE /rd/r1", REGISTER]);
  });

  it("counts from the last time that it was said", async () => {
    const here = await station().registered();
    here.client.disable(ACCOUNT.shortServerId, 60);
    await here.clock.advance(40_000);
    here.client.disable(ACCOUNT.shortServerId, 60);
    await here.clock.advance(59_000);
    expect(here.server.log).toEqual(["DELETE /rd/r1"]);
    await here.clock.advance(2_000);
    expect(here.server.log).toHaveLength(2);
  });

  it("is left until it is enabled, where no end was said", async () => {
    const here = await station().registered();
    here.client.disable(ACCOUNT.shortServerId, Infinity);
    await here.clock.advance(10_000_000);
    expect(here.server.log).toEqual(["DELETE /rd/r1"]);
    here.client.enable(ACCOUNT.shortServerId);
    await here.clock.advance(10);
    expect(here.server.log).toEqual(["DELETE /rd/r1", REGISTER]);
    here.client.disable(7, 60);
    here.client.enable(7);
  });
});

describe("What is provided to a running client", () => {
  it("is told by Update where the way is the same", async () => {
    const here = await station().registered();
    const { provision } = here.client;
    here.client.provide({ ...provision, accounts: provision.accounts.map((each) => ({ ...each, lifetime: 900 })) });
    await here.clock.advance(1_000);
    expect(here.server.log).toEqual(["POST /rd/r1?lt=900"]);
  });

  it.each([
    ["1.0", "POST /rd/r1?b=UQ"],
    ["1.1", "POST /rd?lwm2m=1.1&ep=urn:dev:mac:cbb8334c884f&lt=300&Q"],
  ] as const)("begins Queue Mode by what version %s knows of it", async (version, said) => {
    const here = await station({ account: { version } }).registered();
    const { provision } = here.client;
    here.client.provide({ ...provision, accounts: provision.accounts.map((each) => ({ ...each, queue: true })) });
    await here.clock.advance(1_000);
    expect(here.server.log).toEqual([said]);
  });

  it("ends registrations that are not part of it", async () => {
    const here = await station().registered();
    here.client.provide({ accounts: [] });
    await here.clock.advance(1_000);
    expect(here.server.log).toEqual(["DELETE /rd/r1"]);
    expect(here.client.registrations).toEqual([]);
    expect(here.client.provision).toEqual({ accounts: [] });
  });
});

describe("A server that is taken away from a running client", () => {
  it("is left, and the only other one hears that its Instance is gone", async () => {
    const [one, two] = [ACCOUNT, { ...ACCOUNT, uri: "coap://two:5683", shortServerId: 2 }];
    const bench = await new BootstrapBench({ bootstrap: null, accounts: [one, two] }).started();
    const [stays, goes] = [bench.server(one.uri), bench.server(two.uri)];
    for (const { requests } of [stays, goes]) requests.length = 0;
    bench.client.provide({ accounts: [one] });
    await bench.clock.advance(1_000);
    expect(goes.log).toEqual(["DELETE /rd/r1"]);
    expect(stays.log).toEqual(["POST /rd/r1"]);
    expect(stays.requests[0]?.text).not.toContain("</1/1>");
  });
});

describe("Update", () => {
  it("goes to the server that is meant", async () => {
    const here = await station().registered();
    here.client.update(7);
    await here.clock.advance(1_000);
    expect(here.server.log).toEqual([]);
    here.client.update(ACCOUNT.shortServerId);
    await here.clock.advance(1_000);
    expect(here.server.log).toEqual(["POST /rd/r1"]);
  });

  it("tells of new Instances at once or later, as the owner of the client wants it", async () => {
    const slow = await station({ client: { announceMs: 60_000 } }).registered();
    slow.tree.addInstance(path(3304, 0));
    await slow.clock.advance(59_000);
    expect(slow.server.log).toEqual([]);
    await slow.clock.advance(2_000);
    expect(slow.server.log).toEqual(["POST /rd/r1"]);

    const never = await station({ client: { announceMs: Infinity } }).registered();
    never.tree.addInstance(path(3304, 0));
    await never.clock.advance(60_000);
    expect(never.server.log).toEqual([]);
    await never.server.ask("PUT", { path: "/1/0/1", format: Format.Text, payload: "600" });
    await never.clock.advance(1_000);
    expect(never.server.log).toEqual(["POST /rd/r1?lt=600"]);
    expect(never.server.requests[0]?.text).toContain("</3304/0>");
  });
});
