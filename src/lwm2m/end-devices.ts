/**
 * Devices behind a client that is a gateway: what a server asks below a prefix is about one of them
 * (OMA-TS-LWM2M_Gateway 1.1). Each that is asked for has a view and a notifier of its own; the others cost nothing.
 */

import { Code, type IncomingRequest, type Reply } from "../coap/index.ts";
import { behind, ROOT } from "../model/path.ts";
import type { MaybeLater } from "./handlers.ts";
import { Notifier } from "./reporting/notifier.ts";
import type { LossListener, ReportingOptions } from "./reporting/offline.ts";
import { route } from "./router.ts";
import type { ObjectTree } from "./tree.ts";
import { View } from "./view.ts";

/** Who knows the devices. */
export interface EndDevices {
  /** The tree behind a prefix; undefined if nobody is there (any more). */
  treeAt(prefix: string): ObjectTree | undefined;
}

interface Route {
  readonly view: View;
  readonly notifier: Notifier;
}

/** They are the gateway's own, whoever is behind it: its servers, keys and rules. */
const GATEWAYS_OWN: ReadonlySet<string> = new Set(["0", "1", "2", "21"]);

export class EndDeviceRoutes {
  readonly #devices: EndDevices;
  readonly #view: View;
  readonly #listener: LossListener;
  /** What a notifier of a device is made with: what is kept by server is the gateway's. */
  readonly #options: ReportingOptions;
  readonly #routes = new Map<string, Route>();

  constructor(devices: EndDevices, view: View, listener: LossListener, { log, endpoint, quietMs }: ReportingOptions) {
    this.#devices = devices;
    this.#view = view;
    this.#listener = listener;
    this.#options = { log, endpoint, ...(quietMs !== undefined && { quietMs }) };
  }

  /** Observations of devices. */
  get size(): number {
    let count = 0;
    for (const { notifier } of this.#routes.values()) count += notifier.size;
    return count;
  }

  /** Undefined: the request is about the gateway itself. */
  handle(request: IncomingRequest): MaybeLater<Reply> | undefined {
    const [prefix, object] = request.path;
    if (prefix === undefined || /^\d/.test(prefix)) return undefined;
    const there = this.#route(prefix);
    if (there === undefined) return { code: Code.NotFound };
    // Composites have their paths in the body, where prefixes have no place yet.
    if (object === undefined) return { code: Code.MethodNotAllowed };
    if (GATEWAYS_OWN.has(object)) return { code: Code.NotFound };
    there.view.version = this.#view.version;
    const reply = route(there.view, there.notifier, { ...about(request), path: request.path.slice(1) });
    return reply instanceof Promise ? reply.then((late) => located(late, prefix)) : located(reply, prefix);
  }

  clear(): void {
    for (const { notifier } of this.#routes.values()) notifier.clear();
  }

  online(): void {
    for (const { notifier } of this.#routes.values()) notifier.online();
  }

  offline(): void {
    for (const { notifier } of this.#routes.values()) notifier.offline();
  }

  close(): void {
    for (const { notifier } of this.#routes.values()) notifier.close();
    this.#routes.clear();
  }

  /** Objects 1 or 2 are others than before. */
  attributesChanged(): void {
    for (const { notifier } of this.#routes.values()) notifier.attributesChanged(ROOT);
  }

  #route(prefix: string): Route | undefined {
    const tree = this.#devices.treeAt(prefix);
    const known = this.#routes.get(prefix);
    if (known !== undefined && known.view.tree === tree) return known;
    known?.notifier.close();
    this.#routes.delete(prefix);
    if (tree === undefined) return undefined;
    const { server, models, clock } = this.#view;
    const view = new View({ tree, server, models, clock, prefix });
    const made = { view, notifier: new Notifier(view, this.#lossOf(prefix), this.#options) };
    made.notifier.online();
    this.#routes.set(prefix, made);
    return made;
  }

  #lossOf(prefix: string): LossListener {
    const listener = this.#listener;
    return {
      observationLost: (why, left) => listener.observationLost(why, left),
      observationFailed: (where, reply) => listener.observationFailed(behind(prefix, where), reply),
      request: (request) => listener.request(request),
      // It is not part of the registration, but of Object 25.
      knows: () => true,
      updateNow: () => listener.updateNow(),
    };
  }
}

/** Fields one by one: a request has them as getters, too, which no spread takes along. */
function about(request: IncomingRequest): IncomingRequest {
  const { code, path, query, format, accept, observe, payload, options, signal } = request;
  return { code, path, query, format, accept, observe, payload, options, signal };
}

/** Where a new Instance is found, seen from the server. */
function located(reply: Reply, prefix: string): Reply {
  return reply.locationPath === undefined ? reply : { ...reply, locationPath: [prefix, ...reply.locationPath] };
}
