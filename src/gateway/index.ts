/**
 * The gateway: the one room that knows both wings.
 *
 * Frames come in through `Adapters`, a definition turns each into a reading and its mapping into values of Objects, and
 * every adopted sensor stands upstream as a client of its own. Who is heard but not adopted waits in the inbox. What
 * the outside may see is the snapshot of status.ts: plain data, no live objects.
 */

export { type Adapters, type AdapterState } from "./adapters.ts";
export type { ConfiguredSensor, Devices } from "./adoption.ts";
export type { GatewayEvent, GatewayListener } from "./status/events.ts";
export { AssignedNumbers } from "./hearing/assigned.ts";
export { type AdoptResult, Gateway } from "./gateway.ts";
export type { GatewayOptions } from "./options.ts";
export { RosterError, type RosterStore } from "./roster.ts";
export type { AdoptRule } from "./rules.ts";
export type { SelfFacts } from "./self.ts";
export type {
  AdapterStatus,
  AdoptRequest,
  GatewayStatus,
  InboxEntry,
  Liveness,
  Problem,
  RegistrationStatus,
  SensorStatus,
  ServerStatus,
  ValueStatus,
} from "./status/status.ts";
export type { LocalPort } from "./upstream.ts";
