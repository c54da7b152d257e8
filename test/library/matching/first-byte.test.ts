/** A service or a company whose data begins with what tells its models apart: only those are tried. */

import { describe, expect, it, vi } from "vitest";
import { goldenFrame } from "../../../src/library/golden-frame.ts";
import { loadDevices } from "../../../src/library/load.ts";
import { Search } from "../../../src/library/matching/search.ts";
import { advertOf, rules } from "./rules.ts";
import { firstBytes, makersFirstBytes } from "../../../src/library/matching/first-byte.ts";

const read = { bytes: "ble.service_data" } as const;
const service = { service_data: 0xfd3d };

describe("what the data of a service must begin with", () => {
  it("is told by the condition on its first byte, or by a prefix", () => {
    expect(firstBytes({ ...service, bytes: [{ at: 0, is: 0x54 }] }, read)).toEqual([0x54]);
    expect(
      firstBytes(
        {
          ...service,
          bytes: [
            { at: 4, is: 1 },
            { at: 0, is: [0x69, 0x70] },
          ],
        },
        read,
      ),
    ).toEqual([0x69, 0x70]);
    expect(firstBytes({ ...service, prefix: "54 0?" }, read)).toEqual([0x54]);
    expect(firstBytes({ ...service, manufacturer: 0x0969, prefix: "54" }, read)).toEqual([0x54]);
    expect(firstBytes({ service_data: [0xfd3d, 0x0d00], prefix: "54" }, read)).toEqual([0x54]);
  });

  it.each([
    ["nothing is asked of it", service],
    ["a part of it is", { ...service, prefix: "5?" }],
    ["a masked part of it is", { ...service, bytes: [{ at: 0, mask: 0x7f, is: 0x54 }] }],
    ["it may be all but one", { ...service, bytes: [{ at: 0, not: 0x54 }] }],
    ["another byte is", { ...service, bytes: [{ at: 1, is: 0x54 }] }],
    ["there is no service", { services: [0xfd3d], prefix: "54" }],
  ])("is anything if %s", (_what, ble) => {
    expect(firstBytes(ble, read)).toBeUndefined();
  });

  it("is anything if the conditions speak of the maker's section", () => {
    expect(
      firstBytes({ ...service, manufacturer: 0x0969, prefix: "54" }, { bytes: "ble.manufacturer" }),
    ).toBeUndefined();
  });
});

describe("what the data of a maker must begin with", () => {
  const maker = { manufacturer: 0x0969, prefix: "54 ??" };

  it("is told in the same way, where the conditions speak of it", () => {
    for (const frame of [{ bytes: "ble.manufacturer" }, { bytes: "ble.manufacturer.raw" }, {}] as const)
      expect(makersFirstBytes(maker, frame)).toEqual([0x54]);
    expect(makersFirstBytes({ ...maker, ...service }, { bytes: "ble.manufacturer" })).toEqual([0x54]);
    expect(makersFirstBytes({ manufacturer: [1, 2], bytes: [{ at: 0, is: [3, 4] }] }, {})).toEqual([3, 4]);
  });

  it("is anything where they speak of a service, or nothing is asked", () => {
    expect(makersFirstBytes({ ...maker, ...service }, read)).toBeUndefined();
    expect(makersFirstBytes({ ...service, prefix: "54" }, read)).toBeUndefined();
    expect(makersFirstBytes({ manufacturer: 0x0969 }, {})).toBeUndefined();
    expect(makersFirstBytes({ ...maker, prefix: "?4" }, {})).toBeUndefined();
  });
});

describe("models of one maker that a byte tells apart", () => {
  const match = rules(
    "{ ble: { manufacturer: 0x1234, prefix: '54' } }",
    "{ ble: { manufacturer: 0x1234, prefix: '69' } }",
    "{ ble: { manufacturer: 0x1234 } }",
  );

  it("are each found by their own byte, and what has another is of the one that asks for none", () => {
    const of = (...bytes: number[]) => match(advertOf({ manufacturer: [[0x1234, bytes]] }));
    expect([of(0x54, 1), of(0x69), of(0x55), of()]).toEqual([0, 1, 2, 2]);
    expect(match(advertOf({ manufacturer: [[0x1235, [0x54]]] }))).toBeUndefined();
  });

  it("are told by the newest of two sections", () => {
    const both = (first: number, last: number) =>
      match(
        advertOf({
          manufacturer: [
            [0x1234, [first]],
            [0x1234, [last]],
          ],
        }),
      );
    expect([both(0x54, 0x69), both(0x69, 0x54), both(0x54, 0)]).toEqual([1, 0, 2]);
  });
});

describe("models of two services that a byte tells apart", () => {
  const match = rules(
    "{ ble: { service_data: [0xFD3D, 0x0D00], prefix: '54' } }",
    "{ ble: { service_data: [0xFD3D, 0x0D00], prefix: '69' } }",
  );

  it("are found under either, and by the first of them where an advert has both", () => {
    const of = (services: Record<string, number[]>) => match(advertOf({ services }));
    expect([of({ fd3d: [0x54] }), of({ "0d00": [0x69] }), of({ "0d00": [0x55] })]).toEqual([0, 1, undefined]);
    expect(of({ "0d00": [0x69], fd3d: [0x54] })).toBe(0);
    expect(of({ "0d00": [0x69], fd3d: [0x55] })).toBeUndefined();
  });
});

describe("a company of which some bits are open", () => {
  it("is each of those that fit, be they few or many", () => {
    const match = rules(
      "{ ble: { manufacturer: { mask: 0xFFF9, is: 0x9B90 }, length: 1 } }",
      "{ ble: { manufacturer: { mask: 0x00FF, is: 0x00C0 }, length: 1 } }",
    );
    const of = (company: number) => match(advertOf({ manufacturer: [[company, [1]]] }));
    expect([0x9b90, 0x9b92, 0x9b94, 0x9b96].map(of)).toEqual([0, 0, 0, 0]);
    expect([0x9b91, 0x9b98, 0x9a90].map(of)).toEqual([undefined, undefined, undefined]);
    expect([0x00c0, 0xffc0, 0xffc1].map(of)).toEqual([1, 1, undefined]);
  });
});

describe("the definitions that are tried for an advert", () => {
  it("are few, of all that there are", () => {
    const { library } = loadDevices();
    const frames = [...library.compiled()].flatMap(({ definition }) =>
      definition.tests.flatMap((test) => goldenFrame(definition, test) ?? []),
    );
    const adverts = frames.filter(({ payload }) => payload.kind === "advert");
    const tried = vi.spyOn(Search.prototype, "offer");
    for (const frame of adverts) library.match(frame);
    const each = tried.mock.calls.length / adverts.length;
    tried.mockRestore();
    expect(adverts.length).toBeGreaterThan(1_000);
    expect(each).toBeLessThan(8);
  });
});
