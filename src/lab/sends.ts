/** Values that a client sends unasked, by POST to /dp (LwM2M Core 1.2 §6.4.6). */

import { DecodeError } from "../base/bytes.ts";
import { Format } from "../content/index.ts";
import { contains, parsePath, ROOT } from "../model/path.ts";
import type { Asking } from "./asking.ts";
import type { Client } from "./client.ts";
import type { Refusal } from "./registration.ts";
import type { Sample } from "./values.ts";

/** LwM2M CBOR came with 1.2. */
const FORMATS: readonly (number | undefined)[] = [Format.SenmlJson, Format.SenmlCbor, Format.LwM2mCbor];

/** @param client undefined if nobody registered from where it came. */
export function takeSend(
  client: Client | undefined,
  body: { readonly payload: Uint8Array; readonly format?: number },
  asking: Pick<Asking, "decode" | "tell">,
): { readonly code: "2.04"; readonly sender: Client } | Refusal {
  if (!client) return { code: "4.04", reason: "nobody is registered at this address" };
  if (!FORMATS.includes(body.format)) return { code: "4.15", reason: "SenML is wanted, as JSON or CBOR" };
  let samples: Sample[];
  try {
    samples = asking.decode(client, ROOT, body);
  } catch (error) {
    if (error instanceof DecodeError) return { code: "4.00", reason: error.message };
    throw error;
  }
  const paths = samples.flatMap(({ values }) => Object.keys(values));
  const stranger = paths.find((path) => !isRegistered(client, path));
  // §6.4.6: what was never registered is not found.
  if (stranger !== undefined) return { code: "4.04", reason: `${stranger} is of no registered Object Instance` };
  asking.tell(client, samples, true);
  return { code: "2.04", sender: client };
}

function isRegistered(client: Client, path: string): boolean {
  const inner = parsePath(path);
  return client.objects.some((object) => {
    const outer = parsePath(object);
    return outer !== undefined && inner !== undefined && contains(outer, inner);
  });
}
