/** The configuration's JSON Schema, for editors that complete and check while one types. */

import { z } from "zod";
import { AdoptRuleSection, FileSchema } from "./schema.ts";
import { SensorSection } from "./sensors.ts";
import type { SettingsSchema } from "./words.ts";

/** The schema of the whole file. An adapter whose settings are no zod schema takes any. */
export function configSchema(adapters: ReadonlyMap<string, SettingsSchema>): unknown {
  const sections = [...adapters].map(([type, schema]) =>
    schema instanceof z.ZodObject
      ? z.strictObject({ type: z.literal(type), ...schema.shape })
      : z.looseObject({ type: z.literal(type) }),
  );
  const adapter = sections.length > 0 ? z.union(sections) : z.looseObject({ type: z.string() });
  const file = FileSchema.extend({
    adapters: z.record(z.string(), adapter).default({}),
    adopt: z.array(AdoptRuleSection).default([]),
    sensors: z.array(SensorSection).default([]),
  });
  return z.toJSONSchema(file, { io: "input", unrepresentable: "any", target: "draft-7" });
}
