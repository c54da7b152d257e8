/** Discover (LwM2M Core 1.1 §6.3.2): what is there, with the attributes that this server has attached. */

import { Code, type Reply } from "../../coap/index.ts";
import { Format, type Link, writeLinks } from "../../content/index.ts";
import { depth, ids, path, type Path } from "../../model/path.ts";
import { attributeLinks } from "../reporting/attributes.ts";
import type { Attributes } from "../reporting/conditions.ts";
import { versionAttribute } from "../servers/links.ts";
import { instanceOf, type View } from "../view.ts";

const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map();
const encoder = new TextEncoder();

export function discover(view: View, where: Path): Reply {
  const links = linksAt(view, where);
  if (links === undefined) return { code: Code.NotFound };
  return { code: Code.Content, format: Format.LinkFormat, payload: encoder.encode(writeLinks(links)) };
}

function linksAt(view: View, where: Path): Link[] | undefined {
  switch (depth(where)) {
    case 1:
      return view.has(where) ? objectLinks(view, where) : undefined;
    case 2:
      return view.has(where) ? instanceLinks(view, where) : undefined;
    case 3:
      return view.has(instanceOf(where)) && view.resources(instanceOf(where)).includes(where)
        ? [resourceLink(view, where, view.attributes.effective(where))]
        : undefined;
    default:
      return undefined;
  }
}

/** The Object with its own attributes, its Instances with theirs, and the bare Resources of each. */
function objectLinks(view: View, where: Path): Link[] {
  const [object] = ids(where);
  const version = versionAttribute(view.announcedVersion(object!));
  const links: Link[] = [
    { target: where, attributes: new Map([...version, ...attributeLinks(view.attributes.own(where))]) },
  ];
  for (const instance of view.instances()) {
    if (ids(instance)[0] !== object) continue;
    links.push({ target: instance, attributes: new Map(attributeLinks(view.attributes.own(instance))) });
    for (const resource of view.resources(instance)) links.push({ target: resource, attributes: NO_ATTRIBUTES });
  }
  return links;
}

/** The Instance and its Resources, each with the attributes attached to itself. */
function instanceLinks(view: View, where: Path): Link[] {
  return [
    { target: where, attributes: new Map(attributeLinks(view.attributes.own(where))) },
    ...view.resources(where).map((resource) => resourceLink(view, resource, view.attributes.own(resource))),
  ];
}

/** `dim` counts the Instances of a multiple Resource (§7.3.1). */
function resourceLink(view: View, where: Path, attributes: Attributes): Link {
  const multiple = view.resource(where)?.multiple === true;
  const dim: [string, string][] = multiple ? [["dim", String(dimension(view, where))]] : [];
  return { target: where, attributes: new Map([...dim, ...attributeLinks(attributes)]) };
}

function dimension(view: View, where: Path): number {
  return new Set(view.entries(where).map(([at]) => (depth(at) === 3 ? path(...ids(at), 0) : at))).size;
}
