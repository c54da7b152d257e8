/** Discover (LwM2M Core 1.2 §6.3.2): what is there, with the attributes that this server has attached. */

import { Code, type Reply } from "../../coap/index.ts";
import { Format, type Link, writeLinks } from "../../content/index.ts";
import { contains, depth, idAt, type Path } from "../../model/path.ts";
import { linksBy } from "../prefixed.ts";
import { attributeLinks } from "../reporting/attributes.ts";
import type { Attributes } from "../reporting/conditions.ts";
import { versionAttribute } from "../servers/links.ts";
import { instanceOf, type View } from "../view.ts";

const DEPTH = /^depth=([0-3])$/;
const encoder = new TextEncoder();

/** Levels below the target that are shown: of an Object its Instances and their Resources, of all else the next ones. */
const USUAL_DEPTH: Readonly<Record<number, number>> = { 1: 2, 2: 1, 3: 1 };

export function discover(view: View, where: Path, query: readonly string[]): Reply {
  const level = depth(where);
  // The root is for Bootstrap-Discover; Resource Instances are shown with their Resource.
  if (level === 0 || level === 4) return { code: Code.MethodNotAllowed };
  const levels = levelsOf(view, level, query);
  if (typeof levels === "string") return { code: Code.BadRequest, diagnostic: levels };
  const links = linksAt(view, where, levels);
  if (links === undefined) return { code: Code.NotFound };
  return {
    code: Code.Content,
    format: Format.LinkFormat,
    payload: encoder.encode(writeLinks(linksBy(view, links))),
  };
}

/** How many levels to show below the target; `depth` is of LwM2M 1.2. Resource Instances have paths since 1.1 only. */
function levelsOf(view: View, level: number, query: readonly string[]): number | string {
  const [wanted, ...more] = query;
  if (wanted === undefined) return view.version === "1.0" && level === 3 ? 0 : USUAL_DEPTH[level]!;
  const match = view.version === "1.2" && more.length === 0 ? DEPTH.exec(wanted) : null;
  return match ? Number(match[1]) : `unknown parameter "${wanted.slice(0, 20)}"`;
}

/** Attributes to show at a link, and levels to show below it. */
interface Shown {
  readonly own: Attributes;
  readonly levels: number;
}

/** What was asked for shows what it inherits as well; what lies below it only what is its own (§6.3.2). */
function linksAt(view: View, where: Path, levels: number): Link[] | undefined {
  switch (depth(where)) {
    case 1:
      return view.has(where) ? objectLinks(view, where, levels) : undefined;
    case 2:
      return view.has(where)
        ? instanceLinks(view, where, { own: view.attributes.effective(where), levels })
        : undefined;
    default:
      return view.has(instanceOf(where)) && view.resources(instanceOf(where)).includes(where)
        ? resourceLinks(view, where, { own: view.attributes.effective(where), levels })
        : undefined;
  }
}

/** The Object with its version, and all that is shown below it with the attributes attached to itself. */
function objectLinks(view: View, where: Path, levels: number): Link[] {
  const version = versionAttribute(view.announcedVersion(idAt(where, 0) ?? 0));
  const links: Link[] = [
    { target: where, attributes: new Map([...version, ...attributeLinks(view.attributes.own(where))]) },
  ];
  if (levels === 0) return links;
  for (const instance of view.instances()) {
    if (!contains(where, instance)) continue;
    links.push(...instanceLinks(view, instance, { own: view.attributes.own(instance), levels: levels - 1 }));
  }
  return links;
}

function instanceLinks(view: View, where: Path, { own, levels }: Shown): Link[] {
  const links: Link[] = [{ target: where, attributes: new Map(attributeLinks(own)) }];
  if (levels === 0) return links;
  for (const resource of view.resources(where))
    links.push(...resourceLinks(view, resource, { own: view.attributes.own(resource), levels: levels - 1 }));
  return links;
}

/** `dim` counts the Instances of a multiple Resource (§7.3.1). */
function resourceLinks(view: View, where: Path, { own, levels }: Shown): Link[] {
  const instances = view.resource(where)?.multiple === true ? view.resourceInstances(where) : undefined;
  const dim: [string, string][] = instances === undefined ? [] : [["dim", String(instances.length)]];
  const link: Link = { target: where, attributes: new Map([...dim, ...attributeLinks(own)]) };
  if (levels === 0 || instances === undefined) return [link];
  return [
    link,
    ...instances.map((target) => ({ target, attributes: new Map(attributeLinks(view.attributes.own(target))) })),
  ];
}
