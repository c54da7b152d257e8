/** /1/x/11: with which alert a server has refused our handshake, for those who can mend it (LwM2M Core 1.2 Appendix E.2). */

import { describe, expect, it } from "vitest";
import { RefusedError } from "../../../src/base/errors.ts";
import { codecOf, Format } from "../../../src/content/index.ts";
import { parsePath } from "../../../src/model/path.ts";
import { BootstrapBench } from "../../support/bootstrap-bench.ts";
import type { Heard } from "../../support/fake-server.ts";
import { models } from "../../support/station.ts";

const ONE = "coap://one:5683";
const TWO = "coap://two:5683";
const UNKNOWN_IDENTITY = 115;
/** The first server may do everything with both Instances of Object 1. */
const RULE = { object: 1, rights: new Map([[1, 15]]), owner: 1 };

/** A client of two servers, of which the second refuses it as long as there is an `error`. */
async function refused(error: Error | undefined, version: "1.0" | "1.1" = "1.1") {
  const world = { error };
  const account = (shortServerId: number, uri: string) => ({ uri, lifetime: 300, shortServerId, version });
  const bench = await new BootstrapBench({
    accounts: [account(1, ONE), account(2, TWO)],
    access: [0, 1].map((instance) => ({ ...RULE, instance, objectInstance: instance })),
    refuse: (uri) => (uri === TWO ? world.error : undefined),
  }).started();
  const read = (path: string) => bench.server(ONE).ask("GET", { path });
  return { bench, read, world };
}

/** Numbers of the Resources of an Instance. */
function resources({ payload }: Heard, instance: string): number[] {
  const at = parsePath(instance)!;
  const nodes = codecOf(Format.Tlv)?.decode(payload, at, (path) => models.resource(path)) ?? [];
  return nodes.map(({ path }) => Number(path.split("/")[3]));
}

describe("the alert by which a server has refused us", () => {
  it("is read by another server, by its number", async () => {
    const { read } = await refused(new RefusedError("it does not know the identity", UNKNOWN_IDENTITY));
    expect(await read("/1/1/11")).toMatchObject({ code: "2.05", text: "115" });
    expect((await read("/1/0/11")).code).toBe("4.04");
    expect(resources(await read("/1/1"), "/1/1")).toEqual([0, 1, 5, 6, 7, 11, 23]);
  });

  it("is kept through silence, which says nothing of it, and is gone once a way has opened", async () => {
    const { bench, read, world } = await refused(new RefusedError("it does not know the identity", UNKNOWN_IDENTITY));
    world.error = new Error("nobody answers there");
    await bench.clock.advance(600_000);
    expect((await read("/1/1/11")).text).toBe("115");
    world.error = undefined;
    await bench.clock.advance(3_600_000);
    expect(bench.client.registrations[1]?.state).toBe("registered");
    expect((await read("/1/1/11")).code).toBe("4.04");
  });

  it("is none where it was not the server that refused", async () => {
    const { read } = await refused(new Error("its certificate has expired"));
    expect((await read("/1/1/11")).code).toBe("4.04");
  });

  it("is not shown to servers of LwM2M 1.0, which do not know it, and written by nobody", async () => {
    const error = new RefusedError("it does not know the identity", UNKNOWN_IDENTITY);
    expect((await (await refused(error, "1.0")).read("/1/1/11")).code).toBe("4.04");
    const { bench } = await refused(error);
    const write = await bench.server(ONE).ask("PUT", { path: "/1/1/11", format: Format.Text, payload: "0" });
    expect(write.code).toBe("4.05");
  });

  it("is read by the Bootstrap-Server that is to mend it, and gone with what it gives", async () => {
    const { bench, read } = await refused(new RefusedError("it does not know the identity", UNKNOWN_IDENTITY));
    bench.client.bootstrap();
    await bench.clock.advance(10);
    expect(resources(await bench.bs.ask("GET", { path: "/1/1" }), "/1/1")).toContain(11);
    expect(resources(await bench.bs.ask("GET", { path: "/1/0" }), "/1/0")).not.toContain(11);
    expect((await bench.finish()).code).toBe("2.04");
    expect(bench.provisions.at(-1)?.accounts.map(({ shortServerId }) => shortServerId)).toEqual([1, 2]);
    expect((await read("/1/1/11")).code).toBe("4.04");
  });
});
