/** Object 1 as servers of each version see it: what is there, what may be written, and what is refused. */

import { describe, expect, it } from "vitest";
import { Format } from "../../../src/content/index.ts";
import type { Account, Provision, Version } from "../../../src/lwm2m/index.ts";
import { readResources } from "../../../src/lwm2m/servers/server-resources.ts";
import { ACCOUNT, station } from "../../support/station.ts";

const FULL: Account = {
  ...ACCOUNT,
  defaultMinimumPeriod: 1,
  defaultMaximumPeriod: 60,
  disableTimeout: 120,
  priority: 1,
  initialDelay: 0,
  failureBlock: true,
  bootstrapOnFailure: false,
  retryCount: 3,
  retryTimer: 10,
  sequenceDelay: 100,
  sequenceCount: 2,
  preferredTransport: "U",
  muteSend: false,
  confirmNotifications: true,
};
const BASIC = [0, 1, 2, 3, 5, 6, 7];

async function put(version: Version, resource: number, payload: string, account: Partial<Account> = {}) {
  const here = await station({ account: { version, ...account } }).registered();
  let provision: Provision | undefined;
  here.client.onProvision((changed) => (provision = changed));
  const reply = await here.server.ask("PUT", { path: `/1/0/${resource}`, format: 0, payload });
  const { text } = await here.server.ask("GET", { path: `/1/0/${resource}` });
  return { code: reply.code, diagnostic: reply.text, text, account: provision?.accounts[0] };
}

describe("Object 1", () => {
  it.each([
    ["1.0", BASIC],
    ["1.1", [...BASIC, 22, 23]],
    ["1.2", [...BASIC, 13, 14, 15, 16, 17, 18, 19, 20, 22, 23, 26]],
  ] as const)("E48: shows a server of %s only what it knows: %s", async (version, resources) => {
    expect(readResources({ ...FULL, version }, version).map(([id]) => id)).toEqual(resources);
    const here = await station({ account: { ...FULL, version } }).registered();
    const { text } = await here.server.ask("GET", { path: "/1/0", accept: 40 });
    const shown = text.split(",").flatMap((link) => /^<\/1\/0\/(\d+)>/.exec(link)?.[1] ?? []);
    expect(shown.map(Number).filter((id) => id !== 4 && id !== 8)).toEqual(resources);
  });

  it("says what holds where the account says nothing", () => {
    expect(readResources(ACCOUNT, "1.2")).toEqual([
      [0, 123],
      [1, 300],
      [5, 86_400],
      [6, true],
      [7, "U"],
      [23, false],
      [26, 0],
    ]);
  });

  it.each([
    ["1.1", 1, "600", { lifetime: 600 }],
    ["1.2", 1, "0", { lifetime: 0 }],
    ["1.0", 2, "0", { defaultMinimumPeriod: 0 }],
    ["1.0", 3, "3600", { defaultMaximumPeriod: 3_600 }],
    ["1.0", 5, "5", { disableTimeout: 5 }],
    ["1.0", 6, "0", { storing: false }],
    ["1.0", 7, "UQ", { binding: "U", queue: true }],
    ["1.1", 7, "UT", { binding: "UT" }],
    ["1.2", 7, "SU", { binding: "SU" }],
    ["1.2", 14, "30", { initialDelay: 30 }],
    ["1.2", 17, "3", { retryCount: 3 }],
    ["1.2", 18, "10", { retryTimer: 10 }],
    ["1.2", 19, "4294967295", { sequenceDelay: 4_294_967_295 }],
    ["1.2", 20, "2", { sequenceCount: 2 }],
    ["1.1", 22, "U", { preferredTransport: "U" }],
    ["1.1", 23, "1", { muteSend: true }],
    ["1.2", 26, "1", { confirmNotifications: true }],
  ] as const)(
    "takes from a server of %s for /1/0/%s the value %s, and keeps it",
    async (version, id, value, change) => {
      const { code, text, account } = await put(version, id, value);
      expect(code).toBe("2.04");
      expect(text).toBe(value);
      expect(account).toMatchObject(change);
    },
  );

  it.each([
    ["1.1", 1, "0", "4.00"],
    ["1.0", 1, "0", "4.00"],
    ["1.2", 1, "4294967295", "4.00"],
    ["1.1", 1, "-1", "4.00"],
    ["1.1", 7, "T", "4.00"],
    ["1.1", 7, "UQ", "4.00"],
    ["1.1", 7, "UU", "4.00"],
    ["1.1", 7, "u", "4.00"],
    ["1.1", 7, "", "4.00"],
    ["1.0", 7, "UQS", "4.00"],
    ["1.2", 17, "0", "4.00"],
    ["1.2", 20, "0", "4.00"],
    ["1.2", 26, "2", "4.00"],
    ["1.1", 22, "T", "4.00"],
    ["1.1", 22, "UT", "4.00"],
    ["1.1", 0, "5", "4.05"],
    ["1.1", 17, "3", "4.05"],
    ["1.2", 13, "3", "4.05"],
    ["1.2", 15, "1", "4.05"],
    ["1.2", 16, "1", "4.05"],
  ] as const)("refuses of a server of %s for /1/0/%s the value %s with %s", async (version, id, value, code) => {
    const refused = await put(version, id, value);
    expect(refused.code).toBe(code);
    expect(refused.account).toBeUndefined();
  });

  describe("that is written anew as a whole (PUT)", () => {
    const replace = async (version: Version, method: "PUT" | "POST" = "PUT") => {
      const here = await station({ account: { ...FULL, version } }).registered();
      let account: Account | undefined;
      here.client.onProvision((provision) => (account = provision.accounts[0]));
      // Resource 1: 600, Resource 3: 90.
      const payload = new Uint8Array([0xc2, 1, 2, 88, 0xc1, 3, 90]);
      const reply = await here.server.ask(method, { path: "/1/0", format: Format.Tlv, payload });
      return { code: reply.code, account };
    };

    it("has lost what is optional and was not given again (LwM2M Core 1.2 §6.3.3)", async () => {
      const { code, account } = await replace("1.2");
      expect(code).toBe("2.04");
      const { uri, shortServerId, priority, failureBlock, bootstrapOnFailure } = FULL;
      expect(account).toEqual({
        ...{ uri, shortServerId, priority, failureBlock, bootstrapOnFailure },
        ...{ version: "1.2", lifetime: 600, defaultMaximumPeriod: 90 },
      });
    });

    it.each(["1.0", "1.1"] as const)("keeps what a server of %s cannot write", async (version) => {
      const { account } = await replace(version);
      expect(account).toMatchObject({ retryCount: 3, sequenceDelay: 100, confirmNotifications: true });
      expect(account).not.toHaveProperty("defaultMinimumPeriod");
      expect(account).not.toHaveProperty("disableTimeout");
    });

    it("is as it was beside what is given, where only that is to change (POST)", async () => {
      const { account } = await replace("1.2", "POST");
      expect(account).toEqual({ ...FULL, version: "1.2", lifetime: 600, defaultMaximumPeriod: 90 });
    });

    it("tells who observes what is gone", async () => {
      const here = await station({ account: FULL }).registered();
      const token = here.server.send("GET", { path: "/1/0/5", observe: 0 });
      const payload = JSON.stringify([{ n: "/1/0/1", v: 600 }]);
      await here.server.ask("PUT", { path: "/1/0", format: Format.SenmlJson, payload });
      await here.clock.advance(2_000);
      expect(here.server.answers(token).map(({ text }) => text)).toEqual(["120", "86400"]);
    });
  });

  it("forgets a preference for a transport that is not allowed any more", async () => {
    const { account } = await put("1.1", 7, "U", { binding: "UT", preferredTransport: "T" });
    expect(account).toMatchObject({ binding: "U" });
    expect(account).not.toHaveProperty("preferredTransport");
  });

  it("E66: updates on the trigger, after the answer (/1/x/8)", async () => {
    const here = await station().registered();
    const answer = await here.server.ask("POST", { path: "/1/0/8" });
    expect(answer.code).toBe("2.04");
    await here.clock.advance(10);
    expect(here.server.log).toEqual(["POST /rd/r1"]);
    expect(here.wires[0]!.near.sent.map((datagram) => datagram[1])).toEqual([0x44, 0x02]);
  });

  it("has a trigger for bootstrap where there is somebody to ask, and a version that knows it (/1/x/9)", async () => {
    const bootstrap = { uri: "coap://bootstrap:5683" };
    const trigger = async (version: Version, provision?: Provision) => {
      const here = await station({ account: { version }, ...(provision && { client: { provision } }) }).registered();
      const shown = (await here.server.ask("GET", { path: "/1/0", accept: 40 })).text.includes("</1/0/9>");
      return [shown, (await here.server.ask("POST", { path: "/1/0/9" })).code];
    };
    expect(await trigger("1.1")).toEqual([false, "4.05"]);
    expect(await trigger("1.1", { accounts: [ACCOUNT], bootstrap })).toEqual([true, "2.04"]);
    expect((await trigger("1.0", { accounts: [{ ...ACCOUNT, version: "1.0" }], bootstrap }))[0]).toBe(false);
  });
});
