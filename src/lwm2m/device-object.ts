/** What Object 3, Device, must have and a tree may lack (LwM2M Core 1.1 §E.4). */

import type { Stamp } from "../base/clock.ts";
import { path } from "../model/path.ts";
import type { Account } from "./account.ts";
import { bindingOf } from "./servers/schemes.ts";
import type { ObjectTree } from "./tree.ts";

const DEVICE = path(3, 0);
const ERROR_CODE = path(3, 0, 11);
const FIRST_ERROR_CODE = path(3, 0, 11, 0);
const NO_ERROR = 0;
const BINDING = path(3, 0, 16);
/** What stands in /3/0/16 unless the tree says otherwise: the ways that servers are spoken with. */
const OURS: readonly unknown[] = ["U", "T", "UT"];

/** Adds the mandatory values; the mandatory Reboot is shown by Discover and refused unless the tree has a handler. */
export function supplyDevice(tree: ObjectTree, accounts: readonly Account[], at: Stamp): void {
  tree.addInstance(DEVICE);
  if (tree.entries(ERROR_CODE).length === 0) tree.set(FIRST_ERROR_CODE, NO_ERROR, at);
  const binding = supportedBindings(accounts);
  const before = tree.get(BINDING)?.value;
  if (before === undefined || (before !== binding && OURS.includes(before))) tree.set(BINDING, binding, at);
}

/** /3/0/16: UDP where no server is known yet (LwM2M Core 1.2 Table 6.2.1.2-2). */
function supportedBindings(accounts: readonly Account[]): string {
  const spoken: ReadonlySet<string> = new Set(accounts.map(bindingOf));
  if (!spoken.has("T")) return "U";
  return spoken.has("U") ? "UT" : "T";
}
