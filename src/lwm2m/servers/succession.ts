/** What becomes of a registration when another account takes the place of its own. */

import type { Account } from "../account.ts";
import { sameServer, sameWay } from "../provision-json.ts";
import { isProven } from "./schemes.ts";

/** `rekeyed`: it goes on, over a new association with other keys. `another`: it ends, and another begins. */
export type Succession = "same" | "rekeyed" | "another";

/** Where the server knows us by what we prove, new keys of the same endpoint are no new client (LwM2M Transport 1.2 §5.2). */
export function succession(before: Account, after: Account): Succession {
  if (sameWay(before, after)) return "same";
  return sameServer(before, after) && isProven(before) && isProven(after) ? "rekeyed" : "another";
}
