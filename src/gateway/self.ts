/** The gateway itself as a client: Object 3 with its real maker, model, memory and clock (LwM2M Core 1.2 Appendix E.4). */

import type { Clock } from "../base/clock.ts";
import type { Outcome } from "../base/outcome.ts";
import { objects, ObjectTree } from "../lwm2m/index.ts";
import { type Path, path } from "../model/path.ts";
import type { ResourceValue } from "../model/value.ts";
import type { Neighbours } from "./end-devices.ts";
import type { Memory } from "./memory.ts";
import type { UpstreamOptions } from "./upstream.ts";

/** Facts of the machine and the program; what is not known is absent. */
export interface SelfFacts {
  readonly maker?: string;
  readonly model?: string;
  readonly serial?: string;
  /** Of the operating system. */
  readonly firmware?: string;
  readonly hardware?: string;
  /** Of this program. */
  readonly software: string;
  /** IANA name, such as `Europe/Berlin`. */
  readonly timezone?: string;
  /** Such as `+02:00`, now. */
  utcOffset(): string;
  /** Kilobytes. */
  memory(): { readonly free: number; readonly total: number };
  /** How the machine is connected, now; absent where nobody knows. */
  readonly network?: () => objects.ConnectivityFacts | undefined;
  /** Where the machine stands, if somebody has said so. */
  readonly place?: objects.Place;
  /** Restarts the machine; absent: not allowed. */
  readonly reboot?: () => Promise<Outcome>;
}

const DEVICE = path(3, 0);
const at = (...ids: number[]): Path => path(3, 0, ...ids);
const REBOOT = at(4);
const MEMORY_FREE = at(10);
const ERROR_CODE = at(11, 0);
const CURRENT_TIME = at(13);
const UTC_OFFSET = at(14);
const MEMORY_TOTAL = at(21);

/** Values of /3/0/11. */
const NO_ERROR = 0;
const OUT_OF_MEMORY = 4;
const PERIPHERAL_MALFUNCTION = 8;
/** Less memory than this left of the whole is an error worth telling. */
const LOW_MEMORY = 0.03;

export interface SelfState {
  readonly tree: ObjectTree;
  readonly memory: Memory;
}

/** Main Resources of the gateway, for people. */
export const SELF_MAIN: readonly Path[] = [MEMORY_FREE, ERROR_CODE, CURRENT_TIME];

/** The gateway's own endpoint. */
export interface Self {
  readonly tree: ObjectTree;
  /** What goes over its own lines, which have to be handed to it. */
  readonly statistics: objects.ConnectivityStatistics;
}

export function plantSelf(facts: SelfFacts, clock: Clock, endpoint: string): Self {
  const tree = new ObjectTree();
  tree.addInstance(DEVICE);
  const now = clock.now();
  const fixed: readonly (readonly [Path, ResourceValue | undefined])[] = [
    [at(0), facts.maker],
    [at(1), facts.model],
    [at(2), facts.serial],
    [at(3), facts.firmware],
    [ERROR_CODE, NO_ERROR],
    [at(15), facts.timezone],
    [at(17), "gateway"],
    [at(18), facts.hardware],
    [at(19), facts.software],
  ];
  tree.setAll(fixed.flatMap(([path, value]) => (value === undefined ? [] : [{ path, value, at: now }])));
  // Without a handler the client answers 4.05 Method Not Allowed: this machine is not restarted from afar.
  const { reboot } = facts;
  if (reboot) tree.onExecute(REBOOT, () => reboot());
  if (facts.place) objects.tellLocation(tree, facts.place, now);
  const { maker = "", model = "", software } = facts;
  objects.tellPortfolio(tree, { id: endpoint, manufacturer: maker, model, softwareVersion: software }, now);
  refreshSelf({ tree, memory: {} }, facts, clock, true);
  return { tree, statistics: new objects.ConnectivityStatistics(tree, clock) };
}

/** Brings what changes by itself up to date. */
export function refreshSelf(self: SelfState, facts: SelfFacts, clock: Clock, healthy: boolean): void {
  const { tree, memory: remembered } = self;
  const now = clock.now();
  const { free, total } = facts.memory();
  const error = free < total * LOW_MEMORY ? OUT_OF_MEMORY : healthy ? NO_ERROR : PERIPHERAL_MALFUNCTION;
  const changing: (readonly [Path, ResourceValue])[] = [
    [MEMORY_FREE, Math.round(free)],
    [MEMORY_TOTAL, Math.round(total)],
    [ERROR_CODE, error],
  ];
  // What a server wrote stays until it writes again.
  if (!remembered.stored?.has(UTC_OFFSET)) changing.push([UTC_OFFSET, facts.utcOffset()]);
  // A time nobody believes is not told: a server would set its own by it.
  if (now.trusted) changing.push([CURRENT_TIME, Math.floor(now.ms / 1_000)]);
  tree.setAll(changing.map(([path, value]) => ({ path, value, at: now })));
  const network = facts.network?.();
  if (network) objects.tellConnectivity(tree, network, now);
}

/** What the gateway's own endpoint is made with: its lines are counted, and its sensors found behind it. */
export function ownUpstream(
  shared: UpstreamOptions,
  { statistics }: Self,
  endDevices: Neighbours | undefined,
): UpstreamOptions {
  return {
    ...shared,
    connect: (uri, local) => statistics.counted(shared.connect(uri, local)),
    ...(endDevices && { endDevices }),
  };
}
