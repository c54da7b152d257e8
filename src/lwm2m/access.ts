/** Which server may do what to which Object Instance (LwM2M Core 1.2 §8). */

import { contains, type Path } from "../model/path.ts";
import { type Provisioned, SERVER_OBJECT } from "./provisioned.ts";

/** Bits of /2/x/2 (LwM2M Core 1.2 Appendix E.3). */
export const Right = { Read: 1, Write: 2, Execute: 4, Delete: 8, Create: 16 } as const;

/** Whether `shortServerId` may do to an Object Instance what `right` stands for. */
export function permits(provisioned: Provisioned, shortServerId: number, instance: Path, right: number): boolean {
  if (right === Right.Delete || !contains(SERVER_OBJECT, instance) || instance === SERVER_OBJECT) return true;
  const own = provisioned.servers().find(([, account]) => account.shortServerId === shortServerId);
  return own?.[0] === instance;
}
