/** `isthmus device list`, `show`, `dev` and `pages`: what is known, told to people. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { changed, THERMOMETER } from "../support/definitions.ts";
import { FakeSurroundings } from "../support/fake-surroundings.ts";

const folder = mkdtempSync(join(tmpdir(), "isthmus-list-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, "acme.yaml"), THERMOMETER);

const DF5 =
  '{"kind":"advert","address":"CB:B8:33:4C:88:4F","manufacturer_data":{"0499":"0512FC5394C37C0004FFFC040CAC364200CDCBB8334C884F"}}';

async function said(line: string, input: readonly string[] = []): Promise<FakeSurroundings & { code: number }> {
  const console = new FakeSurroundings({ folder, input, width: 140 });
  const code = await console.run(line);
  return Object.assign(console, { code });
}

describe("isthmus device list", () => {
  it("shows those that fit every word, with what they become", async () => {
    const { code, out } = await said("device list ruuvi bluetooth acceleration");
    expect(code).toBe(0);
    expect(out).toMatch(/^DEFINITION +DEVICE +HEARD BY +LWM2M OBJECTS\n/);
    expect(out).toMatch(/^ruuvi\.tag\.df5 +RuuviTag +Bluetooth +\/3 \/3303 \/3304 \/3315 \/3313$/m);
    expect(out).not.toContain("tasmota");
    expect(out).toMatch(/\n\d+ definitions\n$/);
  });

  it("finds a device under the other names it is sold as", async () => {
    expect((await said("device list shelly blu")).out).toMatch(/^bthome\.v2 /m);
    expect((await said("device show bthome.v2")).out).toMatch(/Also known as +Shelly BLU, b-parasite/);
  });

  it("includes one's own, and is plain data for machines", async () => {
    const { out } = await said("device list acme.thermometer --devices acme.yaml --json");
    expect(JSON.parse(out)).toMatchObject([{ id: "acme.thermometer", medium: "Bluetooth" }]);
  });

  it("says so where nothing fits", async () => {
    const { code, err } = await said("device list perpetuum mobile");
    expect(code).toBe(1);
    expect(err).toContain('no device fits "perpetuum mobile"');
    expect((await said("device list --devices nowhere.yaml")).err).toContain("definitions cannot be read");
  });
});

describe("isthmus device show", () => {
  it("tells how it is known, what it says, and what a server sees", async () => {
    const { code, out } = await said("device show ruuvi.tag.df5");
    expect(code).toBe(0);
    expect(out).toMatch(/^RuuviTag {2}\(ruuvi\.tag\.df5 \d/);
    expect(out).toMatch(/Known by +company 0x0499; 24 bytes; beginning with 05/);
    expect(out).toMatch(/temperature +Cel .*byte 1, i16be/);
    expect(out).toMatch(/\/3303\/0\/5700 +R +Temperature, Sensor Value +Cel +temperature/);
    expect(out).toMatch(/Proven by +\d+ golden frames; at least one is an example/);
    expect(out).toMatch(/valid +0512FC5394C37C/);
  });

  it("takes the file of a definition as well, and says where its mistakes are named", async () => {
    expect((await said("device show acme.yaml")).out).toContain("Acme T-1  (acme.thermometer)");
    writeFileSync(join(folder, "broken.yaml"), "schema: device/v1\nid: acme.broken\n");
    const { err } = await said("device show broken.yaml");
    expect(err).toContain("broken.yaml holds no definition, or one with a mistake");
    expect(err).toContain("isthmus device test broken.yaml names it");
    expect((await said("device show nowhere.yaml")).err).toContain("definitions cannot be read");
  });

  it("tells what a device can be told", async () => {
    const { out } = await said("device show zigbee2mqtt.plug");
    expect(out).toMatch(/\/3306\/0\/5850 +RW +Actuation, On\/Off/);
    expect(out).toMatch(/set_state +publishes .* to zigbee2mqtt\/\{name\}\/set; confirmed by state within 5s/);
  });

  it("knows what was probably meant", async () => {
    expect((await said("device show ruuvi.tag.df4")).err).toContain("did you mean: isthmus device show ruuvi.tag.df");
    expect((await said("device show qqqqq")).err).toContain("isthmus device list shows all");
  });
});

describe("isthmus device dev", () => {
  it("shows golden frames, and what given frames mean beside the tree", async () => {
    const { code, out } = await said("device dev acme.yaml --frames - --once", [`${DF5}\noops\n`]);
    expect(code).toBe(0);
    expect(out).toContain("1 golden frames, all as expected");
    expect(out).toMatch(/temperature 24\.3 Cel .*\/3303\/0\/5700 = 24\.3|temperature 24\.3 Cel/);
    expect(out).toContain("/3303/0/5700 = 24.3");
    expect(out).toContain("no JSON");
  });

  it("names mistakes, and what golden frames give instead", async () => {
    writeFileSync(join(folder, "wrong.yaml"), changed(["scale: 0.01", "scal: 0.01"]));
    expect((await said("device dev wrong.yaml --once")).out).toContain('unknown key "scal" (did you mean "scale"?)');
    writeFileSync(join(folder, "wrong.yaml"), changed(["temperature: 22.9", "temperature: 23"]));
    expect((await said("device dev wrong.yaml --once")).out).toContain("temperature: expected 23, got 22.9");
    expect((await said("device dev nowhere.yaml --once")).code).toBe(1);
  });

  it("shows it anew when the file has changed, until it is stopped", async () => {
    const file = join(folder, "live.yaml");
    writeFileSync(file, changed(["temperature: 22.9", "temperature: 23"]));
    const console = new FakeSurroundings({ folder });
    const ended = console.run("device dev live.yaml");
    const until = async (text: string) => {
      for (let i = 0; i < 200 && !console.out.includes(text); i++) await wait(10);
      expect(console.out).toContain(text);
    };
    await until("expected 23");
    await wait(20);
    writeFileSync(file, THERMOMETER);
    await until("all as expected");
    console.process.emit("SIGINT");
    expect(await ended).toBe(0);
  });
});

describe("isthmus device pages", () => {
  it("writes a page for each family, and one that lists them all", async () => {
    const { out } = await said("device pages pages");
    const files = readdirSync(join(folder, "pages"));
    expect(out).toBe(`${files.length} pages in pages\n`);
    const index = readFileSync(join(folder, "pages", "README.md"), "utf8");
    expect(index).toMatch(
      /^\| \[RuuviTag\]\(ruuvi\.md#ruuvitag-ruuvitagdf5\) \| `ruuvi\.tag\.df5` \| .* \| temperature, humidity/m,
    );
    expect(index).toContain(" · [Ruuvi](ruuvi.md) · ");
    expect(index).toContain(" · [Shelly BLU](bthome.md) · ");
    const page = readFileSync(join(folder, "pages", "ruuvi.md"), "utf8");
    expect(page).toContain("## RuuviTag (ruuvi.tag.df5)");
    expect(page).toContain("RuuviTag, data format 5 (RAWv2): 24 bytes of manufacturer data");
    expect(page).toContain("golden frames; at least one is an example of those who describe the format");
    expect(page).toContain("every 10s; silent for 90s its values are stale, for 15m it is gone");
    expect(page).toMatch(/^\| \/3303\/0\/5700 \| R \| Temperature, Sensor Value/m);
    expect(page).toContain("temperature not available");
  });

  it("names a page of a folder in a folder after both, and says what a broker must be asked for", () => {
    const read = (name: string) => readFileSync(join(folder, "pages", name), "utf8");
    expect(read("govee-probes.md")).toContain("# Govee: probes");
    expect(read("zigbee2mqtt.md")).toContain('topics: ["zigbee2mqtt/+", "zigbee2mqtt/+/availability"');
    expect(read("eastron.md")).toContain("devices: [{ unit: 1, definition: eastron.sdm120 }]");
    expect(read("airthings.md")).toContain("they advertise only their serial number");
  });

  it("takes away pages of families that are no more, and nothing else", async () => {
    writeFileSync(join(folder, "pages", "gone.md"), "old");
    writeFileSync(join(folder, "pages", "picture.svg"), "<svg/>");
    await said("device pages pages");
    expect(readdirSync(join(folder, "pages"))).toContain("picture.svg");
    expect(readdirSync(join(folder, "pages"))).not.toContain("gone.md");
  });
});
