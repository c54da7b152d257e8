/** Register and Update as requests, inside what every server reads (LwM2M Core 1.2 §6.2.1, §6.2.2). */

import { toUtf8 } from "../../base/utf8.ts";
import { Code, type OutgoingRequest } from "../../coap/index.ts";
import { Format } from "../../content/index.ts";
import { contains, idAt, type Path } from "../../model/path.ts";
import type { Version } from "../account.ts";
import { SERVER_OBJECT } from "../provisioned.ts";
import type { View } from "../view.ts";
import { destination } from "./destination.ts";
import { registerLinks } from "./links.ts";
import type { Location } from "./registration.ts";
import { type Binding, bindingOf } from "./schemes.ts";
import { spokenLifetime } from "./schedule.ts";

/** What the server has been told, to tell it no more than what is new. */
export interface Told {
  readonly lifetime: number;
  readonly queue: boolean;
  readonly instances: readonly Path[];
  /** Numbers of the Instances of Object 1, which stand in no tree. */
  readonly servers: string;
}

/** What a Register or Update would tell now. */
export function toTell(view: View): Told {
  const { account, provisioned } = view.server;
  return {
    lifetime: spokenLifetime(account.lifetime, view.version),
    queue: account.queue ?? false,
    instances: view.tree.instances(),
    servers: provisioned.accounts.map((each) => provisioned.serverInstance(each)).join(),
  };
}

/** Whether an Object Instance was among what was told. */
export function knowsOf({ instances, servers }: Told, instance: Path): boolean {
  if (!contains(SERVER_OBJECT, instance)) return instances.includes(instance);
  return servers.split(",").includes(String(idAt(instance, 1)));
}

/** Whether nothing is new. */
export function sameAs(told: Told, now: Told): boolean {
  return sameTerms(told, now) && sameObjects(told, now);
}

/** Whether nothing is new but Instances, those of Object 1 not among them. */
export function sameTerms(told: Told, now: Told): boolean {
  return told.lifetime === now.lifetime && told.queue === now.queue && told.servers === now.servers;
}

/** Everything that is not the rule, to a server that knows nothing of us. */
export function register(view: View, told: Told, endpoint: string, rootPath: string | undefined): OutgoingRequest {
  const { path, query } = destination(view.server.account.uri, "rd");
  return {
    code: Code.POST,
    path,
    query: [
      ...query,
      `lwm2m=${view.version}`,
      `ep=${endpoint}`,
      `lt=${told.lifetime}`,
      ...bindingParameters(bindingOf(view.server.account), told.queue, view.version),
    ],
    format: Format.LinkFormat,
    payload: toUtf8(registerLinks(view, rootPath)),
  };
}

/** What is new, which mostly is nothing but that we are still here. */
export function update(view: View, change: { before: Told; now: Told }, location: Location, rootPath?: string) {
  const { before, now } = change;
  const query = [
    ...(now.lifetime === before.lifetime ? [] : [`lt=${now.lifetime}`]),
    // What was left out of Register is said here, or else what was told before would go on.
    ...(now.queue === before.queue ? [] : queueParameters(bindingOf(view.server.account), now.queue, view.version)),
  ];
  const request: OutgoingRequest = {
    code: Code.POST,
    path: location,
    ...(query.length > 0 && { query }),
    ...(!sameObjects(before, now) && {
      format: Format.LinkFormat,
      payload: toUtf8(registerLinks(view, rootPath)),
    }),
  };
  return request;
}

/** A plain "U" is what servers assume where no binding is named (LwM2M Core 1.2 Table 6.2.1-1). */
function bindingParameters(binding: Binding, queue: boolean, version: Version): readonly string[] {
  const letter = binding === "U" || (queue && version === "1.0") ? [] : [`b=${binding}`];
  return queue ? [...letter, ...queueParameters(binding, queue, version)] : letter;
}

/** Queue Mode was part of the binding in 1.0 (§5.3.1.1 there), and has a parameter of its own since 1.1. */
function queueParameters(binding: Binding, queue: boolean, version: Version): readonly string[] {
  if (!queue) return [`b=${binding}`];
  return version === "1.0" ? [`b=${binding}Q`] : ["Q"];
}

/** Lists are replaced when they change, so that most comparisons end at once. */
function sameObjects(a: Told, b: Told): boolean {
  if (a.servers !== b.servers) return false;
  return (
    a.instances === b.instances ||
    (a.instances.length === b.instances.length && a.instances.every((path, i) => path === b.instances[i]))
  );
}
