import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Drivers, systemDrivers, builtinAdapters } from "../../src/adapters/index.ts";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { SystemClock } from "../../src/base/system-clock.ts";
import { AdapterHost } from "../../src/host/index.ts";
import { serialLines } from "../../src/io/serial.ts";
import type { Frame } from "../../src/sdk/adapter.ts";
import { eventually, Program } from "../support/programs.ts";
import { ad, joined, legacyEvent, VirtualController } from "../support/virtual-controller.ts";

let folder: string;
let cleanup: (() => Promise<void>)[];
const clock = new SystemClock();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "isthmus-pty-"));
  cleanup = [];
});
afterEach(async () => {
  for (const each of cleanup.toReversed()) await each();
  await rm(folder, { recursive: true, force: true });
});

const near = () => join(folder, "near");
const far = () => join(folder, "far");

/** A cable between two serial devices. */
async function cable(): Promise<Program> {
  const socat = new Program("socat", [`pty,raw,echo=0,link=${near()}`, `pty,raw,echo=0,link=${far()}`], "socat");
  cleanup.push(() => socat.end());
  await eventually("socat makes two ptys", () => existsSync(near()) && existsSync(far()));
  return socat;
}

/** The device at the far end. */
async function device() {
  const line = await serialLines(clock)({ path: far(), baud: 9_600 });
  cleanup.push(() => line.close());
  return line;
}

function hosted(type: string, settings: unknown, drivers: Partial<Drivers> = {}) {
  const real = systemDrivers({ clock, random: systemRandom, log: silentLog });
  const host = new AdapterHost({
    plugins: builtinAdapters({ ...real, ...drivers }),
    sections: [{ name: "it", type, settings }],
    clock,
    random: systemRandom,
    log: silentLog,
  });
  const frames: Frame[] = [];
  host.onFrame((_adapter, frame) => frames.push(frame));
  host.start();
  cleanup.push(() => host.stop());
  const health = () => host.health().get("it");
  return { host, frames, health, isWell: () => eventually("the adapter is well", () => health()?.state === "ok") };
}

const text = (words: string) => new TextEncoder().encode(words);
const texts = (frames: readonly Frame[]) => frames.map(({ payload }) => (payload.kind === "text" ? payload.text : "?"));

describe("the serial adapter on a pty", () => {
  it("reads lines and answers commands", async () => {
    await cable();
    const { host, frames, isWell } = hosted("serial", { path: near() });
    await isWell();
    const instrument = await device();
    instrument.onData((chunk) => {
      if (new TextDecoder().decode(chunk) === "READ\n") void instrument.write(text("V=50\r\n"));
    });
    await instrument.write(text("23.5;41\r\n"));
    await eventually("the line arrives", () => frames.length === 1);
    const command = {
      source: near(),
      payload: { kind: "text", text: "READ" },
      expect: "^V=",
      timeoutMs: 5_000,
    } as const;
    const outcome = await host.command("it", command, new AbortController().signal);
    expect(outcome).toEqual({ status: "done", readBack: "V=50" });
    expect(texts(frames)).toEqual(["23.5;41", "V=50"]);
  });

  it("loses nothing of a long stream", async () => {
    await cable();
    const { frames, isWell } = hosted("serial", { path: near(), baud: 115_200 });
    await isWell();
    const instrument = await device();
    const lines = Array.from({ length: 20_000 }, (_, i) => `$GPGGA,${i},4717.11399,N,00833.91590,E`);
    await instrument.write(text(`${lines.join("\r\n")}\r\n`));
    await eventually("all lines arrive", () => frames.length === lines.length);
    expect(texts(frames)).toEqual(lines);
  });

  it("notices that the device is unplugged, and reads again within two seconds of its return", async () => {
    const first = await cable();
    const { frames, health, isWell } = hosted("serial", { path: near() });
    await isWell();
    await first.end();
    await eventually("the adapter is down", () => health()?.state === "down", 5_000);
    await cable();
    const back = performance.now();
    await isWell();
    expect(performance.now() - back).toBeLessThan(2_000);
    await (await device()).write(text("again\n"));
    await eventually("the line arrives", () => frames.length === 1);
    expect(texts(frames)).toEqual(["again"]);
    expect(health()?.restarts).toBe(0);
  });

  it("says that the port is in use", async () => {
    await cable();
    const other = await serialLines(clock)({ path: near(), baud: 9_600 });
    const { health, isWell } = hosted("serial", { path: near() });
    await eventually("the adapter is down", () => JSON.stringify(health()).includes("in use by another program"));
    await other.close();
    await isWell();
  });
});

describe("the ble adapter with a controller on a pty", () => {
  it("hears a RuuviTag through noble's stack, H4 and the kernel's line discipline", async () => {
    await cable();
    const controller = new VirtualController({ extended: false });
    const line = await device();
    const splitter = new HostSide();
    line.onData((chunk) => {
      for (const packet of splitter.push(chunk)) controller.write(packet);
    });
    controller.on("data", (packet: Buffer) => void line.write(packet));
    const { frames, isWell } = hosted("ble", { device: near() });
    await isWell();
    const data = joined(ad(0x01, "06"), ad(0xff, "99040512fc5394c37c0004fffc040cac364200cdcbb8334c884f"));
    controller.hear(legacyEvent({ address: "CB:B8:33:4C:88:4F", data, rssi: -71 }));
    await eventually("the advert arrives", () => frames.length === 1);
    expect(frames[0]).toMatchObject({ source: "CB:B8:33:4C:88:4F", rssi: -71, payload: { kind: "advert" } });
  });
});

/** The controller's view of H4: it hears commands, where the host hears events. Their length stands in the fourth byte. */
class HostSide {
  #pending = Buffer.alloc(0);

  push(chunk: Uint8Array): Buffer[] {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    const packets: Buffer[] = [];
    while (this.#pending.length >= 4 && this.#pending.length >= 4 + this.#pending[3]!) {
      const length = 4 + this.#pending[3]!;
      packets.push(Buffer.from(this.#pending.subarray(0, length)));
      this.#pending = this.#pending.subarray(length);
    }
    return packets;
  }
}
