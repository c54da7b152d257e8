/** The path and the query of a server's URI, as a bootstrap may give them, in the requests that go there. */

import { describe, expect, it } from "vitest";
import { destination } from "../../../src/lwm2m/servers/destination.ts";
import { path } from "../../../src/model/path.ts";
import { BootstrapBench, ENDPOINT } from "../../support/bootstrap-bench.ts";
import { station } from "../../support/station.ts";

describe("where a request goes (RFC 7252 §6.4)", () => {
  it.each([
    ["coap://one", ["rd"], []],
    ["coap://one:5683/", ["rd"], []],
    ["coaps://[2001:db8::1]:5684/of/the/house", ["of", "the", "house", "rd"], []],
    ["coap://one/a/?tenant=7&quiet", ["a", "rd"], ["tenant=7", "quiet"]],
    ["coap://one/a%2Fb/%C3%A9?x=%26", ["a/b", "é", "rd"], ["x=&"]],
    ["coap://one/50%/?p=%zz", ["50%", "rd"], ["p=%zz"]],
    ["no URI", ["rd"], []],
  ])("for %s is %s and %s", (uri, segments, query) => {
    expect(destination(uri, "rd")).toEqual({ path: segments, query });
  });
});

describe("a server whose URI has a path and a query", () => {
  const uri = "coap://server:5683/of/the/house?tenant=7";

  const below = () => {
    const here = station({ account: { uri } });
    here.server.verdict = ({ path: where }) =>
      where.endsWith("/rd") ? { code: 0x41, location: ["rd", "r1"] } : { code: 0x44 };
    return here;
  };

  it("is registered at below it, and updated where it says itself", async () => {
    const here = below();
    here.client.start();
    await here.clock.advance(10);
    const [register] = here.server.requests;
    expect(register?.path).toBe("/of/the/house/rd");
    expect(register?.query.slice(0, 2)).toEqual(["tenant=7", "lwm2m=1.1"]);
    here.client.update();
    await here.clock.advance(10);
    expect(here.server.log.at(-1)).toBe("POST /rd/r1");
  });

  it("is sent values there", async () => {
    const here = await below().registered();
    void here.client.send([path(3303, 0, 5700)]);
    await here.clock.advance(10);
    expect(here.server.log.at(-1)).toBe("POST /of/the/house/dp?tenant=7");
  });

  it("is asked for a bootstrap there", async () => {
    const bench = await new BootstrapBench({
      bootstrap: { uri: "coap://bs:5783/b?tenant=7", version: "1.2" },
    }).started();
    const bs = bench.server("coap://bs:5783/b?tenant=7");
    expect(bs.log[0]).toBe(`GET /b/bspack?tenant=7&ep=${ENDPOINT}`);
    const plain = await new BootstrapBench({
      bootstrap: { uri: "coap://bs:5783/b?tenant=7", version: "1.0" },
    }).started();
    expect(plain.server("coap://bs:5783/b?tenant=7").log[0]).toBe(`POST /b/bs?tenant=7&ep=${ENDPOINT}`);
  });
});
