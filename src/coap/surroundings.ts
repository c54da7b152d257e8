/** What all floors of one endpoint share: a single object, because thousands of endpoints stand idle. */

import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { Transport } from "../base/transport.ts";
import type { Counters } from "./counters.ts";
import type { Parameters } from "./parameters.ts";

export interface Surroundings {
  /** Another one after `Endpoint.change`. */
  transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly parameters: Parameters;
  readonly counters: Counters;
}
