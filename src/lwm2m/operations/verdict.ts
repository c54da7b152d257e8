/** How what a handler says becomes an answer to the server. */

import type { Clock } from "../../base/clock.ts";
import { Code, type Reply } from "../../coap/index.ts";
import type { MaybeLater, Verdict } from "../handlers.ts";

const CHANGED: Reply = { code: Code.Changed };

export function verdictReply(clock: Clock, verdict: Verdict): Reply {
  if (verdict === undefined) return CHANGED;
  switch (verdict.status) {
    case "done":
      // A timer, since the answer leaves with this turn of the loop or, after a promise, within the next few (E66).
      if ("after" in verdict) clock.after(0, verdict.after);
      return CHANGED;
    case "rejected":
      return { code: Code.BadRequest, diagnostic: verdict.reason };
    case "not-allowed":
      return { code: Code.MethodNotAllowed, diagnostic: verdict.reason };
    case "timeout":
      return { code: Code.GatewayTimeout, diagnostic: "no answer from the device" };
  }
}

/** What a handler says goes on with `then`, at once if it can: who is asked at once is answered at once. */
export function settled(
  clock: Clock,
  verdict: MaybeLater<Verdict>,
  then: (reply: Reply) => MaybeLater<Reply>,
): MaybeLater<Reply> {
  if (verdict instanceof Promise) return verdict.then((said) => then(verdictReply(clock, said)));
  return then(verdictReply(clock, verdict));
}
