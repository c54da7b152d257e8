/** A service whose data begins with what tells its models apart: only those are tried. */

import { describe, expect, it } from "vitest";
import { firstBytes } from "../../../src/library/matching/first-byte.ts";

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
  });

  it.each([
    ["nothing is asked of it", service],
    ["a part of it is", { ...service, prefix: "5?" }],
    ["a masked part of it is", { ...service, bytes: [{ at: 0, mask: 0x7f, is: 0x54 }] }],
    ["it may be all but one", { ...service, bytes: [{ at: 0, not: 0x54 }] }],
    ["another byte is", { ...service, bytes: [{ at: 1, is: 0x54 }] }],
    ["there are two services", { service_data: [0xfd3d, 0x0d00], prefix: "54" }],
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
