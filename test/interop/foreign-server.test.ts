/**
 * The whole way at once: a broker, a serial line and a Bluetooth controller feed the compiled daemon, and a server that
 * shares no line with us sees three LwM2M clients.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ad, extendedEvent, joined, type VirtualController } from "../support/virtual-controller.ts";
import { ForeignServer } from "./support/foreign-server.ts";
import { Daemon } from "./support/isthmus.ts";
import { Mosquitto } from "./support/mosquitto.ts";
import { eventually, type Running } from "./support/programs.ts";
import { attachController, Pty } from "./support/pty.ts";

const TAG = "CB:B8:33:4C:88:4F";

/** Ruuvi's own example of data format 5 with another temperature (offset 1, 0.005 degrees) and sequence number (16). */
function ruuvi(celsius: number, sequence: number): Uint8Array {
  const data = Buffer.from("0512FC5394C37C0004FFFC040CAC364200CDCBB8334C884F", "hex");
  data.writeInt16BE(Math.round(celsius / 0.005), 1);
  data.writeUInt16BE(sequence, 16);
  return joined(ad(0x01, "06"), ad(0xff, Buffer.concat([Buffer.from("9904", "hex"), data])));
}

function nmea(body: string): string {
  let sum = 0;
  for (const character of body) sum ^= character.charCodeAt(0);
  return `$${body}*${sum.toString(16).toUpperCase().padStart(2, "0")}\r\n`;
}

/** One fix, `minutes` north of 48 degrees. */
const fix = (minutes: string) =>
  nmea(`GPRMC,123519,A,48${minutes},N,01131.000,E,022.4,084.4,230394,003.1,W`) +
  nmea(`GPGGA,123519,48${minutes},N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,`);

let folder: string;
let server: ForeignServer;
let broker: Mosquitto;
let gnss: Pty;
let radio: Pty;
let controller: VirtualController;
let daemon: Daemon;
/** What the plug would do: hear the command, switch, and publish its new state. */
let plug: Running;
let sequence = 0;

const hear = (celsius: number) =>
  controller.hear(extendedEvent({ address: TAG, data: ruuvi(celsius, ++sequence), rssi: -61 }));

async function playPlug(): Promise<void> {
  plug = await broker.subscribe("zigbee2mqtt/desk/set", "plug");
  let heard = 0;
  plug.process.stdout?.on("data", () => {
    const commands = [...plug.output.matchAll(/^zigbee2mqtt\/desk\/set \{"state":"(ON|OFF)"\}$/gm)];
    for (const [, state = ""] of commands.slice(heard))
      void broker.publish("zigbee2mqtt/desk", JSON.stringify({ state, power: state === "ON" ? 40 : 0, energy: 3.3 }));
    heard = commands.length;
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "isthmus-foreign-"));
  server = new ForeignServer();
  await server.start();
  broker = await Mosquitto.start(folder);
  gnss = await Pty.open(join(folder, "gnss"));
  radio = await Pty.open(join(folder, "radio"));
  controller = attachController(radio);
  await playPlug();
  daemon = await Daemon.start({
    config: `
gateway: { endpoint: isthmus-foreign }
server: { uri: "coap://127.0.0.1:${server.port}", lifetime: 60 }
http: { listen: "127.0.0.1:0" }
adapters:
  radio: { type: ble, device: ${radio.path} }
  gnss: { type: serial, path: ${gnss.path}, baud: 9600 }
  broker: { type: mqtt, url: "${broker.url}", topics: ["zigbee2mqtt/+"] }
adopt:
  - { definition: "ruuvi.*" }
  - { adapter: gnss, source: "*" }
  - { definition: zigbee2mqtt.plug }
`,
  });
  await broker.logged(/Sending SUBACK to (?!plug)/);
  await eventually("a scan", () => (controller.scanning ? true : undefined));
  await broker.publish("zigbee2mqtt/desk", '{"state":"OFF","power":12.5,"energy":3.2}');
  gnss.write(fix("07.038"));
  hear(24.3);
}, 60_000);

afterAll(async () => {
  await daemon.discard();
  await plug.end();
  await broker.stop();
  await gnss.stop();
  await radio.stop();
  server.stop();
  await rm(folder, { recursive: true, force: true });
});

describe("three sensors that never heard of LwM2M", () => {
  it("register as three clients, each from a port of its own, and so does the gateway", async () => {
    const names = [/^ruuvi-cbb8334c884f$/, /^zb-desk$/, /gnss/, /^isthmus-foreign$/];
    const clients = await Promise.all(names.map((name) => server.awaitEndpoint(name)));
    expect(new Set(clients.map(({ port }) => port)).size).toBe(4);
    for (const { query } of clients) {
      expect(query.get("lt")).toBe("60");
      expect(query.get("lwm2m")).toBe("1.1");
    }
  });

  it("name their Objects in the Register", async () => {
    const { links } = await server.awaitEndpoint(/^ruuvi-/);
    for (const instance of ["</3/0>", "</3303/0>", "</3304/0>", "</3315/0>"]) expect(links).toContain(instance);
    expect(links).not.toContain("</0");
    expect((await server.awaitEndpoint(/^zb-desk$/)).links).toContain("</3306/0>");
  });
});

describe("Bluetooth", () => {
  const endpoint = "ruuvi-cbb8334c884f";

  it("a Read returns the decoded value", async () => {
    expect(await server.read(endpoint, "/3303/0/5700")).toEqual({ code: "2.05", text: "24.3" });
    expect(await server.read(endpoint, "/3303/0/5701")).toEqual({ code: "2.05", text: "Cel" });
    expect(await server.read(endpoint, "/3/0/0")).toMatchObject({ code: "2.05" });
  });

  it("an Observe delivers every change", async () => {
    const watching = await server.observe(endpoint, "/3303/0/5700");
    const temperatures = [24.4, 24.5, -3.25, 25, 60.125];
    for (const [index, celsius] of temperatures.entries()) {
      hear(celsius);
      await eventually(`${celsius}`, () => (watching.values.length > index + 1 ? true : undefined));
    }
    expect(watching.values.map(Number)).toEqual([24.3, ...temperatures]);
    watching.close();
  });

  it("keeps minimum and maximum, and forgets them on Execute", async () => {
    expect(Number((await server.read(endpoint, "/3303/0/5601")).text)).toBe(-3.25);
    expect(Number((await server.read(endpoint, "/3303/0/5602")).text)).toBe(60.125);
    expect((await server.execute(endpoint, "/3303/0/5605")).code).toBe("2.04");
    expect(Number((await server.read(endpoint, "/3303/0/5601")).text)).toBe(60.125);
  });

  it("a reading that says not available changes nothing", async () => {
    const absent = Buffer.from(ruuvi(20, ++sequence));
    absent.writeInt16BE(-0x8000, 3 + 4 + 1);
    controller.hear(extendedEvent({ address: TAG, data: absent, rssi: -61 }));
    hear(60.125);
    expect(Number((await server.read(endpoint, "/3303/0/5700")).text)).toBe(60.125);
  });
});

describe("a serial line", () => {
  it("a Read returns where the receiver is", async () => {
    const { endpoint } = await server.awaitEndpoint(/gnss/);
    expect(Number((await server.read(endpoint, "/6/0/0")).text)).toBeCloseTo(48.1173, 4);
    expect(Number((await server.read(endpoint, "/6/0/1")).text)).toBeCloseTo(11.51667, 4);
  });

  it("an Observe delivers every move", async () => {
    const { endpoint } = await server.awaitEndpoint(/gnss/);
    const watching = await server.observe(endpoint, "/6/0/0");
    for (const [index, minutes] of ["08.000", "09.500", "10.250"].entries()) {
      gnss.write(fix(minutes));
      await eventually(minutes, () => (watching.values.length > index + 1 ? true : undefined));
    }
    const expected = [7.038, 8, 9.5, 10.25].map((minutes) => 48 + minutes / 60);
    expect(watching.values).toHaveLength(expected.length);
    for (const [index, latitude] of expected.entries()) expect(Number(watching.values[index])).toBeCloseTo(latitude, 4);
    watching.close();
  });

  it("a sentence with a wrong checksum changes nothing", async () => {
    const { endpoint } = await server.awaitEndpoint(/gnss/);
    gnss.write("$GPRMC,123519,A,5007.038,N,01131.000,E,022.4,084.4,230394,003.1,W*00\r\n");
    gnss.write(fix("11.000"));
    await eventually("the next fix", async () =>
      Math.abs(Number((await server.read(endpoint, "/6/0/0")).text) - (48 + 11 / 60)) < 1e-4 ? true : undefined,
    );
  });
});

describe("a plug behind a broker", () => {
  it("a Read returns what was published", async () => {
    expect(await server.read("zb-desk", "/3328/0/5700")).toEqual({ code: "2.05", text: "12.5" });
    expect(await server.read("zb-desk", "/3306/0/5850")).toEqual({ code: "2.05", text: "0" });
  });

  it("a Write reaches the broker and is answered when the plug has confirmed", async () => {
    const watching = await server.observe("zb-desk", "/3306/0/5850");
    for (const [value, state] of [
      ["1", "ON"],
      ["0", "OFF"],
    ] as const) {
      expect(await server.write("zb-desk", "/3306/0/5850", value)).toMatchObject({ code: "2.04" });
      expect(plug.output).toContain(`zigbee2mqtt/desk/set {"state":"${state}"}`);
      expect(await server.read("zb-desk", "/3306/0/5850")).toEqual({ code: "2.05", text: value });
    }
    await eventually("both notifications", () => (watching.values.length >= 3 ? true : undefined));
    expect(watching.values).toEqual(["0", "1", "0"]);
    watching.close();
  });

  it("what cannot be written is refused with the right code", async () => {
    expect((await server.write("zb-desk", "/3328/0/5700", "7")).code).toBe("4.05");
    expect((await server.write("zb-desk", "/3306/0/5850", "perhaps")).code).toBe("4.00");
    expect((await server.read("zb-desk", "/3399/0/1")).code).toBe("4.04");
    expect((await server.read("zb-desk", "/0/0/0")).code).toBe("4.01");
  });

  it("a plug that does not answer is a 5.04, and its state stays what it was", async () => {
    await plug.end();
    const answer = await server.write("zb-desk", "/3306/0/5850", "1");
    expect(answer.code).toBe("5.04");
    expect(await server.read("zb-desk", "/3306/0/5850")).toEqual({ code: "2.05", text: "0" });
  }, 30_000);
});

describe("at the end", () => {
  it("SIGTERM de-registers all four within five seconds", async () => {
    const { code, ms } = await daemon.stop();
    expect(code).toBe(0);
    expect(ms).toBeLessThan(5_500);
    expect(server.registered.size).toBe(0);
    expect(server.gone).toHaveLength(4);
  });
});
