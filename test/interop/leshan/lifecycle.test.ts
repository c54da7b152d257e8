/** A client's life at Leshan: it registers, updates, is missed, comes back and says goodbye. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEVICE_SERVER, missing } from "../support/leshan-jars.ts";
import { Rig } from "../support/leshan-rig.ts";

const skipped = await missing(DEVICE_SERVER);
const VALUE = "/3303/0/5700";

describe.skipIf(skipped !== undefined)("At Leshan a client", () => {
  let rig: Rig;

  beforeAll(async () => {
    rig = await Rig.start();
  });
  afterAll(() => rig.end());

  it("registers with its version, lifetime, binding and Objects, and says goodbye", async () => {
    const sensor = rig.sensor({ endpoint: "urn:dev:mac:0123456789ab" });
    await sensor.start();
    const client = rig.server.client("urn:dev:mac:0123456789ab");
    expect(await client.heard("registered")).toMatchObject({
      version: "1.1",
      lifetime: 300,
      binding: ["U"],
      queue: false,
      root: "/",
      before: null,
      links: [
        "</1>;ver=1.1",
        "</1/0>",
        "</3>;ver=1.1",
        "</3/0>",
        "</6/0>",
        "</3303>;ver=1.1",
        "</3303/0>",
        "</3303/1>",
        "</3311/0>",
        "</3442/0>",
      ],
    });
    await sensor.stop();
    expect(await client.heard("unregistered")).toMatchObject({ expired: false });
  });

  it.each(["ünïcode/with slash", "a".repeat(200), "50% & more=yes?"])("may be called %s", async (endpoint) => {
    const [, client] = await rig.registered(endpoint);
    expect((await client.read(VALUE)).values).toEqual({ [VALUE]: 22 });
  });

  it("registers with more links than a datagram holds, and updates them (RFC 7959)", async () => {
    const sensor = rig.sensor({ endpoint: "large" });
    for (let i = 2; i < 300; i++) sensor.tree.addInstance(sensor.path(`/3303/${i}`));
    await sensor.start();
    const client = rig.server.client("large");
    const { links = [] } = await client.heard("registered");
    expect(links.filter((link) => link.startsWith("</3303/"))).toHaveLength(300);
    sensor.tree.addInstance(sensor.path("/3303/300"));
    expect((await client.heard("updated")).links).toContain("</3303/300>");
    const { links: found = [] } = await client.discover("/3303");
    expect(found).toContain("</3303/300>");
  });

  it("may have its Objects below another root, and is asked there (LwM2M Core 1.2 §6.2.1)", async () => {
    const sensor = rig.sensor({ endpoint: "elsewhere", rootPath: "/lwm2m" });
    await sensor.start();
    const client = rig.server.client("elsewhere");
    expect(await client.heard("registered")).toMatchObject({ root: "/lwm2m/", version: "1.1" });
    expect((await client.read("/3303/0", "JSON")).values).toMatchObject({ [VALUE]: 22 });
    expect((await client.discover("/3303/1")).links).toContain("</3303/1/5700>");
    expect((await client.execute("/3303/0/5605")).code).toBe("2.04");
    await client.observe(VALUE, "JSON");
    sensor.set(VALUE, 23);
    expect(await client.heard("notified")).toMatchObject({ values: { [VALUE]: 23 } });
  });

  it("speaks 1.1 where 1.2 is refused (E2)", async () => {
    const [sensor, client] = await rig.registered("modern", { version: "1.2" });
    expect(client.all("registered")).toMatchObject([{ version: "1.1" }]);
    expect(sensor.client.registration.lastError).toBeUndefined();
  });

  it("updates with its links when an Instance comes or goes, and without when nothing did", async () => {
    const [sensor, client] = await rig.registered("changing");
    sensor.tree.addInstance(sensor.path("/3303/2"));
    const update = await client.heard("updated");
    expect(update).toMatchObject({ withLinks: true, withLifetime: false });
    expect(update.links).toContain("</3303/2>");
    await client.execute("/1/0/8");
    expect(await client.heard("updated")).toMatchObject({ withLinks: false, withLifetime: false });
  });

  it("stays registered through a short lifetime", async () => {
    const [sensor, client] = await rig.registered("short", { lifetime: 5 });
    await client.heard("updated");
    await client.heard("updated");
    expect(client.all("unregistered")).toEqual([]);
    await sensor.reached("registered");
  }, 30_000);

  it("keeps its observations while it updates, and loses them when it registers anew (E67)", async () => {
    const [sensor, client] = await rig.registered("keeping");
    await client.observe(VALUE);
    await client.execute("/1/0/8");
    await client.heard("updated");
    expect(sensor.client.registration.observations).toBe(1);
    sensor.set(VALUE, 23);
    await client.heard("notified");
    expect((await client.replace("/1/0/5", "TLV", ["/1/0/5", "INTEGER", 1])).code).toBe("2.04");
    await client.execute("/1/0/4");
    await client.heard("unregistered");
    await client.heard("registered");
    expect(sensor.client.registration.observations).toBe(0);
  }, 30_000);

  it("registers anew when the server has lost all it knew, as soon as an Update is refused", async () => {
    const [sensor, client] = await rig.registered("forgotten");
    await client.observe(VALUE);
    await rig.restart();
    sensor.tree.addInstance(sensor.path("/3303/2"));
    const again = rig.server.client("forgotten");
    expect((await again.heard("registered")).links).toContain("</3303/2>");
    await sensor.reached("registered");
    expect((await again.read(VALUE)).values).toEqual({ [VALUE]: 22 });
    expect(sensor.client.registration.observations).toBe(0);
  }, 40_000);

  it("goes on as if nothing had been when the server comes back with all it knew", async () => {
    const [sensor, client] = await rig.registered("remembered");
    await client.observe(VALUE);
    await rig.server.ask("stop", {});
    await rig.server.ask("start", {});
    sensor.set(VALUE, 25);
    expect(await client.heard("notified")).toMatchObject({ values: { [VALUE]: 25 } });
    expect((await client.read(VALUE)).values).toEqual({ [VALUE]: 25 });
    await client.execute("/1/0/8");
    await client.heard("updated");
    expect(client.all("registered")).toHaveLength(1);
  });

  it("is one of fifty, each of which is itself", async () => {
    const names = Array.from({ length: 50 }, (_, i) => `crowd-${i}`);
    const all = await Promise.all(names.map((name) => rig.registered(name)));
    const ports = new Set(all.map(([sensor]) => sensor.ports.get(rig.server.uri)));
    expect(ports.size).toBe(50);
    all.forEach(([sensor], i) => sensor.set(VALUE, i + 0.25));
    const answers = await Promise.all(all.map(([, client]) => client.observe(VALUE)));
    answers.forEach((answer, i) => expect(answer.values).toEqual({ [VALUE]: i + 0.25 }));
    all.forEach(([sensor], i) => sensor.set(VALUE, -i - 0.5));
    const heard = await Promise.all(all.map(([, client]) => client.heard("notified")));
    heard.forEach(({ values }, i) => expect(values).toEqual({ [VALUE]: -i - 0.5 }));
  }, 60_000);
});
