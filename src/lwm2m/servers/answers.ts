/** How a request to the server ended, in words that a person can use. */

import { type Answer, Code, codeText, isSuccess } from "../../coap/index.ts";
import { type Event, TOO_MANY_REQUESTS } from "./registration.ts";

const NAMES: ReadonlyMap<number, string> = new Map([
  [Code.BadRequest, "Bad Request"],
  [Code.Unauthorized, "Unauthorized"],
  [Code.BadOption, "Bad Option"],
  [Code.Forbidden, "Forbidden"],
  [Code.NotFound, "Not Found"],
  [Code.MethodNotAllowed, "Method Not Allowed"],
  [Code.NotAcceptable, "Not Acceptable"],
  [Code.PreconditionFailed, "Precondition Failed"],
  [Code.RequestEntityTooLarge, "Request Entity Too Large"],
  [Code.UnsupportedContentFormat, "Unsupported Content-Format"],
  [Code.InternalServerError, "Internal Server Error"],
  [Code.NotImplemented, "Not Implemented"],
  [Code.ServiceUnavailable, "Service Unavailable"],
  [Code.GatewayTimeout, "Gateway Timeout"],
  [TOO_MANY_REQUESTS, "Too Many Requests"],
]);
/** Of what a server says for people, as much as fits a line. */
const MAX_DIAGNOSTIC = 200;
/** Whatever a server says, we ask again tomorrow. */
const LONGEST_MAX_AGE_S = 86_400;

/** What the state machine makes of an answer to Register, Update or De-register. */
export function eventOf(answer: Answer): Event {
  if (answer.status !== "answered") return { type: "no-answer" };
  const { code, locationPath, maxAge } = answer.response;
  if (!isSuccess(code)) {
    // How long to stay away (RFC 7252 §5.9.3.4, RFC 8516 §4).
    const says = maxAge !== undefined && (code === Code.ServiceUnavailable || code === TOO_MANY_REQUESTS);
    return { type: "refused", code, ...(says && { retryAfterMs: Math.min(maxAge, LONGEST_MAX_AGE_S) * 1_000 }) };
  }
  // A copy without slack: it is kept for as long as the registration lasts.
  return locationPath.length === 0 ? { type: "accepted" } : { type: "accepted", location: [...locationPath] };
}

/** What went wrong, such as "4.03 Forbidden: unknown endpoint" or "no answer in 93 s"; undefined if nothing did. */
export function errorText(answer: Answer, waitedMs: number): string | undefined {
  switch (answer.status) {
    case "answered":
      return isSuccess(answer.response.code) ? undefined : refusalText(answer.response.code, answer.response.payload);
    case "timeout":
      return `no answer in ${Math.round(waitedMs / 1_000)} s`;
    case "reset":
      return "the server answered with a reset: nothing there speaks LwM2M";
    case "failed":
      return answer.reason;
  }
}

function refusalText(code: number, payload: Uint8Array): string {
  const name = NAMES.get(code);
  const diagnostic = printable(payload);
  return `${codeText(code)}${name === undefined ? "" : ` ${name}`}${diagnostic === "" || diagnostic === name ? "" : `: ${diagnostic}`}`;
}

/** Diagnostic text of a stranger, without control characters (RFC 7252 §5.5.2). */
function printable(payload: Uint8Array): string {
  const text = new TextDecoder().decode(payload.subarray(0, MAX_DIAGNOSTIC));
  return text.replaceAll(/\p{Cc}+/gu, " ").trim();
}
