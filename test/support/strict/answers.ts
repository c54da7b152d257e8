/** What each operation may be answered with: codes, options and bodies (LwM2M Transport 1.2 §6.4, tables of response codes). */

import { parsePath } from "../../../src/model/path.ts";
import { readBody } from "./bodies.ts";
import type { Blocks } from "./blocks.ts";
import { blockOf, check, dotted, Opt, type Strict, text, textsOf, uintOf } from "./message.ts";
import { type Client, compare } from "./truth.ts";

export type Operation =
  | "read"
  | "observe"
  | "discover"
  | "write"
  | "attributes"
  | "execute"
  | "create"
  | "delete"
  | "read-composite"
  | "observe-composite"
  | "write-composite"
  | "notify"
  | "unknown";

/** 5.00, 5.03 and 5.04 are of the device behind the client; 4.02 only where an option deserves it; 4.08 and 4.13 of blocks. */
const TROUBLE = ["5.00", "5.03", "5.04"];
const CODES: Readonly<Record<Operation, readonly string[]>> = {
  read: ["2.05", "4.00", "4.01", "4.04", "4.05", "4.06", ...TROUBLE],
  observe: ["2.05", "4.00", "4.01", "4.04", "4.05", "4.06", ...TROUBLE],
  discover: ["2.05", "4.00", "4.01", "4.04", "4.05"],
  write: ["2.04", "2.31", "4.00", "4.01", "4.04", "4.05", "4.08", "4.13", "4.15", ...TROUBLE],
  attributes: ["2.04", "4.00", "4.01", "4.04", "4.05"],
  execute: ["2.04", "4.00", "4.01", "4.04", "4.05", "4.15", ...TROUBLE],
  create: ["2.01", "2.31", "4.00", "4.01", "4.04", "4.05", "4.08", "4.13", "4.15", ...TROUBLE],
  delete: ["2.02", "4.00", "4.01", "4.04", "4.05", ...TROUBLE],
  "read-composite": ["2.05", "4.00", "4.01", "4.04", "4.05", "4.06", "4.15", ...TROUBLE],
  "observe-composite": ["2.05", "4.00", "4.01", "4.04", "4.05", "4.06", "4.15", ...TROUBLE],
  "write-composite": ["2.04", "2.31", "4.00", "4.01", "4.04", "4.05", "4.08", "4.13", "4.15", ...TROUBLE],
  notify: ["2.05", "4.01", "4.04", "5.00"],
  unknown: ["4.00", "4.01", "4.04", "4.05"],
};
const LINK_FORMAT = 40;
const ATTRIBUTE =
  /^(?:pmin|pmax|epmin|epmax|hqmax)=\d+$|^(?:gt|lt|st)=-?\d+(?:\.\d+)?$|^(?:edge|con)=[01]$|^dim=\d+$|^ver=\d+\.\d+$/;
/** E42: what no server of an older version knows. */
const NEWER = /^(?:edge|con|hqmax)=/;

/** The operation that a request means (LwM2M Transport 1.2 Table 6.4-1). */
export function operationOf(asked: Strict, { typeAt }: Client): Operation {
  const path = textsOf(asked, Opt.UriPath);
  const observes = uintOf(asked, Opt.Observe) === 0;
  const format = uintOf(asked, Opt.ContentFormat);
  switch (asked.code) {
    case 1:
      return uintOf(asked, Opt.Accept) === LINK_FORMAT ? "discover" : observes ? "observe" : "read";
    case 2:
      if (path.length === 1) return "create";
      if (path.length === 3)
        return typeAt(`/${path.join("/")}`)?.multiple && format !== undefined ? "write" : "execute";
      return path.length === 2 ? "write" : "unknown";
    case 3:
      return format === undefined && textsOf(asked, Opt.UriQuery).length > 0 ? "attributes" : "write";
    case 4:
      return "delete";
    case 5:
      return observes ? "observe-composite" : "read-composite";
    case 7:
      return "write-composite";
    default:
      return "unknown";
  }
}

export interface Answered {
  readonly asked: Strict;
  readonly message: Strict;
  readonly operation: Operation;
  readonly blocks: Blocks;
}

/** @throws Fault. `now`: what is said was made this moment, so that it can be held against what is there. */
export function judgeAnswer(answered: Answered, client: Client, now: boolean): void {
  const { asked, message, operation } = answered;
  const code = dotted(message.code);
  const critical = asked.options.some(({ number }) => (number & 1) === 1 && number > 60);
  const long = textsOf(asked, Opt.UriPath).length > 4;
  check(CODES[operation].includes(code) || (code === "4.02" && (critical || long)), `no ${code} to ${operation}`);
  if (critical) check(code === "4.02", `4.02 to a critical option that nobody knows, not ${code}`);
  const options = new Set(message.options.map(({ number }) => number));
  const only = (...allowed: number[]) => {
    for (const number of options) check(allowed.includes(number), `no option ${number} in ${code} to ${operation}`);
  };
  checkBlock1(asked, message);
  if (code === "2.05") {
    only(Opt.Observe, Opt.ContentFormat, Opt.ETag, Opt.Block2, Opt.Size2, Opt.Block1);
    check(options.has(Opt.ContentFormat), "E27: a content format");
    const observes = operation === "observe" || operation === "observe-composite" || operation === "notify";
    check(options.has(Opt.Observe) === observes, observes ? "E43: the Observe option" : "no Observe option");
    const body = answered.blocks.take(asked, message);
    if (body !== undefined) judgeBody(answered, body.body, { client, now: now && body.fresh });
    return;
  }
  if (message.code >> 5 === 2) {
    check(message.payload.length === 0, `no payload in ${code}`);
    options.delete(Opt.Block2);
    only(Opt.Block1, ...(code === "2.01" ? [Opt.LocationPath] : []));
    if (code === "2.01") checkLocation(asked, message);
    return;
  }
  only(Opt.Block1, Opt.Size1, Opt.MaxAge);
  check(!options.has(Opt.MaxAge) || code === "5.03", "Max-Age with 5.03 alone");
  check(!options.has(Opt.Size1) || code === "4.13", "Size1 with 4.13 alone");
  check(!/[\p{Cc}]/u.test(text(message.payload)), "words for people, without control characters");
}

function checkBlock1(asked: Strict, message: Strict): void {
  const sent = blockOf(asked, Opt.Block1);
  const got = blockOf(message, Opt.Block1);
  const code = dotted(message.code);
  if (sent === undefined) check(got === undefined && code !== "2.31", "no Block1 where there was none");
  else if (code === "2.31" || got !== undefined) {
    check(got?.number === sent.number, `Block1 of number ${sent.number}`);
    check(got!.size <= sent.size, `no blocks larger than ${sent.size}`);
    check(code !== "2.31" || sent.more, "2.31 while there is more to come");
  }
}

/** E64: `/object/instance` of what was created. */
function checkLocation(asked: Strict, message: Strict): void {
  const location = textsOf(message, Opt.LocationPath);
  check(location.length === 2 && location[0] === textsOf(asked, Opt.UriPath)[0], "the Object, and the Instance");
  check(parsePath(`/${location.join("/")}`) !== undefined, "a location that is a path");
}

function judgeBody(
  { asked, message, operation }: Answered,
  body: Uint8Array,
  { client, now }: { client: Client; now: boolean },
): void {
  const format = uintOf(message, Opt.ContentFormat)!;
  const accept = uintOf(asked, Opt.Accept);
  check(accept === undefined || accept === format, `E28: the format ${accept ?? 0} that was accepted, not ${format}`);
  if (operation === "discover") {
    checkDiscover(asked, text(body), client);
    return;
  }
  const base = `/${textsOf(asked, Opt.UriPath).join("/")}`;
  const composite = asked.code === 5;
  const level = base.split("/").length - 1;
  if (accept === undefined && !composite && operation !== "notify") {
    const single = level >= 3 && client.typeAt(base)?.multiple === (level === 4);
    check(
      single ? format === 0 || format === 42 : format === 11_542,
      `E29: text of one value and TLV of more, not ${format}`,
    );
  }
  const told = readBody(format, body, { base: composite ? "/" : base, typeAt: client.typeAt, orderly: client.orderly });
  const times = new Set(told.map(({ time }) => time));
  if (operation === "read" || operation === "read-composite") check(times.size <= 1, "E39: one time in a Read at most");
  if (now && !composite && told.every(({ time }) => time === undefined || operation !== "notify"))
    compare(client, [base], told);
  for (const { path } of told) check(!/^\/(0|21)\//.test(path), "E59: nothing of Objects 0 and 21");
}

function checkDiscover(asked: Strict, words: string, client: Client): void {
  check(uintOf(asked, Opt.Accept) === LINK_FORMAT, "links for whom asked for them");
  check(!/\s/.test(words), "E41: no blanks");
  const base = `/${textsOf(asked, Opt.UriPath).join("/")}`;
  const targets = words.split(",").map((link) => {
    const [target = "", ...attributes] = link.split(";");
    check(/^<(\/\d+)+>$/.test(target), `a link, not ${target}`);
    for (const each of attributes) {
      check(ATTRIBUTE.test(each), `E41: an attribute that servers know, unquoted, not ${each}`);
      check(client.version() === "1.2" || !NEWER.test(each), `E42: nothing of LwM2M 1.2, such as ${each}`);
    }
    return target.slice(1, -1);
  });
  check(targets[0] === base, `${base} first`);
  check(new Set(targets).size === targets.length, "each link once");
  check(
    targets.every((target) => target === base || target.startsWith(`${base}/`)),
    `nothing but what is below ${base}`,
  );
}
