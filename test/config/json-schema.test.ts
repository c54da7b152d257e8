/** What editors are told of the configuration. */

import { describe, expect, it } from "vitest";
import { z } from "zod";
import { configSchema } from "../../src/config/index.ts";

describe("the JSON Schema of the configuration", () => {
  const schema = configSchema(
    new Map<string, { parse(input: unknown): unknown }>([
      ["serial", z.strictObject({ path: z.string(), baud: z.int().default(9600) })],
      ["foreign", { parse: (input) => input }],
    ]),
  );

  it("refuses unknown keys and knows every section", () => {
    expect(schema).toMatchObject({ type: "object", additionalProperties: false });
    expect(Object.keys(z.object({ properties: z.looseObject({}) }).parse(schema).properties)).toEqual(
      expect.arrayContaining(["gateway", "server", "servers", "http", "adapters", "adopt", "sensors", "lab", "log"]),
    );
  });

  it("offers an adapter's own settings beside its type", () => {
    const text = JSON.stringify(schema);
    expect(text).toContain('"const":"serial"');
    expect(text).toContain('"baud"');
    expect(text).toContain('"const":"foreign"');
  });

  it("is plain data", () => {
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  });
});
