/** Opens the lab's doors: for the daemon, which may run one inside, and for `isthmus lab`. */

import type { Clock } from "./base/clock.ts";
import type { Log } from "./base/log.ts";
import type { Random } from "./base/random.ts";
import { onFreePort } from "./free-port.ts";
import { secureDoor } from "./io/openssl/door.ts";
import { Lab, type LabPorts, type SecureOptions } from "./lab/index.ts";
import type { Account } from "./lwm2m/index.ts";
import type { ObjectRegistry } from "./model/objects.ts";

interface BoundLab extends LabPorts {
  readonly lab: Lab;
}

export interface StartedLab extends BoundLab {
  /** Tells it of a client of the same house. */
  introduce(account: Introduced): void;
}

type Introduced = Pick<Account, "uri" | "credentials">;

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
    const bound = { lab, ...(await lab.start()) };
    return { ...bound, introduce: (account) => introduce(account, bound) };
  });
}

type AloneParts = Omit<LabParts, "anyPort" | "securePort"> & SecureParts & { readonly host: string };

/** A lab without a gateway, not started yet. */
export async function aloneLab({ random, securePort, ...rest }: AloneParts): Promise<Lab> {
  return new Lab({ ...rest, ...(await secureOptions({ ...rest, random, securePort })) });
}

type SecureParts = Pick<LabParts, "clock" | "random" | "log"> & { readonly securePort: number | undefined };

/** The door of coaps, or the reason why there is none; nothing if none is wanted. */
async function secureOptions({ securePort: port, ...parts }: SecureParts): Promise<{ secure?: SecureOptions }> {
  return port === undefined ? {} : { secure: { port, door: await secureDoor(parts) } };
}

/** The lab of the same house lets in whom the house has keys for. */
export function introduce({ uri, credentials }: Introduced, { lab, securePort }: BoundLab): void {
  if (securePort === undefined || uri !== `coaps://127.0.0.1:${securePort}` || credentials?.mode !== "psk") return;
  lab.security.keys.set(credentials.identity, Buffer.from(credentials.secretKey.reveal(), "hex"));
}
