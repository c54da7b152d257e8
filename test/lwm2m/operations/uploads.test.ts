import { describe, expect, it } from "vitest";
import { codecOf, Format } from "../../../src/content/index.ts";
import type { BodySink, UploadHandler, Verdict } from "../../../src/lwm2m/index.ts";
import { path } from "../../../src/model/path.ts";
import type { Outcome } from "../../../src/base/outcome.ts";
import { station } from "../../support/station.ts";

const PACKAGE = path(5, 0, 0);
const BLOCK1 = 27;
const SIZE1 = 60;

/** A device that takes firmware, and a record of what it was told. */
async function flashable(options: Partial<BodySink> & { refusal?: Outcome; verdict?: Verdict } = {}) {
  const told: unknown[] = [];
  const handler: UploadHandler = (where, size) => {
    told.push([where, size]);
    if (options.refusal) return options.refusal;
    return {
      ...(options.max !== undefined && { max: options.max }),
      chunk: (bytes, offset) => {
        told.push([offset, bytes.length]);
        return options.chunk?.(bytes, offset);
      },
      done: () => {
        told.push("done");
        return options.verdict;
      },
      aborted: () => told.push("aborted"),
    };
  };
  const here = station({
    fill: (tree, clock) => {
      tree.addInstance(path(5, 0));
      tree.set(path(5, 0, 3), 0, clock.now());
      tree.onUpload(PACKAGE, handler);
    },
  });
  await here.registered();
  /** One block of 64 bytes. */
  const block = (number: number, more: boolean, length = 64, size?: number) =>
    here.server.ask("PUT", {
      path: PACKAGE,
      format: Format.Opaque,
      payload: new Uint8Array(length).fill(number),
      options: [
        { number: BLOCK1, value: Uint8Array.of((number << 4) | (more ? 8 : 0) | 2) },
        ...(size === undefined ? [] : [{ number: SIZE1, value: Uint8Array.of(size >> 8, size & 0xff) }]),
      ],
    });
  return { ...here, told, block };
}

describe("Write of a long opaque value", () => {
  it("reaches its handler block by block, and is answered when that is done", async () => {
    const here = await flashable();
    expect((await here.block(0, true, 64, 150)).code).toBe("2.31");
    expect(here.told).toEqual([
      [PACKAGE, 150],
      [0, 64],
    ]);
    expect((await here.block(1, true)).code).toBe("2.31");
    expect((await here.block(2, false, 22)).code).toBe("2.04");
    expect(here.told.slice(2)).toEqual([[64, 64], [128, 22], "done"]);
    // It is the device's: nothing of it is kept.
    expect(here.tree.get(PACKAGE)).toBeUndefined();
  });

  it("reaches it all the same in one message, and in other formats", async () => {
    const here = await flashable();
    const payload = Uint8Array.of(1, 2, 3);
    expect((await here.server.ask("PUT", { path: PACKAGE, format: Format.Opaque, payload })).code).toBe("2.04");
    const tlv = codecOf(Format.Tlv)!.encode([{ path: PACKAGE, type: "opaque", value: payload }], PACKAGE);
    expect((await here.server.ask("PUT", { path: PACKAGE, format: Format.Tlv, payload: tlv })).code).toBe("2.04");
    expect(here.told).toEqual([[PACKAGE, 3], [0, 3], "done", [PACKAGE, 3], [0, 3], "done"]);
    // An empty one cancels a firmware update (LwM2M Core 1.1 §E.6).
    here.told.length = 0;
    expect((await here.server.ask("PUT", { path: PACKAGE, format: Format.Opaque })).code).toBe("2.04");
    expect(here.told).toEqual([[PACKAGE, 0], "done"]);
  });

  it("is refused at once, in the middle or at the end, with the words of the handler", async () => {
    const early = await flashable({ refusal: { status: "rejected", reason: "busy flashing" } });
    expect(await early.block(0, true)).toMatchObject({ code: "4.00", text: "busy flashing" });
    const middle = await flashable({
      chunk: (_, offset) => (offset > 0 ? { status: "rejected", reason: "no firmware" } : undefined),
    });
    await middle.block(0, true);
    expect(await middle.block(1, true)).toMatchObject({ code: "4.00", text: "no firmware" });
    expect(middle.told.at(-1)).toEqual([64, 64]);
    const late = await flashable({ verdict: { status: "rejected", reason: "wrong signature" } });
    await late.block(0, true);
    expect(await late.block(1, false)).toMatchObject({ code: "4.00", text: "wrong signature" });
    expect(late.told.at(-1)).toBe("done");
  });

  it("is refused with 4.13 if it is longer than the handler takes", async () => {
    const here = await flashable({ max: 100 });
    expect((await here.block(0, true, 64, 150)).code).toBe("4.13");
    expect(here.told).toEqual([[PACKAGE, 150], "aborted"]);
    here.told.length = 0;
    await here.block(0, true);
    expect((await here.block(1, true)).code).toBe("4.13");
    expect(here.told.at(-1)).toBe("aborted");
    const payload = codecOf(Format.Tlv)!.encode(
      [{ path: PACKAGE, type: "opaque", value: new Uint8Array(101) }],
      PACKAGE,
    );
    expect((await here.server.ask("PUT", { path: PACKAGE, format: Format.Tlv, payload })).code).toBe("4.00");
  });

  it("is refused where there is no such Instance, and is a Write like any other elsewhere", async () => {
    const here = await flashable();
    here.tree.removeInstance(path(5, 0));
    here.tree.onUpload(PACKAGE, () => ({ status: "timeout" }));
    expect((await here.block(0, true)).code).toBe("4.04");
    here.tree.addInstance(path(5, 0));
    expect((await here.block(0, true)).code).toBe("5.04");
    const answer = await here.server.ask("PUT", { path: "/5/0/1", format: Format.Opaque, payload: "x" });
    expect(answer.code).toBe("4.00");
  });

  it("tells the handler when the server stays silent", async () => {
    const here = await flashable();
    await here.block(0, true);
    await here.clock.advance(300_000);
    expect(here.told.at(-1)).toBe("aborted");
  });

  it("shows the Resource as writable before anything was written", async () => {
    const here = await flashable();
    expect((await here.server.ask("GET", { path: "/5/0", accept: 40 })).text).toContain("</5/0/0>");
    expect((await here.server.ask("GET", { path: PACKAGE })).code).toBe("4.05");
  });
});
