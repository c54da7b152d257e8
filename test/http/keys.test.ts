/** Keys of sensors over the API: taken, never given back. */

import { afterEach, describe, expect, it } from "vitest";
import { serve, type Served } from "../../src/http/index.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { device, devicesOf, KEY, OTHER_KEY, says, sealing } from "../gateway/hearing/stage.ts";
import { Rig } from "../gateway/rig.ts";
import { PAGE } from "./rig.ts";

const running: Served[] = [];
afterEach(async () => {
  for (const served of running.splice(0)) await served.close();
});

async function scene() {
  const rig = await Rig.start({ devices: devicesOf(sealing(device("acme.sealed")), device("acme.open")) });
  await rig.heard("radio/a", says("acme.sealed", { seal: 0, t: 20 }));
  await rig.heard("radio/b", says("acme.open", { t: 20 }));
  const log = new MemoryLog();
  const served = await serve({
    listen: { host: "127.0.0.1", port: 0 },
    gateway: rig.gateway,
    page: PAGE,
    log,
    clock: rig.clock,
    random: new SeededRandom(),
  });
  running.push(served);
  const ask = async (method: string, path: string, body?: object) => {
    const response = await fetch(new URL(path, served.url), {
      method,
      headers: { "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  };
  return { rig, log, ask };
}

const ADOPT = "/api/inbox/radio%2Fa/adopt";
const SENSOR = "/api/sensors/acme-a";

describe("adopting a sealed stranger", () => {
  it("takes its key, and shows how it does and where it is found, but not the key", async () => {
    const { ask, log, rig } = await scene();
    expect(JSON.parse((await ask("GET", "/api/inbox")).text)).toMatchObject([
      { source: "radio/a", key: { needed: true, where: "In the app, under Product info.", digits: [32, 24] } },
      { source: "radio/b" },
    ]);
    const { status, text } = await ask("POST", ADOPT, { key: KEY });
    expect(status).toBe(201);
    expect(JSON.parse(text)).toMatchObject({ endpoint: "acme-a", key: { state: "ok" } });
    const all = [text, (await ask("GET", "/api/sensors")).text, JSON.stringify(log), JSON.stringify(rig.log)];
    expect(all.join()).not.toContain(KEY);
  });

  it("refuses what is no key, in words that do not repeat it", async () => {
    const { ask } = await scene();
    for (const key of [KEY.slice(1), `${KEY}00`, "hello", "g".repeat(32)]) {
      const { status, text } = await ask("POST", ADOPT, { key });
      expect(status, key).toBe(400);
      expect(text).toContain("hexadecimal digits");
      expect(text).not.toContain(key);
    }
    expect((await ask("POST", "/api/inbox/radio%2Fb/adopt", { key: KEY })).text).toContain("needs no key");
  });

  it("goes on without a key, and takes it later", async () => {
    const { ask, rig } = await scene();
    expect(JSON.parse((await ask("POST", ADOPT)).text)).toMatchObject({ key: { state: "missing" } });
    expect((await ask("PATCH", SENSOR, { key: OTHER_KEY })).status).toBe(200);
    await rig.heard("radio/a", says("acme.sealed", { seal: 0, t: 20 }));
    expect(JSON.parse((await ask("GET", SENSOR)).text)).toMatchObject({ key: { state: "wrong" } });
    const { status, text } = await ask("PATCH", SENSOR, { key: KEY, label: "Cellar" });
    expect([status, JSON.parse(text)]).toMatchObject([200, { label: "Cellar" }]);
    await rig.heard("radio/a", says("acme.sealed", { seal: 0, t: 21 }));
    expect(JSON.parse((await ask("GET", SENSOR)).text)).toMatchObject({
      key: { state: "ok" },
      values: { "/3303/0/5700": { value: 21 } },
    });
  });

  it("changes nothing else where the key is refused", async () => {
    const { ask } = await scene();
    await ask("POST", ADOPT);
    expect((await ask("PATCH", SENSOR, { key: "x", label: "Cellar" })).status).toBe(400);
    expect(JSON.parse((await ask("GET", SENSOR)).text)).toMatchObject({ label: "F-1 a" });
    expect((await ask("PATCH", "/api/sensors/nobody", { key: KEY })).status).toBe(404);
    expect((await ask("PATCH", "/api/sensors/gw", { key: KEY })).status).toBe(404);
  });
});
