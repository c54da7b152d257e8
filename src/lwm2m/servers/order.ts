/** Which servers may be registered at now, and when none of them will do (LwM2M Core 1.2 §6.2.1.1): no clock, no session. */

/**
 * How far a client has come with one server. `failed`: an attempt was refused or met silence, and others follow;
 * `given-up`: all attempts that the account grants are used.
 */
export type Standing = "idle" | "trying" | "registered" | "failed" | "given-up";

export interface Candidate {
  readonly shortServerId: number;
  readonly standing: Standing;
  /** /1/x/13, /1/x/15 and /1/x/16. */
  readonly priority?: number;
  readonly failureBlock?: boolean;
  readonly bootstrapOnFailure?: boolean;
}

/**
 * Those that stand idle and whose turn it is. Servers without a priority are on their own and wait for nobody; of the
 * others, each waits until all with a lower number have registered, or have failed and do not block. Equals go together.
 */
export function mayStart<T extends Candidate>(servers: readonly T[]): T[] {
  let barrier = Infinity;
  for (const server of servers)
    if (server.priority !== undefined && !isSettled(server)) barrier = Math.min(barrier, server.priority);
  return servers.filter(
    ({ standing, priority }) => standing === "idle" && (priority === undefined || priority <= barrier),
  );
}

function isSettled({ standing, failureBlock = false }: Candidate): boolean {
  return standing === "registered" || (isFailed(standing) && !failureBlock);
}

/**
 * Whether only a Bootstrap-Server can help: there is no server, one that must not fail so has been given up, or all
 * have failed and one of them wants bootstrap then (§6.1.4, step 4).
 */
export function needsBootstrap(servers: readonly Candidate[]): boolean {
  if (servers.length === 0) return true;
  const wants = ({ bootstrapOnFailure = true }: Candidate) => bootstrapOnFailure;
  if (servers.some((server) => server.standing === "given-up" && wants(server))) return true;
  // Those that wait behind one that blocks have no turn until it is mended.
  const waiting = new Set(mayStart(servers));
  return servers.some(wants) && servers.every((server) => isFailed(server.standing) || isBlocked(server, waiting));
}

const isFailed = (standing: Standing): boolean => standing === "failed" || standing === "given-up";

const isBlocked = (server: Candidate, ready: ReadonlySet<Candidate>): boolean =>
  server.standing === "idle" && !ready.has(server);
