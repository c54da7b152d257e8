/** Leshan's bootstrap server tells clients where to register (LwM2M Core 1.2 §6.1), and Leshan's server then has them. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Leshan, type LeshanClient } from "../support/leshan.ts";
import { BOOTSTRAP_SERVER, DEVICE_SERVER, missing } from "../support/leshan-jars.ts";
import { Rig } from "../support/leshan-rig.ts";
import { eventually } from "../support/programs.ts";
import type { Sensor } from "../support/sensor.ts";

const skipped = await missing(DEVICE_SERVER, BOOTSTRAP_SERVER);
const VALUE = "/3303/0/5700";

describe.skipIf(skipped !== undefined)("Leshan's bootstrap server", () => {
  let rig: Rig;
  let other: Rig;
  let bootstrap: Leshan;

  beforeAll(async () => {
    [rig, other, bootstrap] = await Promise.all([
      Rig.start(),
      Rig.start(),
      Leshan.start({ release: BOOTSTRAP_SERVER }),
    ]);
  });
  afterAll(() => Promise.all([rig.end(), other.end(), bootstrap.end()]));

  /** A sensor that knows its bootstrap server alone, and how that server sees it. */
  function newcomer(endpoint: string): [Sensor, LeshanClient] {
    const sensor = rig.sensor({ endpoint, accounts: [], bootstrap: { uri: bootstrap.uri } });
    return [sensor, bootstrap.client(endpoint)];
  }

  const account = (shortServerId: number, server: Leshan, lifetime: number) =>
    `${shortServerId}|${server.uri}|${lifetime}`;

  /** What was asked of the client, and its answers. */
  const answers = (client: LeshanClient) =>
    client.all("answered").map(({ request, path, code }) => `${request} ${path} ${code}`);

  /** The Resources of a Security and a Server Instance that a server needs. */
  const provision = (instance: number, shortServerId: number, server: Leshan, lifetime: number) => [
    `/0/${instance}/0|STRING|${server.uri}`,
    `/0/${instance}/1|BOOLEAN|false`,
    `/0/${instance}/2|INTEGER|3`,
    `/0/${instance}/3|OPAQUE|`,
    `/0/${instance}/4|OPAQUE|`,
    `/0/${instance}/5|OPAQUE|`,
    `/0/${instance}/10|INTEGER|${shortServerId}`,
    `/1/${instance}/0|INTEGER|${shortServerId}`,
    `/1/${instance}/1|INTEGER|${lifetime}`,
    `/1/${instance}/6|BOOLEAN|true`,
    `/1/${instance}/7|STRING|U`,
  ];

  it.each(["TLV", "SENML_JSON", "SENML_CBOR"] as const)(
    "provisions in %s, SMS Resources included (E73)",
    async (format) => {
      const endpoint = `provisioned-${format}`;
      const [sensor, client] = newcomer(endpoint);
      await client.ask("config", { account: account(123, rig.server, 120), format });
      await sensor.start();
      await client.heard("bootstrapped");
      expect(answers(client)).toEqual(["Write /0/1 2.04", "Write /1/0 2.04", "Finish /bs 2.04"]);
      const managed = rig.server.client(endpoint);
      expect(await managed.heard("registered")).toMatchObject({ lifetime: 120 });
      expect((await managed.read("/1/0", "TLV")).values).toMatchObject({ "/1/0/0": 123, "/1/0/1": 120 });
      expect((await managed.read(VALUE)).values).toEqual({ [VALUE]: 22 });
      await sensor.stop();
    },
  );

  it("is told which format is preferred", async () => {
    const [sensor, client] = newcomer("preferring");
    await client.ask("config", { account: account(123, rig.server, 120) });
    await sensor.start();
    expect((await client.heard("bootstrapping")).preferred).toMatch(/SENML_CBOR|SENML\+CBOR|senml\+cbor|TLV/);
    await sensor.stop();
  });

  it("finds by Discover where its own account stands, and writes around it", async () => {
    const [sensor, client] = newcomer("discovered");
    await client.ask("config", { account: account(7, rig.server, 90), auto: "true", delete: ["/0", "/1"] });
    await sensor.start();
    await client.heard("bootstrapped");
    const { links = [] } = client.all("answered").find(({ request }) => request === "Discover") ?? {};
    expect(links[0]).toMatch(/^<\/>;lwm2m="?1\.[12]"?$/);
    expect(links.filter((link) => link.startsWith("</0/"))).toHaveLength(1);
    expect(links.find((link) => link.startsWith("</0/"))).not.toContain("ssid");
    expect(answers(client)).toContain("Delete /0 2.02");
    expect(await rig.server.client("discovered").heard("registered")).toMatchObject({ lifetime: 90 });
    await sensor.stop();
  });

  it("reads and discovers what was written before (§6.1.7.4, §6.1.7.2)", async () => {
    const [sensor, client] = newcomer("inspected");
    await client.ask("plan", {
      step: ["discover|/", "write|/0/3", "write|/1/3", "discover|/", "discover|/1", "read|/1", "read|/1/3", "read|/2"],
      value: provision(3, 200, rig.server, 150),
      format: "TLV",
    });
    await sensor.start();
    await client.heard("bootstrapped");
    const [before, , , after, one, all, single] = client.all("answered");
    expect(before?.links?.some((link) => link.startsWith("</1/"))).toBe(false);
    expect(after?.links?.find((link) => link.startsWith("</0/3>"))).toContain(`ssid=200;uri="${rig.server.uri}"`);
    expect(after?.links?.find((link) => link.startsWith("</1/3>"))).toContain("ssid=200");
    expect(one?.links?.some((link) => link.startsWith("</1/3>"))).toBe(true);
    expect(all?.values).toMatchObject({ "/1/3/0": 200, "/1/3/1": 150 });
    expect(single?.values).toMatchObject({ "/1/3/0": 200 });
    await rig.server.client("inspected").heard("registered");
    await sensor.stop();
  });

  it("may read neither credentials nor what belongs to the sensor", async () => {
    for (const path of ["/0", "/0/0", "/3"]) {
      const [sensor, client] = newcomer(`guarded${path.replaceAll("/", "-")}`);
      await client.ask("plan", { step: [`read|${path}`] });
      sensor.client.start();
      expect(await client.heard("answered")).toMatchObject({ request: "Read", path, code: "4.05" });
      await client.heard("unbootstrapped");
      await sensor.stop();
    }
  });

  it("provisions two servers, and the client registers at both", async () => {
    const [sensor, client] = newcomer("shared");
    await client.ask("config", { account: [account(1, rig.server, 100), account(2, other.server, 200)] });
    await sensor.start();
    await eventually("two registrations", () => (sensor.client.registrations.length === 2 ? true : undefined));
    await sensor.reached("registered");
    expect(await rig.server.client("shared").heard("registered")).toMatchObject({ lifetime: 100 });
    expect(await other.server.client("shared").heard("registered")).toMatchObject({ lifetime: 200 });
    await sensor.stop();
    await rig.server.client("shared").heard("unregistered");
    await other.server.client("shared").heard("unregistered");
  });

  it("is asked again on Bootstrap-Request Trigger, and moves the client (§6.1.2)", async () => {
    const [sensor, client] = newcomer("moving");
    await client.ask("config", { account: account(123, rig.server, 120) });
    await sensor.start();
    await client.heard("bootstrapped");
    const managed = rig.server.client("moving");
    await managed.heard("registered");
    await client.ask("config", { account: account(123, other.server, 240), delete: ["/0", "/1"] });
    expect((await managed.execute("/1/0/9")).code).toBe("2.04");
    await client.heard("bootstrapped");
    expect(await other.server.client("moving").heard("registered")).toMatchObject({ lifetime: 240 });
    expect(await managed.heard("unregistered")).toMatchObject({ expired: false });
    await sensor.stop();
  });

  it("is not asked by a client that was restarted and remembers", async () => {
    const [sensor, client] = newcomer("restarted");
    await client.ask("config", { account: account(123, rig.server, 120) });
    await sensor.start();
    await client.heard("bootstrapped");
    const { saved } = sensor;
    await sensor.stop();
    const again = rig.sensor({
      endpoint: "restarted",
      accounts: [],
      bootstrap: { uri: bootstrap.uri },
      ...(saved && { saved }),
    });
    await again.start();
    expect(client.all("bootstrapping")).toHaveLength(1);
    expect(rig.server.client("restarted").all("registered")).toHaveLength(2);
    await again.stop();
  });

  it("cannot leave the client half provisioned: what fails is rolled back whole (§6.1.7.5)", async () => {
    const [sensor, client] = newcomer("steadfast");
    await client.ask("config", { account: account(123, rig.server, 120) });
    await sensor.start();
    await client.heard("bootstrapped");
    const managed = rig.server.client("steadfast");
    await managed.heard("registered");
    // An account without its Server Object Instance, after everything else was deleted.
    const broken = provision(1, 5, other.server, 60).filter((value) => value.startsWith("/0/"));
    await client.ask("plan", { step: ["delete|/0", "delete|/1", "write|/0/1"], value: broken });
    await managed.execute("/1/0/9");
    expect(await client.heard("unbootstrapped")).toMatchObject({ error: "FINISH_FAILED" });
    expect(answers(client).at(-1)).toBe("Finish /bs 4.06");
    await sensor.reached("registered");
    expect((await managed.read("/1/0", "TLV")).values).toMatchObject({ "/1/0/0": 123, "/1/0/1": 120 });
    expect(other.server.client("steadfast").all("registered")).toEqual([]);
    await sensor.stop();
  });

  it("is asked when no server takes the client any more", async () => {
    const sensor = rig.sensor({
      endpoint: "lost",
      // Nobody listens there.
      accounts: [rig.account({ uri: "coap://127.0.0.1:9", retryCount: 1, retryTimer: 1, sequenceCount: 1 })],
      bootstrap: { uri: bootstrap.uri },
      parameters: { ackTimeout: 100, maxRetransmit: 1 },
    });
    const client = bootstrap.client("lost");
    await client.ask("config", { account: account(123, rig.server, 120), delete: ["/0", "/1"] });
    await sensor.start();
    await client.heard("bootstrapped");
    await rig.server.client("lost").heard("registered");
    await sensor.stop();
  });

  it("writes access rights with the accounts, and they hold (§8)", async () => {
    const [sensor, client] = newcomer("restricted");
    await client.ask("plan", {
      step: ["write|/0/1", "write|/1/1", "write|/0/2", "write|/1/2", "write|/2/0", "write|/2/1"],
      value: [
        ...provision(1, 1, rig.server, 100),
        ...provision(2, 2, other.server, 100),
        // The first server owns the thermometer and may do everything, the second one may only read it.
        "/2/0/0|INTEGER|3303",
        "/2/0/1|INTEGER|0",
        "/2/0/2/1|INTEGER|15",
        "/2/0/2/2|INTEGER|1",
        "/2/0/3|INTEGER|1",
        // Nobody but the first may touch the lamp.
        "/2/1/0|INTEGER|3311",
        "/2/1/1|INTEGER|0",
        "/2/1/2/1|INTEGER|15",
        "/2/1/3|INTEGER|1",
      ],
    });
    await sensor.start();
    await eventually("two registrations", () => (sensor.client.registrations.length === 2 ? true : undefined));
    await sensor.reached("registered");
    const [owner, guest] = [rig.server.client("restricted"), other.server.client("restricted")];
    expect((await owner.replace("/3311/0/5850", "TLV", ["/3311/0/5850", "BOOLEAN", true])).code).toBe("2.04");
    expect((await guest.replace("/3311/0/5850", "TLV", ["/3311/0/5850", "BOOLEAN", false])).code).toBe("4.01");
    expect((await guest.read("/3311/0/5850")).code).toBe("4.01");
    expect((await guest.read(VALUE)).values).toEqual({ [VALUE]: 22 });
    expect((await guest.execute("/3303/0/5605")).code).toBe("4.01");
    expect((await owner.execute("/3303/0/5605")).code).toBe("2.04");
    await sensor.stop();
  });
});
