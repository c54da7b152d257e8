/** Numbers, units, ages and words as people write them. Pure, so that they can be tested without a browser. */

import type { Liveness, Registration, RegistrationState, Scalar, Security, Value, Values } from "./types.ts";

/** A value in two parts: the figure, and the unit set smaller beside it. */
export interface Shown {
  readonly figure: string;
  readonly unit: string;
}

/** The text, decimals, what to multiply with, and from which size on one decimal less is enough. */
type UnitStyle = readonly [text: string, decimals: number, factor?: number, coarseFrom?: number];

/** Units that are written as SenML names them, with their decimals. */
const SAME =
  "K 1|% 0|hPa 1|bar 3|mA 0|kW 2|J 0|VA 1|var 1|lx 0|Hz 2|m 1|km 2|mm 1|m/s 1|km/h 1|l 1|kg 2|g 0|ppm 0|ppb 0|dB 0|dBm 0|s 0|min 0|B 0|KiB 0|kB 0";

/** SenML units (RFC 8428 §12.1, RFC 8798 §3) as they are written on instruments. */
const UNITS: Readonly<Record<string, UnitStyle>> = {
  ...Object.fromEntries(
    SAME.split("|").map((each): [string, UnitStyle] => {
      const [unit = "", decimals] = each.split(" ");
      return [unit, [unit, Number(decimals)]];
    }),
  ),
  Cel: ["°C", 1],
  "%RH": ["%", 1],
  "%EL": ["%", 0],
  "/100": ["%", 0],
  Pa: ["hPa", 1, 0.01],
  V: ["V", 2, 1, 100],
  mV: ["V", 2, 0.001],
  A: ["A", 3, 1, 10],
  W: ["W", 1, 1, 1_000],
  Wh: ["kWh", 3, 0.001],
  kWh: ["kWh", 3, 1, 1_000],
  "m/s2": ["m/s²", 2],
  m3: ["m³", 3],
  deg: ["°", 0],
  "ug/m3": ["µg/m³", 1],
  count: ["", 0],
  "/": ["", 2],
};

/** Resources in the unit that Resource 5701 of their Instance names: value, and what was or can be measured. */
const IN_OWN_UNIT = /^(\/\d+\/\d+)\/(?:570[0234]|560[1-4])$/;

/** Resources of type Time: their values are seconds since 1970. */
const TIMES = /^(?:\/3\/0\/13|\/6\/\d+\/5|\/\d+\/\d+\/5518)$/;
/** On and off, not true and false. */
const SWITCHES = /^\/\d+\/\d+\/(?:5850|5500)$/;

/** Numbers that stand for words. */
const MEANINGS: readonly (readonly [RegExp, readonly string[]])[] = [
  [/\/6042$/, "unchecked|not valid|doubtful|old|good".split("|")],
  [
    /^\/3\/0\/11(?:\/\d+)?$/,
    "no error|low battery|external power off|GPS module failure|low signal|out of memory|SMS failure|no IP connectivity|peripheral malfunction".split(
      "|",
    ),
  ],
];

const NOTHING: Shown = { figure: "—", unit: "" };

/** The value at `path`, as it is shown; `beside` are the values around it. */
export function showValue(path: string, value: Value | undefined, beside: Values = {}): Shown {
  if (!value) return NOTHING;
  const instance = IN_OWN_UNIT.exec(path)?.[1];
  const own = instance === undefined ? undefined : beside[`${instance}/5701`]?.value;
  return showScalar(value.value, value.unit ?? (typeof own === "string" ? own : undefined), path);
}

export function showScalar(value: Scalar, unit?: string, path = ""): Shown {
  if (typeof value === "boolean") {
    const words = SWITCHES.test(path) ? ["On", "Off"] : ["Yes", "No"];
    return { figure: words[value ? 0 : 1]!, unit: "" };
  }
  if (typeof value === "string") return { figure: value === "" ? "—" : value, unit: "" };
  if (TIMES.test(path)) return { figure: dateTime(value * 1_000), unit: "" };
  if (unit === "lat" || /^\/6\/\d+\/0$/.test(path)) return degrees(value, ["N", "S"]);
  if (unit === "lon" || /^\/6\/\d+\/1$/.test(path)) return degrees(value, ["E", "W"]);
  const meaning = MEANINGS.find(([of]) => of.test(path))?.[1][value];
  return meaning === undefined ? showNumber(value, unit) : { figure: plain(value), unit: meaning };
}

function showNumber(value: number, unit: string | undefined): Shown {
  // Units come from devices: one called "constructor" is none of ours.
  const style = unit !== undefined && Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
  if (!style) return { figure: plain(value), unit: unit ?? "" };
  const [text, decimals, factor = 1, coarseFrom = Infinity] = style;
  const scaled = value * factor;
  const coarse = Math.abs(scaled) >= coarseFrom;
  return { figure: fixed(scaled, Math.max(0, decimals - (coarse ? 1 : 0))), unit: text };
}

function degrees(value: number, [positive, negative]: readonly [string, string]): Shown {
  return { figure: `${fixed(Math.abs(value), 5)}°`, unit: value < 0 ? negative : positive };
}

/** Beyond these, digits say less than the power of ten. */
const [TINY, HUGE] = [1e-6, 1e15];

/** The same number of decimals whatever the value: figures that change keep their place. */
export function fixed(value: number, decimals: number): string {
  if (!(Math.abs(value) < HUGE)) return plain(value);
  return sign(value.toLocaleString("en-GB", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }));
}

/** Without a unit there is no custom: four digits at least, zeros at the end left out. */
export function plain(value: number): string {
  if (!Number.isFinite(value)) return "—";
  const size = Math.abs(value);
  if (size >= HUGE || (size < TINY && size > 0)) return value.toExponential(3).replaceAll("-", "−");
  if (size < 1) return sign(value.toLocaleString("en-GB", { maximumSignificantDigits: 4 }));
  const digits = Number.isInteger(value) ? 0 : size >= 1_000 ? 1 : 3;
  return sign(value.toLocaleString("en-GB", { maximumFractionDigits: digits }));
}

/** "-0.0" is nothing that an instrument shows, and a hyphen is no minus. */
function sign(text: string): string {
  return /^-[0.,]*$/.test(text) ? text.slice(1) : text.replace("-", "−");
}

/** Milliseconds as "4 s", "12 min", "3 h", "2 d". */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** "4 s ago", or undefined where nothing was heard yet. */
export function ago(iso: string | undefined, now: number): string {
  const ms = iso === undefined ? Number.NaN : now - Date.parse(iso);
  if (Number.isNaN(ms)) return "never";
  return ms < 1_000 ? "just now" : `${duration(ms)} ago`;
}

/** "in 4 min", "now". */
export function until(iso: string | undefined, now: number): string {
  const ms = iso === undefined ? Number.NaN : Date.parse(iso) - now;
  if (Number.isNaN(ms)) return "";
  return ms < 1_000 ? "now" : `in ${duration(ms)}`;
}

/** In the zone of whoever looks, with the zone shown. */
export function dateTime(ms: number): string {
  // The calendar of JavaScript ends after 275,000 years.
  if (!(Math.abs(ms) <= 8.64e15)) return "—";
  return new Date(ms).toLocaleString("en-GB", {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
  });
}

export function bytes(count: number): string {
  if (count < 10_000) return `${plain(count)} B`;
  return count < 1e7 ? `${fixed(count / 1e3, 0)} kB` : `${fixed(count / 1e6, 1)} MB`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${plain(count)} ${count === 1 ? one : many}`;
}

/** 0 to 4 bars. A Bluetooth advert at -90 dBm is about to be lost, at -55 dBm the sensor lies beside the gateway. */
export function signalBars(rssi: number): number {
  return [-90, -80, -70, -60].filter((least) => rssi >= least).length;
}

/** Resource 6042, in a word; nothing where all is well. */
export function qualityWord(quality: number | undefined): string {
  return quality === undefined || quality === 4 ? "" : (MEANINGS[0]?.[1][quality] ?? "");
}

export const LIVENESS_WORDS: Readonly<Record<Liveness, string>> = {
  live: "Live",
  stale: "Stale",
  gone: "Gone",
  waiting: "Waiting",
};

export const REGISTRATION_WORDS: Readonly<Record<RegistrationState, string>> = {
  registered: "Registered",
  updating: "Updating",
  registering: "Registering",
  bootstrapping: "Bootstrapping",
  "given-up": "Given up",
  waiting: "Waiting to retry",
  off: "Not registered",
};

/** "Registered, asleep, 12 kept". */
export function registrationText({ state, asleep, kept = 0 }: Registration): string {
  return REGISTRATION_WORDS[state] + (asleep ? ", asleep" : "") + (kept > 0 ? `, ${plain(kept)} kept` : "");
}

/** "DTLS 1.2, TLS_PSK_WITH_AES_128_CCM_8, Connection ID, resumed"; of a way that is not secured yet, why. */
export function securityText(security: Security | undefined): string {
  if (security === undefined) return "nothing";
  const { protocol, suite, connectionId, resumed, failure, warning } = security;
  if (suite === undefined) return failure === undefined ? `${protocol}, not agreed yet` : `${protocol}: ${failure}`;
  const agreed = [protocol, suite, connectionId && "Connection ID", resumed && "resumed"].filter(Boolean).join(", ");
  return warning === undefined ? agreed : `${agreed}; ${warning}`;
}

/** "sensorValue" and "battery_voltage" as words. */
export function words(name: string): string {
  const spaced = name
    .replaceAll("_", " ")
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

/** "Ruuvi RuuviTag" says Ruuvi once too often. */
export function madeBy(maker: string | undefined, model: string | undefined): string {
  if (maker === undefined || model === undefined) return maker ?? model ?? "";
  return model.toLowerCase().startsWith(maker.toLowerCase()) ? model : `${maker} ${model}`;
}
