/**
 * `isthmus/lwm2m`: the LwM2M client engine for programs of their own, without the gateway.
 *
 * ```ts
 * import { createThing } from "isthmus/lwm2m";
 *
 * const thing = await createThing({ endpoint: "urn:dev:ops:demo-1", servers: "coap://127.0.0.1:5683" });
 * thing.set("/3303/0/5700", 21.5);
 * thing.start();
 * ```
 *
 * A `Thing` is a tree of Objects and the client that shows it, with real sockets, clock and randomness. Whoever wants
 * to bring other ones builds an `Lwm2mClient` around an `ObjectTree` with what is exported here.
 */

import { type Log, silentLog } from "./base/log.ts";
import { systemRandom } from "./base/random.ts";
import { SystemClock } from "./base/system-clock.ts";
import { Dialer, packageFetchers } from "./dial/index.ts";
import { assetPath, readText } from "./io/assets.ts";
import {
  type Account,
  type BootstrapAccount,
  Lwm2mClient,
  type Lwm2mClientOptions,
  ObjectTree,
  type Provision,
  provisionFromJson,
  provisionToJson,
  fingerprint,
  type Version,
} from "./lwm2m/index.ts";
import { parseDdf } from "./model/ddf.ts";
import type { ObjectModel, ObjectRegistry } from "./model/objects.ts";
import { loadRegistry } from "./model/registry.ts";
import { Thing } from "./thing.ts";

export { lineLog, type Log, silentLog } from "./base/log.ts";
export type { Random } from "./base/random.ts";
export { systemRandom } from "./base/random.ts";
export type { Clock, Stamp } from "./base/clock.ts";
export { SystemClock } from "./base/system-clock.ts";
export { Secret } from "./base/secret.ts";
export type { Transport } from "./base/transport.ts";
export { udp } from "./io/udp.ts";
export {
  type Account,
  type AccessRule,
  type Argument,
  type Backlog,
  type BodySink,
  type BootstrapAccount,
  type ClientState,
  type CreateOptions,
  type Interest,
  Lwm2mClient,
  type Lwm2mClientOptions,
  MemoryBacklog,
  objects,
  ObjectTree,
  type Provision,
  type RegistrationSnapshot,
  type SendOutcome,
  type Verdict,
  type Version,
} from "./lwm2m/index.ts";
export { parseDdf } from "./model/ddf.ts";
export type { ObjectModel, ObjectRegistry, ResourceModel } from "./model/objects.ts";
export { parsePath, path, type Path } from "./model/path.ts";
export type { ResourceUpdate, ResourceValue } from "./model/value.ts";
export { Thing, type WriteListener } from "./thing.ts";

/** Until a server forgets a thing that has gone without a word, in seconds. */
const LIFETIME_S = 3_600;

export interface ThingOptions {
  /** The endpoint client name, unique at each server, such as `urn:dev:mac:0011223344556677`. */
  readonly endpoint: string;
  /** Where to register: `coap://host:port`, or accounts with all that Objects 0 and 1 can hold. */
  readonly servers?: string | readonly (string | Account)[];
  /** Who says where to register. */
  readonly bootstrap?: string | BootstrapAccount;
  /** Seconds, for servers given as text; an hour unless said otherwise. */
  readonly lifetime?: number;
  /** The newest LwM2M version spoken with servers given as text: 1.1 unless said otherwise; older ones are fallen back to. */
  readonly version?: Version;
  /** Objects that are not in OMA's registry: models, or texts of DDF files. */
  readonly objects?: readonly (ObjectModel | string)[];
  /** What `save` was given last: what bootstrap and servers provided survives a restart. It holds keys: keep it secret. */
  readonly saved?: string;
  readonly save?: (text: string) => void;
  /** The local UDP port; any free one unless given. Servers know a thing by it, so one that comes back should keep it. */
  readonly localPort?: number;
  readonly log?: Log;
  /** What else an `Lwm2mClient` can be told: CoAP's numbers, usual periods, an alternate path, a backlog of its own. */
  readonly client?: Partial<Pick<Lwm2mClientOptions, "parameters" | "defaults" | "rootPath" | "backlog" | "quietMs">>;
}

/**
 * A thing that is not started yet: fill it first, so that the first Register names everything.
 * @throws RangeError on a URI that is none; DecodeError on a DDF text that is none.
 */
export async function createThing(options: ThingOptions): Promise<Thing> {
  const { endpoint, localPort, log = silentLog, client: more = {} } = options;
  const models = await loadModels(options.objects ?? []);
  const tree = new ObjectTree(models);
  const clock = new SystemClock();
  const dialer = await Dialer.open({ clock, random: systemRandom, log });
  const local = localPort === undefined ? {} : { port: localPort };
  const provision = provisionOf(options);
  const saved = savedProvision(options.saved);
  const client = new Lwm2mClient({
    ...more,
    endpoint,
    tree,
    provision,
    ...(saved && { saved }),
    models,
    connect: (account) => dialer.dial({ account, endpoint, local }),
    clock,
    random: systemRandom,
    log,
  });
  const { save } = options;
  if (save) {
    const factory = fingerprint(provision);
    client.onProvision((current) => save(JSON.stringify({ factory, provision: provisionToJson(current) })));
  }
  const accounts = () => client.provision.accounts;
  const fetchers = packageFetchers({ dialer, endpoint, accounts, clock, random: systemRandom, log });
  return new Thing(client, tree, { clock, fetchers, close: () => dialer.close() });
}

/** OMA's registry, and Objects beyond it. */
export async function loadModels(extra: readonly (ObjectModel | string)[] = []): Promise<ObjectRegistry> {
  const own = extra.flatMap((object) => (typeof object === "string" ? parseDdf(object) : [object]));
  return loadRegistry(JSON.parse(await readText(assetPath("src/model/registry.json"))), own);
}

function provisionOf({ servers = [], bootstrap, lifetime = LIFETIME_S, version }: ThingOptions): Provision {
  const list = typeof servers === "string" ? [servers] : servers;
  const accounts = list.map((server, index) =>
    typeof server === "string"
      ? { uri: server, lifetime, shortServerId: index + 1, ...(version && { version }) }
      : server,
  );
  for (const { uri } of accounts) addressOf(uri);
  if (bootstrap === undefined) return { accounts };
  return { accounts, bootstrap: typeof bootstrap === "string" ? { uri: bootstrap } : bootstrap };
}

function savedProvision(text: string | undefined): Lwm2mClientOptions["saved"] {
  if (text === undefined) return undefined;
  const json = parsed(text);
  if (typeof json !== "object" || json === null || !("factory" in json && "provision" in json)) return undefined;
  const provision = provisionFromJson(json.provision);
  return provision && typeof json.factory === "string" ? { factory: json.factory, provision } : undefined;
}

/** What was saved and cannot be read is as good as nothing: all of it can be provided anew. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function addressOf(uri: string): URL {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (url === undefined || url.hostname === "") throw new RangeError(`no URI of a server: ${uri}`);
  return url;
}
