/** What people ask of one client: `/lab/clients/{endpoint}/{what}`. */

import type { Scalar } from "../../base/outcome.ts";
import { depth, idAt, type Path, parsePath } from "../../model/path.ts";
import type { Attributes } from "../attributes.ts";
import type { Client } from "../client.ts";
import type { OperationResult, Operations } from "../operations.ts";
import { isScalar, isValueTree, type ValueTree } from "../value-tree.ts";
import { fieldOf, HttpError, jsonOf, type Order } from "./messages.ts";

interface ClientOrder extends Order {
  readonly operations: Operations;
  readonly client: Client;
}

/** Words of the query that are not attributes of an observation. */
const OWN_WORDS: readonly string[] = ["format", "discover", "paths", "pathsFormat", "instance"];

export function orderClient(operations: Operations, client: Client, order: Order): Promise<OperationResult> {
  const rest = order.segments.slice(2);
  const last = rest.at(-1);
  const whole = { ...order, operations, client };
  if (rest[0] === "composite" && rest.length <= 2 && (last === "composite" || last === "observe"))
    return composite(whole, last === "observe");
  const special = last === "observe" || last === "attributes" ? last : undefined;
  const path = parsePath(`/${(special === undefined ? rest : rest.slice(0, -1)).join("/")}`);
  if (!path) throw new HttpError(404, "a path is written 3303/0/5700");
  if (special === "observe") return observe(whole, path);
  return special === "attributes" ? attributes(whole, path) : operate(whole, path);
}

function operate({ operations, client, method, query, body }: ClientOrder, path: Path): Promise<OperationResult> {
  const format = numberIn(query, "format", 65_534);
  switch (method) {
    case "GET":
      return query.has("discover")
        ? operations.discover(client, path, query.get("discover") === "" ? undefined : numberIn(query, "discover", 4))
        : operations.read(client, path, format);
    case "PUT":
    case "POST": {
      const json = jsonOf(body);
      const values = valuesOf(json);
      if (values === undefined && method === "PUT") return operations.write(client, path, valueOf(json), format);
      if (values === undefined && depth(path) === 3) return operations.execute(client, path, body);
      if (values === undefined) throw new HttpError(400, 'the body must be {"values": {"5700": ...}}');
      if (depth(path) > 1)
        return operations.writeAll(client, path, values, { mode: method === "PUT" ? "replace" : "update", format });
      const object = idAt(path, 0);
      if (object === undefined || method === "PUT") throw new HttpError(405, "POST on an Object creates an Instance");
      return operations.create(client, object, values, { instance: numberIn(query, "instance", 65_534), format });
    }
    case "DELETE":
      return operations.delete(client, path);
    default:
      throw new HttpError(405, "GET reads, PUT writes, POST executes or creates, DELETE deletes an Instance");
  }
}

function observe({ operations, client, method, query }: ClientOrder, path: Path): Promise<OperationResult> {
  if (method === "POST") return operations.observe(client, path, attributesIn(query));
  if (method === "DELETE") return operations.cancel(client, path);
  throw new HttpError(405, "POST observes, DELETE cancels");
}

function attributes({ operations, client, method, body }: ClientOrder, path: Path): Promise<OperationResult> {
  if (method !== "PUT") throw new HttpError(405, "PUT writes attributes, GET with ?discover shows them");
  const json = jsonOf(body);
  if (!areAttributes(json)) throw new HttpError(400, 'the body must be {"pmin": 5, "gt": null}');
  return operations.writeAttributes(client, path, json);
}

function composite(order: ClientOrder, observed: boolean): Promise<OperationResult> {
  const { operations, client, method, query, body } = order;
  const format = numberIn(query, "format", 65_534);
  const how = { format, pathsFormat: numberIn(query, "pathsFormat", 65_534) };
  if (observed && method === "POST")
    return operations.composite.observe(client, pathsIn(query), { ...how, attributes: attributesIn(query) });
  if (observed && method === "DELETE") return operations.composite.cancel(client, pathsIn(query), how);
  if (observed) throw new HttpError(405, "POST observes, DELETE cancels");
  if (method === "GET") return operations.composite.read(client, pathsIn(query), how);
  if (method !== "PUT") throw new HttpError(405, "GET reads, PUT writes");
  const values = valuesOf(jsonOf(body));
  if (values === undefined) throw new HttpError(400, 'the body must be {"values": {"/3303/0/5700": ...}}');
  return operations.composite.write(client, values, format);
}

function pathsIn(query: URLSearchParams): Path[] {
  return (query.get("paths") ?? "").split(",").map((text) => {
    const path = parsePath(text);
    if (!path) throw new HttpError(400, "paths are written ?paths=/3/0,/3303/0/5700");
    return path;
  });
}

function attributesIn(query: URLSearchParams): Attributes {
  return Object.fromEntries([...query].filter(([name]) => !OWN_WORDS.includes(name)));
}

function areAttributes(json: unknown): json is Attributes {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return false;
  return Object.values(json).every((value: unknown) => value === null || isScalar(value));
}

function numberIn(query: URLSearchParams, name: string, max: number): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const number = /^\d{1,5}$/.test(text) ? Number(text) : Infinity;
  if (number > max) throw new HttpError(400, `${name} is a number up to ${max}`);
  return number;
}

function valuesOf(json: unknown): ValueTree | undefined {
  const values = fieldOf(json, "values");
  return isValueTree(values) ? values : undefined;
}

function valueOf(json: unknown): Scalar {
  const value = fieldOf(json, "value");
  if (isScalar(value)) return value;
  throw new HttpError(400, 'the body must be {"value": ...} with a text, a number, true or false');
}
