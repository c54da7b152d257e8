/** The servers of a configuration as clients see them, and the keys of each endpoint. */

import type { Log } from "./base/log.ts";
import { type Config, type SecurityConfig, securityFor } from "./config/index.ts";
import type { GatewayOptions } from "./gateway/index.ts";
import type { LabPorts } from "./lab/index.ts";
import type { Account, BootstrapAccount } from "./lwm2m/index.ts";

/** All that endpoints are told of servers. */
export function upstreamOf(
  config: Config,
  lab: LabPorts | undefined,
  log: Log,
): Pick<GatewayOptions, "accounts" | "bootstrap" | "provisionFor"> {
  const servers = serversOf(config, lab);
  const bootstrap = bootstrapOf(config, lab);
  const provisionFor = provisionsOf(config, { servers, bootstrap, log });
  return {
    accounts: servers.map(({ account }) => account),
    ...(bootstrap && { bootstrap: bootstrap.account }),
    ...(provisionFor && { provisionFor }),
  };
}

/** An account that all endpoints share, and where the keys come from that they do not. */
interface Guarded<T> {
  readonly account: T;
  readonly security: SecurityConfig | undefined;
}

/** Servers as clients see them; one that is the lab itself is where the lab really listens. */
function serversOf({ servers, lab }: Config, bound: LabPorts | undefined): Guarded<Account>[] {
  const placeOf = (uri: string) => {
    if (uri === loopback(lab?.port)) return loopback(bound?.port);
    return uri === secureLoopback(lab?.securePort) ? secureLoopback(bound?.securePort ?? lab?.securePort) : uri;
  };
  return servers.map(({ security, ...server }, index) => {
    const uri = bound ? placeOf(server.uri) : server.uri;
    return { account: { ...server, uri, shortServerId: server.shortServerId ?? index + 1 }, security };
  });
}

function bootstrapOf({ bootstrap, lab }: Config, bound: LabPorts | undefined): Guarded<BootstrapAccount> | undefined {
  if (!bootstrap) return undefined;
  const { security, ...account } = bootstrap;
  if (bound?.securePort !== undefined && account.uri === secureLoopback(lab?.securePort))
    return { account: { ...account, uri: secureLoopback(bound.securePort) }, security };
  const isLab = bound && account.uri === loopback(lab?.bootstrapPort ?? lab?.port);
  return { account: isLab ? { ...account, uri: loopback(bound.bootstrapPort) } : account, security };
}

interface AllServers {
  readonly servers: readonly Guarded<Account>[];
  readonly bootstrap: Guarded<BootstrapAccount> | undefined;
  readonly log: Log;
}

/** The same servers with each endpoint's own keys; undefined where there are none. */
function provisionsOf({ sensors }: Config, { servers, bootstrap, log }: AllServers): GatewayOptions["provisionFor"] {
  if (![...servers, bootstrap].some((each) => each?.security)) return undefined;
  const own = new Map(sensors.map(({ source, security }) => [source, security]));
  return (endpoint, source) => {
    const secured = <T extends Account | BootstrapAccount>({ account, security }: Guarded<T>): T => {
      const found = securityFor(security, endpoint, source === undefined ? undefined : own.get(source));
      if (!("lacking" in found)) return { ...account, ...found };
      log.warn("no-key", { endpoint, server: account.uri, reason: found.lacking });
      return { ...account, lacking: found.lacking };
    };
    return { accounts: servers.map(secured), ...(bootstrap && { bootstrap: secured(bootstrap) }) };
  };
}

const loopback = (port: number | undefined) => `coap://127.0.0.1:${port}`;
const secureLoopback = (port: number | undefined) => `coaps://127.0.0.1:${port}`;
