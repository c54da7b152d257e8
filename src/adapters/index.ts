/**
 * Our own guests: each adapter hears and speaks one kind of wire, through the same API as anyone's. They know bytes and
 * sources; units and Objects are the library's.
 */

import type { AdapterPlugin } from "../sdk/adapter.ts";
import type { Drivers } from "./drivers.ts";
import { simulator } from "./simulator.ts";

export { type Drivers, systemDrivers } from "./drivers.ts";

/** The adapters that come with the house, by the `type` of a section in the config. */
export function builtinAdapters(drivers: Drivers): ReadonlyMap<string, AdapterPlugin<unknown>> {
  return new Map<string, AdapterPlugin<unknown>>([["simulator", simulator(drivers.random)]]);
}
