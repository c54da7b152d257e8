/** Recording what a running gateway hears: over the API, and with `isthmus device record`. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readRecordedLine } from "../../src/adapters/index.ts";
import { ruuvi, TAG } from "../gateway/rig.ts";
import { FakeSurroundings } from "../support/fake-surroundings.ts";
import { HttpRig } from "./rig.ts";

describe("the frames that a gateway hears", () => {
  let rig: HttpRig;
  beforeEach(async () => {
    rig = await HttpRig.start();
  });
  afterEach(() => rig.served.close());

  /** Speaks until somebody has heard enough. */
  async function speaking<T>(heard: Promise<T>): Promise<T> {
    const still = { speaking: true };
    void heard.finally(() => (still.speaking = false));
    while (still.speaking) {
      await rig.gateway.heard(`radio/${TAG}`, ruuvi(), -60);
      await rig.gateway.heard("sim/sim-1", { kind: "fields", fields: { model: "climate", temperature: 22 } });
      await new Promise((resolve) => setImmediate(resolve));
    }
    return heard;
  }

  const recorded = async (line: string) => {
    const console = new FakeSurroundings();
    const code = await speaking(console.run(`device record --url ${rig.served.url} ${line}`));
    return { code, frames: console.out.split("\n").filter((each) => each !== ""), err: console.err };
  };

  it("can be recorded, and read again as they were", async () => {
    const { code, frames } = await recorded("-n 4");
    expect(code).toBe(0);
    expect(frames).toHaveLength(4);
    const sources = frames.map((line) => readRecordedLine(line).source);
    expect(new Set(sources)).toEqual(new Set([TAG, "sim-1"]));
    const advert = frames.map(readRecordedLine).find(({ source }) => source === TAG);
    expect(advert).toMatchObject({ rssi: -60, payload: ruuvi() });
  });

  it("can be those of one source, with its adapter's name or without", async () => {
    for (const source of ["sim-1", "sim/sim-1"]) {
      const { frames } = await recorded(`-n 2 --source ${source}`);
      expect(frames.map((line) => readRecordedLine(line).source)).toEqual(["sim-1", "sim-1"]);
    }
  });

  it("are not followed by more than four at once, and their places are free again", async () => {
    const ended = Array.from({ length: 4 }, () => new AbortController());
    const url = `${rig.served.url}api/frames`;
    for (const { signal } of ended) expect((await fetch(url, { signal })).status).toBe(200);
    expect((await fetch(url)).status).toBe(503);
    for (const each of ended) each.abort();
    let status = 503;
    for (let i = 0; i < 100 && status === 503; i++) {
      const last = new AbortController();
      status = (await fetch(url, { signal: last.signal })).status;
      last.abort();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(status).toBe(200);
  });

  it("end with Ctrl-C, and cost nothing but words where they cannot be had", async () => {
    const console = new FakeSurroundings();
    const ended = console.run(`device record --url ${rig.served.url}`);
    await speaking(
      new Promise<void>((resolve) => {
        const look = () => (console.out === "" ? setImmediate(look) : resolve());
        look();
      }),
    );
    console.process.emit("SIGINT");
    expect(await ended).toBe(0);
    expect((await recorded("-n none")).err).toContain('"none" is no number of frames');
    const nobody = new FakeSurroundings();
    expect(await nobody.run("device record --url http://127.0.0.1:1")).toBe(69);
    expect(nobody.err).toContain("no daemon is running");
  });
});
