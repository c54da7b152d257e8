import { describe, expect, it } from "vitest";
import { path } from "../../src/model/path.ts";
import { station } from "../support/station.ts";

describe("Update", () => {
  it("comes before the lifetime ends, with room for retransmissions, and says nothing that is not new (E50)", async () => {
    const here = await station().registered();
    const times: number[] = [];
    here.server.verdict = (request) => {
      times.push(here.clock.monotonic());
      return here.server.grant(request);
    };
    await here.clock.advance(3_600_000);
    const waits = times.slice(1).map((time, i) => (time - times[i]!) / 1_000);
    expect(waits.length).toBeGreaterThan(15);
    for (const wait of waits) {
      expect(wait).toBeLessThanOrEqual(300 - 93 + 0.01);
      expect(wait).toBeGreaterThanOrEqual((300 - 93) * 0.9);
    }
    for (const request of here.server.requests)
      expect(request).toMatchObject({ type: "CON", path: "/rd/r1", query: [], text: "", format: undefined });
  });

  it("comes in time for short lifetimes too", async () => {
    for (const lifetime of [5, 20, 60, 120]) {
      const here = await station({ account: { lifetime } }).registered();
      let last = here.clock.monotonic();
      let longest = 0;
      here.server.verdict = (request) => {
        longest = Math.max(longest, here.clock.monotonic() - last);
        last = here.clock.monotonic();
        return here.server.grant(request);
      };
      await here.clock.advance(lifetime * 10_000);
      expect(longest).toBeLessThanOrEqual(lifetime * 500 + 8);
      expect(longest).toBeGreaterThan(lifetime * 400);
    }
  });

  it("lists the Objects when Instances came or went, together if close together", async () => {
    const here = await station().registered();
    here.tree.addInstance(path(3304, 0));
    await here.clock.advance(200);
    here.tree.addInstance(path(3304, 1));
    here.tree.removeInstance(path(3303, 0));
    await here.clock.advance(1_000);
    expect(here.server.requests).toHaveLength(1);
    expect(here.server.requests[0]).toMatchObject({
      path: "/rd/r1",
      query: [],
      format: 40,
      text: "</1>;ver=1.1,</1/0>,</3>;ver=1.1,</3/0>,</3304>;ver=1.1,</3304/0>,</3304/1>",
    });
  });

  it("is not put off for ever by Instances that keep changing", async () => {
    const here = await station().registered();
    for (let i = 0; i < 20; i++) {
      here.tree.addInstance(path(3304, i));
      await here.clock.advance(200);
    }
    expect(here.server.requests.length).toBeGreaterThan(4);
  });

  it("lists nothing if what came has gone again", async () => {
    const here = await station().registered();
    here.tree.addInstance(path(3304, 0));
    here.tree.removeInstance(path(3304, 0));
    await here.clock.advance(1_000);
    expect(here.server.requests).toMatchObject([{ text: "", format: undefined }]);
  });

  it("follows for what changed while the server was being told something else", async () => {
    const here = station();
    here.server.verdict = (request) => {
      if (request.path === "/rd") here.tree.addInstance(path(3304, 0));
      else here.tree.addInstance(path(3305, 0));
      return here.server.grant(request);
    };
    here.client.start();
    await here.clock.advance(5_000);
    expect(here.server.log).toHaveLength(3);
    expect(here.server.requests[1]!.text).toContain("</3304/0>");
    expect(here.server.requests[2]!.text).toContain("</3305/0>");
  });

  it.each([
    [0x80, "4.00 Bad Request"],
    [0x83, "4.03 Forbidden"],
    [0x84, "4.04 Not Found"],
  ])("refused with %s is followed by a Register at once (E21)", async (code, words) => {
    const here = await station().registered();
    const errors: (string | undefined)[] = [];
    here.client.onRegistration(({ lastError }) => errors.push(lastError));
    here.server.verdict = (request) => (request.path === "/rd" ? here.server.grant(request) : { code });
    await here.clock.advance(210_000);
    expect(here.server.log[0]).toBe("POST /rd/r1");
    expect(here.server.log[1]).toMatch(/^POST \/rd\?lwm2m=/);
    expect(here.server.requests[1]!.text).toContain("</3303/0>");
    expect(errors).toContain(words);
    expect(here.client.registration).toMatchObject({ state: "registered", location: "/rd/r2" });
    expect(here.client.registration.lastError).toBeUndefined();
  });

  it("that meets silence is followed by a Register over a fresh association", async () => {
    const here = await station().registered();
    here.server.verdict = (request) => (request.path === "/rd" ? here.server.grant(request) : undefined);
    await here.clock.advance(310_000);
    expect(here.wires[0]!.near.renewed).toBe(1);
    expect(here.client.registration).toMatchObject({ state: "registered", location: "/rd/r2" });
  });

  it("that meets a reset is followed by a Register", async () => {
    const here = await station().registered();
    here.server.verdict = (request) => {
      if (request.path === "/rd") return here.server.grant(request);
      here.server.reset(request.message);
      return undefined;
    };
    await here.clock.advance(211_000);
    expect(here.client.registration).toMatchObject({ state: "registered", location: "/rd/r2" });
  });

  it("refused with 5.03 is followed by a Register after a while", async () => {
    const here = await station().registered();
    here.server.verdict = (request) => (request.path === "/rd" ? here.server.grant(request) : { code: 0xa3 });
    while (here.server.requests.length === 0) await here.clock.advance(100);
    expect(here.client.registration).toMatchObject({ state: "waiting", lastError: "5.03 Service Unavailable" });
    await here.clock.advance(2_100);
    expect(here.client.registration.state).toBe("registered");
  });

  it("on a wire that breaks is followed by a Register over a new one", async () => {
    const here = await station().registered();
    here.server.verdict = () => undefined;
    here.tree.addInstance(path(3304, 0));
    await here.clock.advance(1_000);
    expect(here.server.log).toEqual(["POST /rd/r1"]);
    here.server.verdict = (request) => here.server.grant(request);
    here.wires[0]!.near.fail("interface down");
    await here.clock.advance(1_000);
    expect(here.connected()).toBe(2);
    expect(here.client.registration).toMatchObject({ state: "registered", location: "/rd/r2" });
    expect(here.server.requests.at(-1)!.text).toContain("</3304/0>");
  });

  it("with a lifetime that has changed says so once", async () => {
    const here = await station().registered();
    await here.server.ask("PUT", { path: "/1/0/1", format: 0, payload: "60" });
    await here.clock.advance(60_000);
    expect(here.server.log[0]).toBe("POST /rd/r1?lt=60");
    expect(new Set(here.server.log.slice(1))).toEqual(new Set(["POST /rd/r1"]));
    expect(here.server.log.length).toBeGreaterThan(1);
  });

  it("that is lost is told again with the Register that follows", async () => {
    const here = await station().registered();
    here.server.verdict = (request) => (request.path === "/rd" ? here.server.grant(request) : { code: 0x84 });
    await here.server.ask("PUT", { path: "/1/0/1", format: 0, payload: "60" });
    await here.clock.advance(1_000);
    expect(here.server.log).toEqual(["POST /rd/r1?lt=60", "POST /rd?lwm2m=1.1&ep=urn:dev:mac:cbb8334c884f&lt=60"]);
  });
});
