/** Opens the lab's doors: for the daemon, which may run one inside, and for `isthmus lab`. */

import type { Clock } from "./base/clock.ts";
import { codeOf } from "./base/errors.ts";
import type { Log } from "./base/log.ts";
import type { Random } from "./base/random.ts";
import { secureDoor } from "./io/openssl/door.ts";
import { Lab, type LabPorts, type SecureOptions } from "./lab/index.ts";
import type { Account } from "./lwm2m/index.ts";
import type { ObjectRegistry } from "./model/objects.ts";

/** Ports tried one after the other, where any will do. */
const PORTS_TRIED = 20;

export interface StartedLab extends LabPorts {
  readonly lab: Lab;
}

interface LabParts extends Partial<LabPorts> {
  readonly port: number;
  readonly anyPort: true | undefined;
  readonly models: ObjectRegistry;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** The lab of a gateway, on the ports it asks for or the next ones that are free. */
export async function startLabServer(parts: LabParts): Promise<StartedLab> {
  const { port, bootstrapPort, securePort, anyPort, random, ...rest } = parts;
  return onFreePort(port, anyPort, async (candidate) => {
    // All move together; any free one stays any free one.
    const moved = (other: number | undefined) => other && other + candidate - port;
    const second = moved(bootstrapPort);
    const secure = await secureOptions({ ...rest, random, securePort: moved(securePort) });
    const lab = new Lab({
      ...rest,
      ...secure,
      port: candidate,
      ...(second !== undefined && { bootstrapPort: second }),
    });
    return { lab, ...(await lab.start()) };
  });
}

type SecureParts = Pick<LabParts, "clock" | "random" | "log"> & { readonly securePort: number | undefined };

/** The door of coaps, or the reason why there is none; nothing if none is wanted. */
export async function secureOptions({ securePort: port, ...parts }: SecureParts): Promise<{ secure?: SecureOptions }> {
  return port === undefined ? {} : { secure: { port, door: await secureDoor(parts) } };
}

/** The lab of the same house lets in whom the house has keys for. */
export function introduce(
  { uri, credentials }: Pick<Account, "uri" | "credentials">,
  { lab, securePort }: StartedLab,
): void {
  if (securePort === undefined || uri !== `coaps://127.0.0.1:${securePort}` || credentials?.mode !== "psk") return;
  lab.security.keys.set(credentials.identity, Buffer.from(credentials.secretKey.reveal(), "hex"));
}

/** The port asked for, or where any will do, the next that is free. */
export async function onFreePort<T>(
  port: number,
  any: true | undefined,
  use: (port: number) => Promise<T>,
): Promise<T> {
  for (let candidate = port; ; candidate++) {
    try {
      return await use(candidate);
    } catch (error) {
      if (!any || codeOf(error) !== "EADDRINUSE" || candidate >= port + PORTS_TRIED) throw error;
    }
  }
}
