/** The life of one adapter, as a table: when it is started, restarted, given a rest, and given up for a while. */

export type Life =
  | { readonly name: "off" }
  | { readonly name: "starting"; readonly past: Past }
  | { readonly name: "running"; readonly past: Past; readonly since: number }
  | { readonly name: "waiting"; readonly past: Past }
  | { readonly name: "quarantined"; readonly past: Past };

/** What went wrong before. Times in monotonic milliseconds. */
export interface Past {
  /** Failures since it last ran for long enough to be trusted. */
  readonly failures: number;
  readonly crashes: readonly number[];
  /** Let out of quarantine, and not trusted again yet: one crash brings it back. */
  readonly probation?: boolean;
  /** What went wrong last. */
  readonly reason?: string;
}

export type LifeEvent =
  | { readonly type: "start" | "stop" | "timer" }
  | { readonly type: "started"; readonly at: number }
  /** It could not start: its settings, its device, its network. */
  | { readonly type: "failed"; readonly reason: string }
  /** Its own code threw while it ran. */
  | { readonly type: "crashed"; readonly reason: string; readonly at: number };

export type LifeEffect =
  /** `end` gives the adapter back what it holds; nothing of it runs on. */
  { readonly do: "begin" | "end" } | { readonly do: "set-timer"; readonly ms: number };

export interface LifeTimes {
  /** The wait before the next start, after so many failures in a row. */
  readonly retryMs: (failures: number) => number;
  /** So many crashes in so long, and the adapter is put in quarantine, with a slow retry. */
  readonly crashes: number;
  readonly withinMs: number;
  readonly quarantineMs: number;
  /** After running for so long without trouble, failures are forgotten. */
  readonly settledMs: number;
}

const CLEAN: Past = { failures: 0, crashes: [] };

export const OFF: Life = { name: "off" };

export function next(life: Life, event: LifeEvent, times: LifeTimes): [Life, ...LifeEffect[]] {
  if (event.type === "stop") return life.name === "off" ? [life] : [OFF, { do: "end" }];
  switch (life.name) {
    case "off":
      return event.type === "start" ? begin(CLEAN) : [life];
    case "starting":
      if (event.type === "started") return [{ name: "running", past: life.past, since: event.at }];
      if (event.type === "failed") return rest(life.past, event.reason, times);
      return event.type === "crashed" ? crash(life.past, event, times) : [life];
    case "running":
      if (event.type !== "crashed") return [life];
      return crash(event.at - life.since >= times.settledMs ? trusted(life.past) : life.past, event, times);
    case "waiting":
      return event.type === "timer" ? begin(life.past) : [life];
    case "quarantined":
      return event.type === "timer" ? begin({ ...life.past, probation: true }) : [life];
  }
}

function begin(past: Past): [Life, LifeEffect] {
  return [{ name: "starting", past }, { do: "begin" }];
}

function rest(past: Past, reason: string, times: LifeTimes): [Life, ...LifeEffect[]] {
  const wait = times.retryMs(past.failures);
  return [
    { name: "waiting", past: { ...past, failures: past.failures + 1, reason } },
    { do: "end" },
    { do: "set-timer", ms: wait },
  ];
}

function crash(past: Past, { reason, at }: { reason: string; at: number }, times: LifeTimes): [Life, ...LifeEffect[]] {
  const crashes = [...past.crashes.filter((then) => at - then < times.withinMs), at];
  if (crashes.length < times.crashes && past.probation !== true) return rest({ ...past, crashes }, reason, times);
  return [
    { name: "quarantined", past: { failures: 0, crashes: [], reason } },
    { do: "end" },
    { do: "set-timer", ms: times.quarantineMs },
  ];
}

const trusted = ({ crashes }: Past): Past => ({ failures: 0, crashes });
