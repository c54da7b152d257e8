/** A server that takes nothing of a Register or Update but what every server takes: each sentence of refusal has its number. */

import { describe as described, type FakeServer, type Heard, type Verdict } from "./fake-server.ts";
import type { Message } from "../../src/coap/index.ts";

const LINK = /^<\/(?:[0-9]{1,5}(?:\/[0-9]{1,5})?)>(?:;ver=[0-9]+\.[0-9]+)?$/;
const ROOT_LINK = /^<\/[a-z0-9/-]+>;rt="oma\.lwm2m"$/;
const REGISTER_PARAMETERS = ["ep", "lt", "lwm2m", "b", "Q"];

/** What is wrong with a Register, in the words of the points of conformance; empty if every server takes it. */
export function faultsOfRegister(request: Heard): string[] {
  const { type, path, query, format, text, message } = request;
  const names = query.map(nameOf);
  const version = valueOf(query, "lwm2m");
  const binding = valueOf(query, "b");
  return [
    ...(type === "CON" ? [] : ["E1: not confirmable"]),
    ...(message.code === 2 && path === "/rd" ? [] : ["not POST /rd"]),
    ...(format === 40 ? [] : ["not Content-Format 40"]),
    ...(/^1\.[012]$/.test(version ?? "") ? [] : ["E3: no version"]),
    ...((valueOf(query, "ep") ?? "") === "" ? ["E4: no endpoint name"] : []),
    ...(/^[0-9]+$/.test(valueOf(query, "lt") ?? "") ? [] : ["E5, E7: no whole number of seconds"]),
    ...(valueOf(query, "lt") === "0" && version !== "1.2" ? ["E6: a lifetime of 0"] : []),
    ...(version !== "1.0" && binding?.includes("Q") ? ["E8: Queue Mode in the binding"] : []),
    ...(version === "1.0" && names.includes("Q") ? ["E9: Queue Mode as parameter"] : []),
    ...(query.some((each) => each.startsWith("Q=")) ? ["E9: Queue Mode with a value"] : []),
    ...(binding === undefined || /^UQ?$/.test(binding) ? [] : ["E7, E10: a binding that is not spoken"]),
    ...(names.every((name, i) => REGISTER_PARAMETERS.includes(name) && names.indexOf(name) === i)
      ? []
      : ["a parameter that is unknown, or there twice"]),
    ...faultsOfLinks(text),
  ];
}

/** What is wrong with an Update. */
export function faultsOfUpdate({ type, query, format, text, message }: Heard): string[] {
  return [
    ...(type === "CON" ? [] : ["E1: not confirmable"]),
    ...(message.code === 2 ? [] : ["E20: not POST"]),
    ...(query.some((each) => nameOf(each) === "ep") ? ["E19: an endpoint name"] : []),
    ...(query.every((each) => ["lt", "b", "Q"].includes(nameOf(each))) ? [] : ["an unknown parameter"]),
    ...(text === "" ? (format === undefined ? [] : ["a format of nothing"]) : faultsOfLinks(text)),
  ];
}

function faultsOfLinks(text: string): string[] {
  const links = text.split(",");
  const root = links[0]?.includes("oma.lwm2m") === true ? links.shift() : undefined;
  const ids = links.flatMap((link) => (/^<\/([0-9]+)/.exec(link)?.[1] ?? "").split(" ").map(Number));
  return [
    ...(links.length > 0 && text !== "" ? [] : ["E11: no Object"]),
    ...(/ver="/.test(text) ? ["E12: a quoted version"] : []),
    ...(/,[\s]|[\s],|\n|,$/.test(text) ? ["E13: a blank, or a comma at the end"] : []),
    ...(root === undefined || ROOT_LINK.test(root) ? [] : ["E14, E15: a root link that some cannot read"]),
    ...(links.every((link) => LINK.test(link)) ? [] : ["E16, E18: a link that is none"]),
    ...(ids.includes(65_535) ? ["E17: Object 65535"] : []),
    ...(/\s/.test(text) ? ["E13: a blank"] : []),
  ];
}

function nameOf(parameter: string): string {
  return parameter.split("=")[0]!;
}

function valueOf(query: readonly string[], name: string): string | undefined {
  return query.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
}

const BLOCK1 = 27;

/** Puts bodies together that come in blocks (RFC 7959 §2.5), and asks `server.grant` about the whole. */
export function assembling(server: FakeServer, decide = (request: Heard): Verdict => server.grant(request)) {
  const bodies: Heard[] = [];
  let parts: Uint8Array[] = [];
  server.verdict = (request) => {
    const option = request.message.options.find(({ number }) => number === BLOCK1);
    const block = option?.value.reduce((sum, byte) => sum * 256 + byte, 0);
    if (option === undefined || block === undefined) {
      bodies.push(request);
      return decide(request);
    }
    if (block >> 4 === 0) parts = [];
    if (parts.length !== block >> 4) return { code: 0x88 };
    parts.push(request.payload);
    const echo = { options: [option] };
    if ((block & 8) !== 0) return { code: 0x5f, ...echo };
    const message: Message = { ...request.message, payload: Buffer.concat(parts) };
    const whole = described(message);
    bodies.push(whole);
    const verdict = decide(whole);
    return verdict && { ...verdict, ...echo };
  };
  return bodies;
}
