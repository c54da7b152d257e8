/** Object 4, Connectivity Monitoring: by what way a device is connected, and how well (LwM2M Core 1.2 Appendix E.5). */

import type { Stamp } from "../../base/clock.ts";
import { path } from "../../model/path.ts";
import type { ObjectTree } from "../tree.ts";
import { tell } from "./facts.ts";

export const CONNECTIVITY = path(4, 0);

/** Network bearers (/4/0/0) that gateways have; others by their number. */
export const Bearer = { Wlan: 21, Bluetooth: 22, Ieee802154: 23, Ethernet: 41, Dsl: 42, Plc: 43 } as const;

/** Where nothing is measured, as on a wire; the Resource is mandatory. */
const NO_SIGNAL = 0;

export interface ConnectivityFacts {
  /** The bearer in use, such as `Bearer.Ethernet`. */
  readonly bearer: number;
  /** All that could be used; that in use unless given. */
  readonly available?: readonly number[];
  /** dBm, by whatever the bearer measures; absent on wires. */
  readonly signal?: number;
  /** As the bearer defines it, such as RSRQ. */
  readonly linkQuality?: number;
  /** Of the device. */
  readonly addresses: readonly string[];
  /** Of the next hop. */
  readonly routers?: readonly string[];
  /** Percent, averaged. */
  readonly utilization?: number;
  readonly apn?: readonly string[];
  readonly cell?: number;
  /** Serving Mobile Network Code and Country Code. */
  readonly smnc?: number;
  readonly smcc?: number;
}

/** Shows `/4/0`, or brings it up to date. */
export function tellConnectivity(tree: ObjectTree, facts: ConnectivityFacts, at: Stamp): void {
  const { bearer, available = [bearer], signal = NO_SIGNAL } = facts;
  tell(
    tree,
    CONNECTIVITY,
    [
      [0, bearer],
      [1, available],
      [2, Math.round(signal)],
      [3, facts.linkQuality],
      [4, facts.addresses],
      [5, facts.routers],
      [6, facts.utilization],
      [7, facts.apn],
      [8, facts.cell],
      [9, facts.smnc],
      [10, facts.smcc],
    ],
    at,
  );
}
