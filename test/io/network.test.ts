/** How a machine is connected, from what the system says of its interfaces. */

import { describe, expect, it } from "vitest";
import { networkFacts, systemInterfaces } from "../../src/io/network.ts";

const at = (address: string, more: { internal?: boolean; scopeid?: number } = {}) => ({
  address,
  internal: false,
  ...more,
});

describe("interfaces", () => {
  it("tell bearer and addresses; the machine's own and those of the link alone are left out", () => {
    expect(
      networkFacts({
        lo: [at("127.0.0.1", { internal: true })],
        eth0: [at("192.0.2.7"), at("fe80::1", { scopeid: 2 }), at("2001:db8::7", { scopeid: 0 })],
      }),
    ).toEqual({ bearer: 41, available: [41], addresses: ["192.0.2.7", "2001:db8::7"] });
  });

  it("put the wire first, and know WLAN by its names", () => {
    expect(networkFacts({ wlan0: [at("192.0.2.8")], end0: [at("192.0.2.7")] })).toMatchObject({
      bearer: 41,
      available: [41, 21],
    });
    for (const name of ["wlan0", "wlp3s0", "wlx00c0"])
      expect(networkFacts({ [name]: [at("192.0.2.8")] })).toMatchObject({ bearer: 21, available: [21] });
  });

  it("that lead nowhere are none, and many are cut", () => {
    expect(networkFacts({ lo: [at("127.0.0.1", { internal: true })], eth0: [], wlan0: undefined })).toBeUndefined();
    const many = Array.from({ length: 40 }, (_, i) => at(`192.0.2.${i}`));
    expect(networkFacts({ eth0: many })?.addresses).toHaveLength(8);
  });

  it("of this machine can be read", () => {
    expect(Object.values(systemInterfaces()).flat().length).toBeGreaterThanOrEqual(0);
  });
});
