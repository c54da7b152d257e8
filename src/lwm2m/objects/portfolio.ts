/** Object 16, Portfolio: who the host of this client is, in the words of whoever runs it (OMA-TS-LWM2M_Portfolio 1.0). */

import type { Stamp } from "../../base/clock.ts";
import { path } from "../../model/path.ts";
import type { ObjectTree } from "../tree.ts";
import { tell } from "./facts.ts";

const PORTFOLIO = path(16, 0);
const IDENTITY = path(16, 0, 0);

/** Instances of Identity (/16/0/0), in their order. */
export interface Identity {
  /** A name that tells this host from all others. */
  readonly id: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly softwareVersion: string;
}

/** Shows `/16/0`. Servers may put words of their own in place of these. */
export function tellPortfolio(tree: ObjectTree, identity: Identity, at: Stamp): void {
  const { id, manufacturer, model, softwareVersion } = identity;
  tell(tree, PORTFOLIO, [[0, [id, manufacturer, model, softwareVersion]]], at);
  tree.allowWrite(IDENTITY);
}
