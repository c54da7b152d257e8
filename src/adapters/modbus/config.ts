/** The settings of a Modbus line or host. */

import { z } from "zod";
import { duration, milliseconds } from "../settings.ts";
import { portSettings } from "../wire/port.ts";
import type { RegisterRead } from "./poller.ts";

/** Where Modbus TCP listens, unless somebody has moved it (Modbus messaging on TCP/IP §4.2). */
const TCP_PORT = 502;

/** Registers of a device that no definition knows yet, so that frames of it can be recorded: `4:0x0000+40`. */
const READ = /^([1-4]):0x([0-9A-Fa-f]{1,4})\+(\d{1,3})$/;
/** What one request may ask for (Modbus application protocol §6.3, §6.4). */
const MOST = 125;

const read = z
  .string()
  .regex(READ, { error: 'Expected a function code, the first address and how many, such as "4:0x0000+40"' })
  .refine((text) => countOf(text) >= 1 && countOf(text) <= MOST, {
    error: `Expected 1 to ${MOST} registers in one request`,
  });

const countOf = (text: string) => Number(READ.exec(text)?.[3] ?? 0);

const device = z
  .strictObject({
    unit: z.int().min(0).max(255),
    definition: z.string().min(1).optional(),
    reads: z.array(read).min(1).max(16).optional(),
    poll: duration(1_000, 86_400_000).optional(),
  })
  .refine(({ definition, reads }) => (definition === undefined) !== (reads === undefined), {
    error: "Expected definition, or reads for a device that none is written for yet",
  })
  .refine(({ definition, poll }) => definition === undefined || poll === undefined, {
    path: ["poll"],
    error: "Expected none: how often is said by the definition",
  });

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
      .array(device)
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

/** What is asked of a device without a definition; empty for one that has one. */
export function readsOf({ reads = [], poll = POLL }: Config["devices"][number]): readonly RegisterRead[] {
  const everySeconds = milliseconds(poll) / 1_000;
  return reads.map((text) => {
    const [, fc, address = ""] = READ.exec(text) ?? [];
    return { fc: Number(fc), address: Number.parseInt(address, 16), count: countOf(text), everySeconds };
  });
}

/** As often as registers are read whose definition does not say otherwise. */
const POLL = "10s";

/** How long an answer may take: radio links and gateways take their time. */
export const timeoutOf = (config: Config): string => config.timeout ?? (isTcp(config) ? "2s" : "500ms");

/** Whether it is on the network. */
export const isTcp = ({ host }: { readonly host?: string | undefined }): boolean => host !== undefined;
