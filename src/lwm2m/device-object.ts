/** What Object 3, Device, must have and a tree may lack (LwM2M Core 1.1 §E.4). */

import type { Stamp } from "../base/clock.ts";
import { path } from "../model/path.ts";
import type { ObjectTree } from "./tree.ts";

const DEVICE = path(3, 0);
const ERROR_CODE = path(3, 0, 11);
const FIRST_ERROR_CODE = path(3, 0, 11, 0);
const NO_ERROR = 0;
const BINDING = path(3, 0, 16);
const UDP = "U";

/** Adds the mandatory values; the mandatory Reboot is shown by Discover and refused unless the tree has a handler. */
export function supplyDevice(tree: ObjectTree, at: Stamp): void {
  tree.addInstance(DEVICE);
  if (tree.entries(ERROR_CODE).length === 0) tree.set(FIRST_ERROR_CODE, NO_ERROR, at);
  if (tree.get(BINDING) === undefined) tree.set(BINDING, UDP, at);
}
