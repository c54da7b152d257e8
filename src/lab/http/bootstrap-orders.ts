/** What people ask of the bootstrap server: `/lab/bootstrap`. */

import { ANY_ENDPOINT, type BootstrapServer } from "../bootstrap/server.ts";
import type { Peer } from "../wire.ts";
import { fieldOf, HttpError, jsonOf, type Order } from "./messages.ts";

/** What to answer, as JSON. */
export async function orderBootstrap(bootstrap: BootstrapServer, order: Order): Promise<unknown> {
  const { method, segments, body } = order;
  const [, endpoint = ANY_ENDPOINT, start] = segments;
  if (start !== undefined) {
    if (start !== "start" || segments.length > 3 || method !== "POST")
      throw new HttpError(404, "POST …/start begins a bootstrap");
    return begin(bootstrap, endpoint, body);
  }
  switch (method) {
    case "GET":
      return segments.length === 1
        ? { plans: bootstrap.planned, results: bootstrap.results }
        : resultOf(bootstrap, endpoint);
    case "PUT":
      plan(bootstrap, endpoint, jsonOf(body));
      return { endpoint };
    case "DELETE":
      if (!bootstrap.forget(endpoint)) throw new HttpError(404, `there is no plan for ${endpoint}`);
      return { endpoint };
    default:
      throw new HttpError(405, "GET shows, PUT plans, DELETE forgets a plan");
  }
}

function resultOf(bootstrap: BootstrapServer, endpoint: string): unknown {
  const result = bootstrap.result(endpoint);
  if (!result) throw new HttpError(404, `${endpoint} was never bootstrapped`);
  return result;
}

function plan(bootstrap: BootstrapServer, endpoint: string, json: unknown): void {
  try {
    bootstrap.planJson(endpoint, json);
  } catch (error) {
    if (error instanceof RangeError) throw new HttpError(400, error.message);
    throw error;
  }
}

async function begin(bootstrap: BootstrapServer, endpoint: string, body: string): Promise<unknown> {
  const address = fieldOf(jsonOf(body), "address");
  const result = await bootstrap.start(endpoint, address === undefined ? undefined : peerOf(address));
  if ("error" in result) throw new HttpError(409, result.error);
  return result;
}

/** `127.0.0.1:5683` or `[::1]:5683`. */
function peerOf(text: unknown): Peer {
  const match = typeof text === "string" ? /^(?:\[([0-9a-f:]+)\]|([\d.]+)):(\d{1,5})$/i.exec(text) : null;
  const port = Number(match?.[3]);
  if (!match || port < 1 || port > 65_535) throw new HttpError(400, 'address is written "127.0.0.1:5683"');
  return { address: match[1] ?? match[2] ?? "", port };
}
