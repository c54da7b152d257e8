/**
 * Our own guests: each adapter hears and speaks one kind of wire, through the same API as anyone's. They know bytes and
 * sources; units and Objects are the library's.
 */

import type { AdapterPlugin } from "../sdk/adapter.ts";
import { bleAdapter } from "./ble.ts";
import type { Drivers } from "./drivers.ts";
import { modbusAdapter } from "./modbus/modbus.ts";
import { mqttAdapter } from "./mqtt.ts";
import { replay } from "./replay.ts";
import { serialAdapter } from "./serial.ts";
import { simulator } from "./simulator.ts";

export { type Drivers, systemDrivers, type SystemDriversOptions } from "./drivers.ts";
export { readRecordedLine } from "./recording.ts";

/** The adapters that come with the house, by the `type` of a section in the config. */
export function builtinAdapters(drivers: Drivers): ReadonlyMap<string, AdapterPlugin<unknown>> {
  return new Map<string, AdapterPlugin<unknown>>([
    ["mqtt", mqttAdapter(drivers.connectMqtt)],
    ["serial", serialAdapter(drivers)],
    ["modbus", modbusAdapter(drivers)],
    ["ble", bleAdapter(drivers.openRadio)],
    ["simulator", simulator(drivers.random)],
    ["replay", replay(drivers.readLines)],
  ]);
}
