/** Leshan updates firmware: packages pushed in blocks, or fetched from a web server and from a CoAP server of others. */

import { createServer, type Server } from "node:http";
import coap, { type Server as CoapServer } from "coap";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLog } from "../../../src/base/log.ts";
import { systemRandom } from "../../../src/base/random.ts";
import { udp } from "../../../src/io/udp.ts";
import { objects } from "../../../src/lwm2m/index.ts";
import { MemoryPackageStore, packageOf } from "../../support/package-store.ts";
import { freeUdpPort, type LeshanClient } from "../support/leshan.ts";
import { DEVICE_SERVER, missing } from "../support/leshan-jars.ts";
import { Rig } from "../support/leshan-rig.ts";
import { eventually } from "../support/programs.ts";
import type { Sensor } from "../support/sensor.ts";

const skipped = await missing(DEVICE_SERVER);
const IMAGE = packageOf(40_000);
const STATE = "/5/0/3";
const RESULT = "/5/0/5";
const [IDLE, DOWNLOADED, UPDATING] = [0, 2, 3];

/** Takes whatever begins as our packages do. */
const installer: objects.FirmwareInstaller = {
  inspect: (store) =>
    Promise.resolve(
      store.size === IMAGE.length
        ? { status: "sound", name: "thermometer", version: "2.0" }
        : { status: "unfit", fault: "integrity" },
    ),
  install: () => Promise.resolve({ status: "installed" }),
  verify: () => Promise.resolve({ status: "installed" }),
};

describe.skipIf(skipped !== undefined)("Firmware by Leshan", () => {
  const store = new MemoryPackageStore();
  let rig: Rig;
  let sensor: Sensor;
  let client: LeshanClient;
  let web: Server;
  let files: CoapServer;
  let webPort = 0;
  let coapPort = 0;

  beforeAll(async () => {
    rig = await Rig.start();
    web = createServer((_, response) => response.end(IMAGE));
    await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
    const address = web.address();
    if (typeof address === "object" && address !== null) webPort = address.port;
    files = coap.createServer((_, response) => response.end(Buffer.from(IMAGE)));
    coapPort = await freeUdpPort();
    await new Promise<void>((resolve) => files.listen(coapPort, "127.0.0.1", () => resolve()));
    sensor = rig.sensor({ endpoint: "flashing" });
    const { clock } = sensor;
    const random = systemRandom;
    const connect = ({ hostname, port }: URL) => udp({ host: hostname, port: Number(port) });
    const fetchers = new Map([
      ["http", objects.httpFetcher(fetch, clock)],
      ["coap", objects.coapFetcher({ connect, clock, random, log: silentLog })],
    ]);
    objects.plantFirmware(sensor.tree, { store, installer, fetchers, clock, random, log: silentLog });
    await sensor.start();
    client = rig.server.client("flashing");
    await client.heard("registered");
    await client.observe(STATE);
  });
  afterAll(async () => {
    await rig.end();
    web.close();
    files.close();
  });

  /** Waits until the observed State is this. */
  const state = (wanted: number) => client.heard("notified", ({ values }) => values?.[STATE] === wanted, 20_000);

  async function installs(): Promise<void> {
    await state(DOWNLOADED);
    expect(Buffer.compare(store.bytes, IMAGE)).toBe(0);
    expect((await client.read("/5/0", "TLV")).values).toMatchObject({
      [STATE]: DOWNLOADED,
      "/5/0/6": "thermometer",
      "/5/0/7": "2.0",
    });
    expect((await client.execute("/5/0/2")).code).toBe("2.04");
    await state(UPDATING);
    await state(IDLE);
    expect((await client.read(RESULT)).values).toEqual({ [RESULT]: 1 });
  }

  it("says what it is capable of", async () => {
    expect((await client.read("/5/0", "TLV")).values).toMatchObject({ [STATE]: IDLE, "/5/0/8/0": 0, "/5/0/9": 2 });
  });

  it.each(["OPAQUE", "TLV", "CBOR"] as const)("is pushed as %s, checked and installed", async (format) => {
    const image = Buffer.from(IMAGE).toString("hex");
    const answer = await client.ask("write", {
      path: "/5/0/0",
      format,
      mode: "REPLACE",
      value: [`/5/0/0|OPAQUE|${image}`],
      timeout: 25_000,
    });
    expect(answer.code).toBe("2.04");
    await installs();
  });

  it.each([
    ["a web server", () => `http://127.0.0.1:${webPort}/image`],
    ["a CoAP server", () => `coap://127.0.0.1:${coapPort}/image`],
  ])("is fetched from %s, checked and installed", async (_, uri) => {
    expect((await client.replace("/5/0/1", "TLV", ["/5/0/1", "STRING", uri()])).code).toBe("2.04");
    await installs();
  });

  it("is given up when the URI is cleared, and not installed twice", async () => {
    expect(
      (await client.replace("/5/0/1", "TEXT", ["/5/0/1", "STRING", `http://127.0.0.1:${webPort}/image`])).code,
    ).toBe("2.04");
    await state(DOWNLOADED);
    expect((await client.replace("/5/0/1", "TLV", ["/5/0/1", "STRING", ""])).code).toBe("2.04");
    await state(IDLE);
    expect((await client.execute("/5/0/2")).code).toBe("4.05");
  });

  it("is refused where it cannot be had, and the result says why", async () => {
    expect((await client.replace("/5/0/1", "TLV", ["/5/0/1", "STRING", "ftp://127.0.0.1/image"])).code).toMatch(
      /^(2\.04|4\.00)$/,
    );
    await eventually("a result", async () => {
      const { values } = await client.read(RESULT);
      return values?.[RESULT] === 9 || values?.[RESULT] === 7 ? true : undefined;
    });
  });
});
