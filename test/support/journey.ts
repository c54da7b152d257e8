/** What journeys through the whole gateway share: frames of real devices, and a server's eyes. */

import { type Payload } from "../../src/sdk/adapter.ts";
import { Format } from "../../src/content/index.ts";
import { models } from "../gateway/rig.ts";
import { parsePath } from "../../src/model/path.ts";
import type { FakeServer } from "./fake-server.ts";
import { advert, message, serviceAdvert } from "./definitions.ts";
import { senmlCbor, senmlJson, type SenmlValue, tlvBytes, tlvValue } from "./payloads.ts";

export type Values = Readonly<Record<string, string | number | boolean>>;

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));

/** A Bluetooth advert with manufacturer data of Ruuvi. */
export const ruuviHex = (hex: string): Payload => advert(0x0499, bytes(hex));

/** A Bluetooth advert with service data. */
export const serviceHex = (uuid: string, hex: string): Payload =>
  serviceAdvert(`0000${uuid}-0000-1000-8000-00805f9b34fb`, bytes(hex));

export const line = (text: string): Payload => ({ kind: "text", text });

export const json = message;

/** A RuuviTag of data format 5 that says this temperature, and everything else as the vector of the vendor. */
export function tag(temperature: number | undefined, sequence: number): Payload {
  const data = bytes("05 12FC 5394 C37C 0004 FFFC 040C AC36 42 00CD CBB8334C884F");
  const view = new DataView(data.buffer);
  view.setInt16(1, temperature === undefined ? -32_768 : Math.round(temperature / 0.005));
  view.setUint16(16, sequence & 0x7fff);
  return advert(0x0499, data);
}

/** What a server sees of an Object Instance in TLV, typed by the registry. */
export async function readTlv(server: FakeServer, path: string): Promise<Values> {
  const answer = await server.ask("GET", { path, accept: Format.Tlv });
  if (answer.code !== "2.05" || answer.format !== Format.Tlv) throw new Error(`${path}: ${answer.code} ${answer.text}`);
  const found = [...tlvBytes(answer.payload, path)].map(([at, raw]) => [at, tlvValue(raw, typeOf(at))] as const);
  return Object.fromEntries(found);
}

/** The same in SenML, with times and with the kind of number. */
export async function readSenml(server: FakeServer, path: string, format: 110 | 112): Promise<Map<string, SenmlValue>> {
  const answer = await server.ask("GET", { path, accept: format });
  if (answer.code !== "2.05" || answer.format !== format) throw new Error(`${path}: ${answer.code} ${answer.text}`);
  return format === Format.SenmlJson ? senmlJson(answer.text) : senmlCbor(answer.payload);
}

export async function readText(server: FakeServer, path: string): Promise<string> {
  const answer = await server.ask("GET", { path, accept: Format.Text });
  if (answer.code !== "2.05") throw new Error(`${path}: ${answer.code} ${answer.text}`);
  return answer.text;
}

/** Values of SenML without their times, Object Links aside. */
export const plain = (values: ReadonlyMap<string, SenmlValue>): Values =>
  Object.fromEntries([...values].map(([path, { value }]) => [path, scalar(value)]));

function scalar(value: unknown): string | number | boolean {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  throw new Error("no scalar");
}

/** The type that the registry gives a Resource. */
export function typeOf(path: string): string {
  const at = parsePath(path);
  return (at && models.resource(at)?.type) ?? "unknown";
}

/** Targets of links, such as `/3303/0/5700`, with their attributes as they stand. */
export function links(text: string): ReadonlyMap<string, string> {
  const found = text.split(",").map((each) => /^<([^>]*)>;?(.*)$/.exec(each));
  return new Map(found.map((match) => [match?.[1] ?? "?", match?.[2] ?? ""]));
}

/** Object Instances that a server was told of when the endpoint registered or was updated last. */
export function announced(server: FakeServer): string[] {
  const told = server.requests.filter(({ path, payload }) => path.startsWith("/rd") && payload.length > 0).at(-1);
  return [...links(told?.text ?? "").keys()].filter((target) => target.split("/").length === 3);
}

/** Observes, and gives what came since, as text. */
export function observe(server: FakeServer, path: string, accept: number = Format.Text) {
  const token = server.send("GET", { path, accept, observe: 0 });
  return {
    token,
    texts: () => server.answers(token).map(({ text }) => text),
    all: () => server.answers(token),
    newest: () => server.answers(token).at(-1),
  };
}

/** The same, told of every change at once: a definition may hold back what nobody has asked for. */
export async function observeAll(server: FakeServer, path: string, accept?: number) {
  const step = ["float", "integer", "unsigned"].includes(typeOf(path)) && path.split("/").length > 3 ? ["st=0"] : [];
  const { code } = await server.ask("PUT", { path, query: ["pmin=0", "pmax=0", ...step] });
  if (code !== "2.04") throw new Error(`attributes of ${path}: ${code}`);
  return observe(server, path, accept);
}
