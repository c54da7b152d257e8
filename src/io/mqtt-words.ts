/** What brokers, networks and certificates complain about, in words and with the next step. */

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { codeOf, words } from "../base/errors.ts";

export interface Target {
  readonly url: string;
  readonly protocol: 4 | 5;
}

/** Why a connection did not come about, or broke. */
export function connectionError(error: unknown, target: Target): string {
  const where = safeUrl(target.url);
  const refusal = refusalOf(error, target);
  if (refusal !== undefined) return `${where} refuses the connection: ${refusal}`;
  switch (systemCode(error)) {
    case "ECONNREFUSED":
      return `nobody listens at ${where}: does the broker run?`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `there is no address for ${where}: is the name right, does the name service work?`;
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return `${where} cannot be reached: is the network up?`;
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
      return `the certificate of ${where} is signed by nobody known here: name the CA's file with \`ca\``;
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return `the certificate of ${where} is made out for another name`;
    case "CERT_HAS_EXPIRED":
      return `the certificate of ${where} has expired; or is this clock wrong?`;
    default:
      return `${where}: ${words(error)}`;
  }
}

/** The CONNACK codes of MQTT 3.1.1 (§3.2.2.3) and the reason codes of MQTT 5 (§3.2.2.2). */
function refusalOf(error: unknown, { protocol }: Target): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "number") return undefined;
  switch (error.code) {
    case 0x01:
    case 0x84:
      return `it does not speak MQTT ${protocol === 5 ? "5: set protocol: 3.1.1" : "3.1.1: set protocol: 5"}`;
    case 0x02:
    case 0x85:
      return "it does not like the client id";
    case 0x04:
    case 0x86:
      return "wrong user name or password";
    case 0x05:
    case 0x87:
      return "not authorised: are user name and password right?";
    case 0x03:
    case 0x88:
      return "it is not available";
    default:
      return words(error);
  }
}

function systemCode(error: unknown): string | undefined {
  const code = codeOf(error);
  if (code !== undefined || !(error instanceof AggregateError)) return code;
  return error.errors.map(codeOf).find((each) => each !== undefined);
}

/** Without user name and password, which have no business in a log. */
function safeUrl(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

/** MQTT 3.1.1 §3.9.3: 0x80 is a failure; MQTT 5 §3.9.3: all codes from there on are. */
export function refusedTopics(granted: readonly { readonly topic: string; readonly qos: number }[]): string[] {
  return granted.filter(({ qos }) => qos >= 0x80).map(({ topic }) => topic);
}

/** PEM as it stands, or from a file, whose path may start at `folder`: read at each attempt, so that a renewed certificate is taken up. */
export async function readPem(given: string, name: string, folder = ""): Promise<string> {
  if (given.includes("-----BEGIN")) return given;
  try {
    return await readFile(resolve(folder, given), "utf8");
  } catch (error) {
    throw new Error(`cannot read the file of \`${name}\`: ${words(error)}`, { cause: error });
  }
}
