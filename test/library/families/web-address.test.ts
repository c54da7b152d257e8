/** The packed web address of Eddystone-URL (github.com/google/eddystone, eddystone-url): scheme, text, endings. */

import { describe, expect, it } from "vitest";
import { fromHex } from "../../../src/base/bytes.ts";
import { layoutOf } from "../../../src/library/framing/binary/layout.ts";
import { webAddress } from "../../../src/library/framing/binary/texts.ts";

const read = (hex: string) => webAddress(fromHex(hex));
const hexOf = (text: string) => Buffer.from(text, "latin1").toString("hex");

describe("a packed web address", () => {
  it("begins with one of four schemes", () => {
    expect(read("0061")).toBe("http://www.a");
    expect(read("0161")).toBe("https://www.a");
    expect(read("0261")).toBe("http://a");
    expect(read("0361")).toBe("https://a");
  });

  it("has endings in one byte, with a slash and without, wherever they stand", () => {
    expect(read("0261000102030405060708090a0b0c0d")).toBe(
      "http://a.com/.org/.edu/.net/.info/.biz/.gov/.com.org.edu.net.info.biz.gov",
    );
    expect(read(`02${hexOf("google")}07`)).toBe("http://google.com");
  });

  it("may be a scheme and nothing else", () => {
    expect(read("03")).toBe("https://");
  });

  it("is not available if its scheme or one of its characters is none", () => {
    expect(read("")).toBeNull();
    expect(read("0461")).toBeNull();
    for (const byte of ["0e", "1f", "20", "7f", "80", "ff"]) expect(read(`0261${byte}`)).toBeNull();
  });

  it("goes on to the end of what there is, and never beyond", () => {
    const layout = layoutOf({ type: "eddystone.url", at: 2 });
    if (typeof layout === "string") throw new Error(layout);
    const bytes = fromHex("10ee0261ffff");
    const view = new DataView(bytes.buffer, bytes.byteOffset, 4);
    expect(layout.read(view, 2)).toBe("http://a");
  });

  it("is a text of what can be seen or nothing, whatever the bytes", () => {
    let seed = 7;
    for (let i = 0; i < 2_000; i++) {
      const bytes = Uint8Array.from({ length: i % 20 }, () => (seed = (seed * 1_103_515_245 + 12_345) >>> 0) >>> 24);
      const text = webAddress(bytes);
      if (text !== null) expect(text).toMatch(/^https?:\/\/[\x21-\x7e]*$/);
    }
  });
});
