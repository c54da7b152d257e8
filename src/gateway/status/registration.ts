/** How one endpoint stands at its servers, as the page, the CLI and the API see it. */

import type { BootstrapSnapshot, RegistrationSnapshot } from "../../lwm2m/index.ts";
import type { Upstream } from "../upstream.ts";
import type { BootstrapStatus, RegistrationStatus } from "./status.ts";

/** With several servers: the one where this endpoint is worst off, since that is what a person must know; then each. */
export function registrationStatus(upstream: Upstream): RegistrationStatus {
  const { bootstrap } = upstream;
  const all = upstream.registrations();
  const kept = upstream.kept();
  // While it waits to ask again, that is what a person must know.
  const busy = upstream.state === "bootstrapping" && bootstrap?.state !== "waiting";
  return {
    ...statusOf(upstream.worst(), upstream),
    ...(busy && { state: "bootstrapping" }),
    ...(kept > 0 && { kept }),
    ...(all.length > 1 && { servers: all.map((each) => statusOf(each, upstream)) }),
    ...(bootstrap && { bootstrap: bootstrapStatus(bootstrap) }),
  };
}

function statusOf(registration: RegistrationSnapshot, upstream: Upstream): RegistrationStatus {
  const { state, givenUp, server, since, location, lifetime, observations, asleep, security } = registration;
  const { shortServerId, lastError, nextAttemptAt } = registration;
  const localPort = upstream.localPort(registration);
  const kept = upstream.kept(shortServerId);
  return {
    state: givenUp && state === "waiting" ? "given-up" : state,
    server,
    ...(since !== undefined && { since: iso(since) }),
    ...(location !== undefined && { location }),
    lifetimeSeconds: lifetime,
    observations,
    ...(localPort !== undefined && { localPort }),
    ...(lastError !== undefined && { lastError }),
    ...(nextAttemptAt !== undefined && { nextAttemptAt: iso(nextAttemptAt) }),
    ...(security && { security }),
    ...(asleep && { asleep }),
    ...(kept > 0 && { kept }),
  };
}

function bootstrapStatus({ state, server, lastError, nextAttemptAt, finishedAt }: BootstrapSnapshot): BootstrapStatus {
  return {
    state,
    ...(server !== undefined && { server }),
    ...(lastError !== undefined && { lastError }),
    ...(nextAttemptAt !== undefined && { nextAttemptAt: iso(nextAttemptAt) }),
    ...(finishedAt !== undefined && { finishedAt: iso(finishedAt) }),
  };
}

/** Time as the API writes it. */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
