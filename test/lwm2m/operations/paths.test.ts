/** Requests whose path, or what hangs on it, belongs to no operation. */

import { describe, expect, it } from "vitest";
import { OptionNumber } from "../../../src/coap/index.ts";
import { Format } from "../../../src/content/index.ts";
import { station } from "../../support/station.ts";

const METHODS = ["GET", "PUT", "POST", "DELETE"] as const;

describe("A request", () => {
  it.each(METHODS)(
    "by %s to the root is 4.00 with its reason: only composites and bootstrap know it",
    async (method) => {
      const { server } = await station().registered();
      expect(await server.ask(method, { path: "" })).toMatchObject({ code: "4.00", text: "no Object" });
    },
  );

  it.each(METHODS)("by %s to more than four segments is 4.02: no path of LwM2M is longer", async (method) => {
    const { server } = await station().registered();
    for (const path of ["/3303/0/5700/0/1", "/9/9/9/9/9/9"])
      expect((await server.ask(method, { path })).code, path).toBe("4.02");
  });

  it.each([
    ["If-Match", { number: OptionNumber.IfMatch, value: Uint8Array.of(1) }],
    ["If-None-Match", { number: OptionNumber.IfNoneMatch, value: new Uint8Array(0) }],
  ])("with %s is 4.02: a condition is never passed over (RFC 7252 §5.4.1)", async (_, option) => {
    const { server } = await station().registered();
    expect((await server.ask("GET", { path: "/3303/0/5700", options: [option] })).code).toBe("4.02");
    const write = { path: "/1/0/1", format: Format.Text, payload: "60", options: [option] };
    expect((await server.ask("PUT", write)).code).toBe("4.02");
    expect(await server.ask("GET", { path: "/1/0/1", accept: Format.Text })).toMatchObject({ text: "300" });
  });
});
