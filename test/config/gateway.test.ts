/** How sensors are found, and where the gateway stands, as the configuration says it. */

import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/config/index.ts";

const secrets = { env: () => undefined, file: () => "" };

function read(gateway: string) {
  const text = `gateway: ${gateway}\nserver: { uri: "coap://127.0.0.1:5683" }\n`;
  return readConfig(text, "/etc/isthmus/isthmus.yaml", { adapters: new Map(), secrets });
}

describe("the section gateway", () => {
  it.each(["endpoints", "object25", "both"])("takes the mode %s", (mode) => {
    expect(read(`{ mode: ${mode} }`).config?.gateway).toEqual({ mode, allowReboot: false });
  });

  it("names the modes there are where another is given", () => {
    const { config, problems } = read("{ mode: object26 }");
    expect(config).toBeUndefined();
    expect(problems.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      expect.stringMatching(/^gateway\.mode: .*endpoints, object25, both/),
    ]);
  });

  it("takes a place, with or without its height", () => {
    expect(read("{ latitude: 48.137, longitude: 11.575 }").config?.gateway.place).toEqual({
      latitude: 48.137,
      longitude: 11.575,
    });
    expect(read("{ latitude: -33.9, longitude: 151.2, altitude: 58 }").config?.gateway.place).toMatchObject({
      altitude: 58,
    });
    expect(read("{}").config?.gateway).toEqual({ allowReboot: false });
  });

  it.each([
    "{ latitude: 48 }",
    "{ longitude: 11 }",
    "{ latitude: 91, longitude: 0 }",
    "{ latitude: north, longitude: 0 }",
  ])("refuses %s", (gateway) => {
    expect(read(gateway).problems.length).toBeGreaterThan(0);
  });
});
