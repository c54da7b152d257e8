/** The settings of a Modbus line or host. */

import { z } from "zod";
import { duration } from "../settings.ts";
import { portSettings } from "../wire/port.ts";

/** Where Modbus TCP listens, unless somebody has moved it (Modbus messaging on TCP/IP §4.2). */
const TCP_PORT = 502;

export const configSchema = z
  .strictObject({
    ...portSettings,
    path: z.string().min(1).optional(),
    host: z
      .string()
      .regex(/^[\w.:%[\]-]{1,253}$/, {
        error: "Expected a name or an address, without a port: that is a key of its own",
      })
      .optional(),
    port: z.int().min(1).max(65_535).default(TCP_PORT),
    /** `rtu`: a serial server that passes on what is on its line, as it is. */
    framing: z.enum(["tcp", "rtu"]).optional(),
    timeout: duration(20, 10_000).optional(),
    pause: duration(0, 10_000).default("0ms"),
    devices: z
      .array(z.strictObject({ unit: z.int().min(0).max(255), definition: z.string().min(1) }))
      .min(1)
      .max(64)
      .refine((devices) => new Set(devices.map(({ unit }) => unit)).size === devices.length, {
        error: "Expected each unit once",
      }),
  })
  .refine(({ path, host }) => (path === undefined) !== (host === undefined), {
    error: "Expected path (a serial line) or host (Modbus TCP)",
  })
  .refine(({ path, framing }) => path === undefined || framing !== "tcp", {
    path: ["framing"],
    error: "Expected rtu, or none: a serial line knows no other",
  })
  .refine((config) => isTcp(config) || config.devices.every(({ unit }) => unit >= 1 && unit <= 254), {
    path: ["devices"],
    error: "Expected units from 1 to 254 on a line: 0 is for all of them, 255 for none",
  });
export type Config = z.infer<typeof configSchema>;

/** How long an answer may take: radio links and gateways take their time. */
export const timeoutOf = (config: Config): string => config.timeout ?? (isTcp(config) ? "2s" : "500ms");

/** Whether it is on the network. */
export const isTcp = ({ host }: { readonly host?: string | undefined }): boolean => host !== undefined;
