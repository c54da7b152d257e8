import { describe, expect, it } from "vitest";
import { Format } from "../../../src/content/index.ts";
import { path } from "../../../src/model/path.ts";
import {
  type BenchOptions,
  BootstrapBench,
  encoded,
  ENDPOINT,
  security,
  server,
  type Values,
} from "../../support/bootstrap-bench.ts";

const ONE = "coap://one:5683";
const TWO = "coap://two:5683";
const LWM2M_CBOR = 11_544;
const PACK: Values = { ...security(3, 101, ONE), ...server(3, 101) };

interface PackOptions extends BenchOptions {
  /** How `GET /bspack` is answered. */
  readonly answer: { readonly code: number; readonly format?: number; readonly payload?: Uint8Array } | undefined;
}

async function started({ answer, ...options }: PackOptions): Promise<BootstrapBench> {
  const bench = new BootstrapBench({ ...options, bootstrap: { version: "1.2", ...options.bootstrap } });
  bench.bs.verdict = (request) => (request.path === "/bspack" ? answer : bench.bs.grant(request));
  return bench.started();
}

const pack = (values: Values, format: number) => ({ code: 0x45, format, payload: encoded("/", values, format) });

describe("a Bootstrap-Pack (LwM2M Core 1.2 §6.1.7.7, ETS int-12)", () => {
  it.each([Format.SenmlCbor, Format.SenmlJson, LWM2M_CBOR])("brings all at once in format %i", async (format) => {
    const bench = await started({ answer: pack(PACK, format) });
    expect(bench.bs.log).toEqual([`GET /bspack?ep=${ENDPOINT}`]);
    expect(bench.bs.requests[0]?.message.options.at(-1)).toEqual({ number: 17, value: Uint8Array.of(112) });
    await bench.clock.advance(10);
    expect(bench.client.registrations).toMatchObject([{ state: "registered", server: ONE, shortServerId: 101 }]);
    expect(bench.server(ONE).log[0]).toContain("lwm2m=1.2");
  });

  it("takes the place of the Objects that it brings, and of no others", async () => {
    const accounts = [{ uri: TWO, lifetime: 300, shortServerId: 7 }];
    const access = [{ instance: 0, object: 3, objectInstance: 0, rights: new Map([[0, 1]]), owner: 65_535 }];
    const bench = await started({ answer: pack(PACK, Format.SenmlCbor), accounts, access });
    bench.client.bootstrap();
    await bench.clock.advance(10);
    expect(bench.provisions[0]?.accounts.map(({ uri }) => uri)).toEqual([ONE]);
    expect(bench.provisions[0]?.access).toEqual(access);
    expect(bench.provisions[0]?.bootstrap?.uri).toBe("coap://bs:5783");
    expect(bench.tree.hasInstance(path(3303, 0))).toBe(true);
  });

  it.each([
    ["4.04", 0x84],
    ["4.05", 0x85],
    ["4.00", 0x80],
    ["4.06", 0x86],
    ["5.01", 0xa1],
  ])("E72: where it is answered %s, the client asks the other way at once", async (_, code) => {
    const bench = await started({ answer: { code } });
    expect(bench.bs.log).toEqual([`GET /bspack?ep=${ENDPOINT}`, `POST /bs?ep=${ENDPOINT}&pct=112`]);
    await bench.provide(1, ONE);
    expect((await bench.finish()).code).toBe("2.04");
  });

  it("E72: is asked for no more once it was refused", async () => {
    const bench = await started({ answer: { code: 0x84 } });
    await bench.clock.advance(300_000);
    expect(bench.bs.log.filter((line) => line.startsWith("GET"))).toHaveLength(1);
    expect(bench.bs.log.length).toBeGreaterThan(2);
  });

  it.each<[string, PackOptions["answer"]]>([
    ["is malformed", { code: 0x45, format: Format.SenmlCbor, payload: Uint8Array.of(0x81, 0xff) }],
    ["comes in text", { code: 0x45, format: Format.Text, payload: Uint8Array.of(0x31) }],
    ["comes in TLV, which names no Objects", { code: 0x45, format: Format.Tlv, payload: Uint8Array.of(0xc1, 0, 1) }],
    ["comes in no format", { code: 0x45, payload: Uint8Array.of(0x80) }],
    ["is empty", { code: 0x45, format: Format.SenmlJson, payload: new Uint8Array(Buffer.from("[]")) }],
    ["lacks the way to a server", pack(server(3, 101), Format.SenmlCbor)],
  ])("is not taken if it %s: the client asks the other way (§6.1.6)", async (_, answer) => {
    const bench = await started({ answer });
    expect(bench.bs.log).toHaveLength(2);
    expect(bench.provisions).toEqual([]);
    expect(bench.client.bootstrapSnapshot?.lastError).toContain("Bootstrap-Pack");
  });

  it("may come in blocks", async () => {
    const many = [1, 2, 3, 4, 5, 6].reduce<Values>(
      (all, n) => ({ ...all, ...security(n, n, ONE), ...server(n, n) }),
      {},
    );
    const whole = encoded("/", many, Format.SenmlJson);
    const bench = new BootstrapBench({ bootstrap: { version: "1.2" } });
    bench.bs.verdict = (request) => {
      if (request.path !== "/bspack") return bench.bs.grant(request);
      const at = request.message.options.find(({ number }) => number === 23)?.value[0] ?? 6;
      const start = (at >> 4) * 1_024;
      const more = start + 1_024 < whole.length;
      const block2 = Uint8Array.of((at & 0xf0) | (more ? 8 : 0) | 6);
      return {
        code: 0x45,
        format: Format.SenmlJson,
        payload: whole.slice(start, start + 1_024),
        options: [{ number: 23, value: block2 }],
      };
    };
    await bench.started();
    expect(bench.provisions[0]?.accounts).toHaveLength(6);
  });

  it("is not asked for where LwM2M 1.1 is spoken", async () => {
    const bench = await started({ answer: pack(PACK, Format.SenmlCbor), bootstrap: { version: "1.1" } });
    expect(bench.bs.log).toEqual([`POST /bs?ep=${ENDPOINT}&pct=112`]);
  });

  it("is asked for again after silence only in the other way: an old server may be silent to what it does not know", async () => {
    const bench = await started({ answer: undefined });
    await bench.clock.advance(120_000);
    expect(bench.bs.log.at(-1)).toBe(`POST /bs?ep=${ENDPOINT}&pct=112`);
  });
});
