/** A port to listen on, where the next one that is free does as well. */

import { codeOf } from "./base/errors.ts";

/** Ports tried one after the other, where any will do. */
const PORTS_TRIED = 20;

/** The port asked for, or where any will do, the next that is free. */
export async function onFreePort<T>(
  port: number,
  any: true | undefined,
  use: (port: number) => Promise<T>,
): Promise<T> {
  for (let candidate = port; ; candidate++) {
    try {
      return await use(candidate);
    } catch (error) {
      if (!any || codeOf(error) !== "EADDRINUSE" || candidate >= port + PORTS_TRIED) throw error;
    }
  }
}
