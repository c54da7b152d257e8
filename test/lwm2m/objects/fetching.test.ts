/** Packages fetched from a URI by Object 5: over CoAP from a server of ours, over HTTP from one of the test's. */

import { describe, expect, it } from "vitest";
import { Code } from "../../../src/coap/index.ts";
import { objects } from "../../../src/lwm2m/index.ts";
import type { FakeClock } from "../../support/fake-clock.ts";
import { MemoryPackageStore, packageOf } from "../../support/package-store.ts";
import { flashing } from "./flashing.ts";

const [IDLE, DOWNLOADING, DOWNLOADED] = [0, 1, 2];
const URI = "coap://files.example:5683/images/fw%201.bin?model=4&rev=b";

describe("a Package URI", () => {
  it("is fetched block by block as soon as it is written", async () => {
    const here = await flashing();
    expect(await here.uri(URI)).toBe("2.04");
    expect(here.read(1)).toBe(URI);
    await here.clock.advance(100);
    expect(here.state()).toEqual([DOWNLOADED, 0]);
    expect(Buffer.compare(here.store.bytes, here.files.file)).toBe(0);
    expect(here.files.asked[0]).toBe("/images/fw 1.bin?model=4?rev=b");
    expect(here.files.wires[0]?.isOpen).toBe(false);
  });

  it.each([
    ["no uri at all", 7],
    ["coap:///nowhere", 7],
    ["coaps://files.example/fw", 9],
    ["ftp://files.example/fw", 9],
    ["http://files.example/fw", 9],
  ])("%s is written, and then told to be of no use: result %i", async (text, result) => {
    const here = await flashing();
    expect(await here.uri(text)).toBe("2.04");
    await here.clock.advance(100);
    expect(here.state()).toEqual([IDLE, result]);
    expect(here.files.asked).toEqual([]);
  });

  it("longer than 255 bytes is refused", async () => {
    const here = await flashing();
    expect(await here.uri(`coap://files.example/${"x".repeat(255)}`)).toBe("4.00");
    expect(here.state()).toEqual([IDLE, 0]);
  });

  it.each([Code.NotFound, Code.Forbidden, Code.MethodNotAllowed])(
    "behind which there is nothing (code %i) ends with result 7",
    async (code) => {
      const here = await flashing();
      here.files.code = code;
      await here.uri(URI);
      await here.clock.advance(100);
      expect(here.state()).toEqual([IDLE, 7]);
    },
  );

  it("with a percent that stands for nothing ends with result 7", async () => {
    const here = await flashing();
    await here.uri("coap://files.example/%zz");
    await here.clock.advance(100);
    expect(here.state()).toEqual([IDLE, 7]);
  });

  it("is not taken while another package comes, and may be cancelled", async () => {
    const here = await flashing();
    here.files.hears = (index) => index < 2;
    await here.uri(URI);
    expect(await here.uri("coap://files.example/other")).toBe("4.05");
    expect(await here.execute(10)).toBe("2.04");
    expect(here.state()).toEqual([IDLE, 10]);
    here.files.hears = () => true;
    const asked = here.files.asked.length;
    await here.clock.advance(3_600_000);
    expect(here.files.asked.length).toBe(asked);
    expect([here.store.size, here.files.wires.length]).toEqual([0, 1]);
  });
});

describe("a file server that fails", () => {
  it("by losing every third datagram, is asked again and again", async () => {
    const here = await flashing();
    here.files.hears = (index) => index % 3 !== 2;
    await here.uri(URI);
    await here.clock.advance(60_000);
    expect(here.state()).toEqual([DOWNLOADED, 0]);
    expect(Buffer.compare(here.store.bytes, here.files.file)).toBe(0);
  });

  it("by falling silent in the middle, is gone on with from there once it is back", async () => {
    const here = await flashing();
    here.files.hears = (index) => index < 3;
    await here.uri(URI);
    await here.clock.advance(1_000);
    const there = here.store.size;
    expect(there).toBeGreaterThan(1_000);
    here.files.hears = () => false;
    await here.clock.advance(120_000);
    expect(here.state()).toEqual([DOWNLOADING, 0]);
    const sizes: number[] = [];
    const { write } = here.store;
    here.store.write = (bytes, offset) => {
      sizes.push(offset);
      return write.call(here.store, bytes, offset);
    };
    here.files.hears = () => true;
    await here.clock.advance(300_000);
    expect(here.state()).toEqual([DOWNLOADED, 0]);
    expect(Buffer.compare(here.store.bytes, here.files.file)).toBe(0);
    expect(sizes[0]).toBeGreaterThanOrEqual(there - 1_024);
    expect(sizes[0]).toBeGreaterThan(0);
  });

  it("for good, is given up after eight tries in a row without a byte: result 4", async () => {
    const here = await flashing();
    here.files.hears = (index) => index < 3 && here.files.wires.length === 1;
    await here.uri(URI);
    await here.clock.advance(3_600_000);
    expect(here.state()).toEqual([IDLE, 4]);
    expect(here.store.size).toBe(0);
    expect(here.files.wires.length).toBe(9);
  });

  it("with 5.03 is asked again later", async () => {
    const here = await flashing();
    here.files.code = Code.ServiceUnavailable;
    await here.uri(URI);
    await here.clock.advance(3_000);
    expect(here.state()).toEqual([DOWNLOADING, 0]);
    here.files.code = undefined;
    await here.clock.advance(10_000);
    expect(here.state()).toEqual([DOWNLOADED, 0]);
  });

  it("by having another file in the middle, is begun anew: never a mixture", async () => {
    const here = await flashing();
    here.files.hears = (index) => {
      if (index === 3 && here.files.wires.length === 1) here.files.change(packageOf(4_200, 77));
      return true;
    };
    await here.uri(URI);
    await here.clock.advance(60_000);
    expect(here.state()).toEqual([DOWNLOADED, 0]);
    expect(Buffer.compare(here.store.bytes, packageOf(4_200, 77))).toBe(0);
  });

  it("by having another file after an interruption, is begun anew as well", async () => {
    const here = await flashing();
    here.files.hears = (index) => index < 3;
    await here.uri(URI);
    await here.clock.advance(1_000);
    here.files.change(packageOf(1_500, 3));
    here.files.hears = () => true;
    await here.clock.advance(300_000);
    expect(here.state()).toEqual([DOWNLOADED, 0]);
    expect(Buffer.compare(here.store.bytes, packageOf(1_500, 3))).toBe(0);
  });

  it("by having another file each time, is given up: result 4", async () => {
    const here = await flashing();
    let seed = 10;
    here.files.hears = (index) => {
      if (index === 2) here.files.change(packageOf(5_000, (seed += 1)));
      return true;
    };
    await here.uri(URI);
    await here.clock.advance(3_600_000);
    expect([here.state(), here.files.wires.length, seed]).toEqual([[IDLE, 4], 12, 16]);
  });

  it("by sending more than there is room for ends with result 2", async () => {
    const here = await flashing({ store: new MemoryPackageStore(3_000) });
    await here.uri(URI);
    await here.clock.advance(100);
    expect(here.state()).toEqual([IDLE, 2]);
    expect(here.files.wires.length).toBe(1);
  });

  it("while the disk fills up ends with result 2, and with no memory left 3", async () => {
    for (const [trouble, result] of [
      ["no-space", 2],
      ["no-memory", 3],
    ] as const) {
      const here = await flashing();
      here.store.trouble = trouble;
      await here.uri(URI);
      await here.clock.advance(100);
      expect(here.state()).toEqual([IDLE, result]);
    }
  });
});

/** An HTTP server in memory: pieces of 500 bytes, with ranges and a validator unless told otherwise. */
class Web {
  file = packageOf(5_000);
  etag: string | null = '"v1"';
  ranges = true;
  status: number | undefined;
  /** After so many pieces of an answer the connection breaks; undefined: it does not. */
  breaksAfter: number | undefined;
  /** Whether it falls silent instead. */
  hangs = false;
  readonly asked: Readonly<Record<string, string>>[] = [];
  open = 0;

  readonly fetch: objects.FetchFunction = (_, { headers, signal }) => {
    this.asked.push(headers);
    const from = Number(/^bytes=(\d+)-$/.exec(headers["range"] ?? "")?.[1] ?? 0);
    const partial = from > 0 && this.ranges && headers["if-range"] === this.etag;
    const body = this.file.subarray(partial ? from : 0);
    const fields: Record<string, string | null> = {
      etag: this.etag,
      "content-length": String(body.length),
      "content-range": partial ? `bytes ${from}-${this.file.length - 1}/${this.file.length}` : null,
    };
    const answer = {
      status: this.status ?? (partial ? 206 : 200),
      headers: { get: (name: string) => fields[name] ?? null },
      body: this.#pieces(body, signal),
    };
    return Promise.resolve(answer);
  };

  async *#pieces(body: Uint8Array, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    this.open += 1;
    try {
      for (let at = 0, piece = 0; at < body.length; at += 500, piece++) {
        if (piece === this.breaksAfter && this.hangs)
          await new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
        if (piece === this.breaksAfter) throw new Error("socket hang up");
        yield await Promise.resolve(body.subarray(at, at + 500));
      }
    } finally {
      this.open -= 1;
    }
  }
}

async function browsing(web = new Web(), store = new MemoryPackageStore()) {
  // The clock is the station's, which is made after the fetchers.
  const made = (clock: FakeClock) => objects.httpFetcher(web.fetch, clock);
  const here = await flashing({ store, web: made });
  return { ...here, web };
}

describe("HTTP", () => {
  it("brings a package as a stream, and is shown as a protocol", async () => {
    const here = await browsing();
    expect([here.read(9)]).toEqual([2]);
    expect((await here.server.ask("GET", { path: "/5/0/8", accept: 110 })).text).toContain('"v":2},{"n":"1","v":3}');
    await here.uri("https://files.example/fw.bin");
    await here.clock.advance(100);
    expect(here.state()).toEqual([DOWNLOADED, 0]);
    expect(Buffer.compare(here.store.bytes, here.web.file)).toBe(0);
    expect(here.web.asked).toEqual([{ "accept-encoding": "identity" }]);
  });

  it("that breaks in the middle goes on with a Range, as long as the validator holds", async () => {
    const web = new Web();
    web.breaksAfter = 4;
    const here = await browsing(web);
    await here.uri("http://files.example/fw.bin");
    await here.clock.advance(60_000);
    expect(here.state()).toEqual([DOWNLOADED, 0]);
    expect(Buffer.compare(here.store.bytes, web.file)).toBe(0);
    expect(web.asked[1]).toEqual({ "accept-encoding": "identity", range: "bytes=1999-", "if-range": '"v1"' });
  });

  it("that falls silent is given a minute, then asked to go on", async () => {
    const web = new Web();
    web.breaksAfter = 2;
    web.hangs = true;
    const here = await browsing(web);
    await here.uri("http://files.example/fw.bin");
    await here.clock.advance(59_000);
    expect(web.asked).toHaveLength(1);
    web.breaksAfter = undefined;
    await here.clock.advance(10_000);
    expect(here.state()).toEqual([DOWNLOADED, 0]);
    expect(web.asked).toHaveLength(2);
  });

  it.each([
    ["another file", (web: Web) => Object.assign(web, { file: packageOf(4_000, 8), etag: '"v2"' })],
    ["no ranges", (web: Web) => Object.assign(web, { ranges: false })],
    ["no validator any more", (web: Web) => Object.assign(web, { etag: null, ranges: false })],
  ])("with %s after the break begins anew", async (_, change) => {
    const web = new Web();
    web.breaksAfter = 4;
    const here = await browsing(web);
    await here.uri("http://files.example/fw.bin");
    web.breaksAfter = undefined;
    change(web);
    await here.clock.advance(60_000);
    expect(here.state()).toEqual([DOWNLOADED, 0]);
    expect(Buffer.compare(here.store.bytes, web.file)).toBe(0);
  });

  it.each(['W/"weak"', null])("with the validator %s never goes on in the middle", async (etag) => {
    const web = new Web();
    web.etag = etag;
    web.breaksAfter = 4;
    const here = await browsing(web);
    await here.uri("http://files.example/fw.bin");
    web.breaksAfter = undefined;
    await here.clock.advance(10_000);
    expect(here.state()).toEqual([DOWNLOADED, 0]);
    expect(web.asked.every((headers) => !("range" in headers))).toBe(true);
  });

  it.each([
    [404, [IDLE, 7]],
    [410, [IDLE, 7]],
    [401, [IDLE, 7]],
    [503, [DOWNLOADING, 0]],
    [429, [DOWNLOADING, 0]],
  ])("with status %i is at %o", async (status, state) => {
    const web = new Web();
    web.status = status;
    const here = await browsing(web);
    await here.uri("http://files.example/fw.bin");
    await here.clock.advance(1_000);
    expect(here.state()).toEqual(state);
  });

  it("with less than it announced is asked for the rest, and given up in the end", async () => {
    const web = new Web();
    const { fetch } = web;
    const here = await browsing(
      Object.assign(web, {
        fetch: async (uri: string, init: Parameters<typeof fetch>[1]) => {
          const answer = await fetch(uri, init);
          const get = (name: string) => (name === "content-length" ? "9000" : answer.headers.get(name));
          return { ...answer, headers: { get } };
        },
      }),
    );
    await here.uri("http://files.example/fw.bin");
    await here.clock.advance(3_600_000);
    expect(here.state()).toEqual([IDLE, 4]);
  });

  it("that announces more than there is room for is left at once: result 2", async () => {
    const here = await browsing(new Web(), new MemoryPackageStore(3_000));
    await here.uri("http://files.example/fw.bin");
    await here.clock.advance(100);
    expect(here.state()).toEqual([IDLE, 2]);
    expect(here.web.open).toBe(0);
  });

  it("is left when the server cancels", async () => {
    const web = new Web();
    web.breaksAfter = 2;
    web.hangs = true;
    const here = await browsing(web);
    await here.uri("http://files.example/fw.bin");
    await here.execute(10);
    await here.clock.advance(100);
    expect([here.state(), web.open, here.store.size]).toEqual([[IDLE, 10], 0, 0]);
  });
});
