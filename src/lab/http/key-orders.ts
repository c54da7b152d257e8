/** Who may come through the secured port: `/lab/security` and `/lab/keys`. Keys come in here, and never out. */

import type { LabKeys } from "../keys.ts";
import type { LabSecurity } from "../secure-front.ts";
import { fieldOf, HttpError, jsonOf, type Order } from "./messages.ts";

/** What of it people may reach. */
export interface KeyDoor {
  readonly state: LabSecurity;
  readonly keys: LabKeys;
}

/** What to answer, as JSON. */
export function orderKeys({ state, keys }: KeyDoor, order: Order): unknown {
  const { method, segments } = order;
  const [what, identity] = segments;
  if (what === "security" && segments.length === 1 && method === "GET") return state;
  if (what !== "keys" || !identity || segments.length > 2)
    throw new HttpError(404, "there is GET /lab/security, and PUT and DELETE of /lab/keys/{identity}");
  const bytes = Buffer.from(identity);
  switch (method) {
    case "PUT":
      put(keys, bytes, order.body);
      return { identity };
    case "DELETE":
      if (!keys.delete(bytes)) throw new HttpError(404, `there is no key for ${identity}`);
      return { identity };
    default:
      throw new HttpError(405, "PUT gives an identity its key, DELETE takes it away; none is shown");
  }
}

function put(keys: LabKeys, identity: Uint8Array, body: string): void {
  const key = fieldOf(jsonOf(body), "key");
  if (typeof key !== "string" || !/^(?:[0-9a-f]{2}){1,64}$/i.test(key))
    throw new HttpError(400, 'the key is written in hexadecimal digits: {"key": "000102…0f"}');
  try {
    keys.set(identity, Buffer.from(key, "hex"));
  } catch (error) {
    if (error instanceof RangeError) throw new HttpError(400, error.message);
    throw error;
  }
}
