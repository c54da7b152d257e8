/** The units of SenML, and which of them convert into which (RFC 8428 §12.1, RFC 8798, and what IANA added since). */

/** A unit in terms of its quantity's reference: `reference = (value - zero) * up / down`. Whole numbers keep conversions exact. */
interface Unit {
  readonly quantity: string;
  readonly up: number;
  readonly down: number;
  readonly zero: number;
}

/** Rows of the tables: name, reference unit, and if it is not the reference itself, `up`, `down`, `zero`. */
type Row = readonly [name: string, quantity: string, up?: number, down?: number, zero?: number];

/** Units that stand for themselves: nothing converts into them but their own multiples below. */
const REFERENCES =
  "m kg s A cd mol Hz rad sr N Pa W J C V F Ohm S Wb T H Cel lm lx Bq Gy Sv kat m2 m3 m/s m/s2 m3/s W/m2 cd/m2 " +
  "bit bit/s lat lon pH dB dBW Bspl count / %EL EL %RH beats S/m VA var vars VAs J/m kg/m3 NTU";

/** Primary units that are multiples of others (marked in RFC 8428 §12.1 as not recommended, but legal). */
const PRIMARY: readonly Row[] = [
  ["g", "kg", 1, 1000],
  ["K", "Cel", 1, 1, 273.15],
  ["l", "m3", 1, 1000],
  ["l/s", "m3/s", 1, 1000],
  ["%", "/", 1, 100],
  ["1/s", "Hz"],
  ["1/min", "Hz", 1, 60],
  ["beat/min", "Hz", 1, 60],
  ["B", "bit", 8],
  ["deg", "rad", Math.PI, 180],
];

/** The secondary units of RFC 8798 §3 and later registrations: legal in a Pack only from LwM2M 1.1 on. */
const SECONDARY: readonly Row[] = [
  ["ms", "s", 1, 1000],
  ["min", "s", 60],
  ["h", "s", 3600],
  ["MHz", "Hz", 1e6],
  ["kW", "W", 1000],
  ["kVA", "VA", 1000],
  ["kvar", "var", 1000],
  ["Ah", "C", 3600],
  ["Wh", "J", 3600],
  ["kWh", "J", 3.6e6],
  ["varh", "vars", 3600],
  ["kvarh", "vars", 3.6e6],
  ["VAh", "VAs", 3600],
  ["kVAh", "VAs", 3.6e6],
  ["Wh/km", "J/m", 18, 5],
  ["KiB", "bit", 8 * 1024],
  ["GB", "bit", 8e9],
  ["Mbit/s", "bit/s", 1e6],
  ["Gbit/s", "bit/s", 1e9],
  ["B/s", "bit/s", 8],
  ["MB/s", "bit/s", 8e6],
  ["mV", "V", 1, 1000],
  ["mA", "A", 1, 1000],
  ["dBm", "dBW", 1, 1, 30],
  ["ug/m3", "kg/m3", 1, 1e9],
  ["mg/l", "kg/m3", 1, 1000],
  ["ug/l", "kg/m3", 1, 1e6],
  ["g/l", "kg/m3"],
  ["mm/h", "m/s", 1, 3.6e6],
  ["m/h", "m/s", 1, 3600],
  ["ppm", "/", 1, 1e6],
  ["ppb", "/", 1, 1e9],
  ["ppt", "/", 1, 1e12],
  ["/100", "/", 1, 100],
  ["/1000", "/", 1, 1000],
  ["hPa", "Pa", 100],
  ["mm", "m", 1, 1000],
  ["cm", "m", 1, 100],
  ["km", "m", 1000],
  ["km/h", "m/s", 5, 18],
];

/**
 * Units that devices speak and SenML does not know. A definition may read them; no Resource shows them.
 * `g` is the gram, as in SenML: standard gravity is `gn`.
 */
const SOURCE: readonly Row[] = [
  ["Far", "Cel", 5, 9, 32],
  ["1", "/"],
  ["bar", "Pa", 1e5],
  ["mbar", "Pa", 100],
  ["kPa", "Pa", 1000],
  ["MPa", "Pa", 1e6],
  ["psi", "Pa", 6894.757293168],
  ["inHg", "Pa", 3386.389],
  ["mmHg", "Pa", 133.322387415],
  ["in", "m", 127, 5000],
  ["ft", "m", 381, 1250],
  ["um", "m", 1, 1e6],
  ["kn", "m/s", 463, 900],
  ["mph", "m/s", 1397, 3125],
  ["ft/min", "m/s", 127, 25_000],
  ["mm/s", "m/s", 1, 1000],
  ["gn", "m/s2", 196_133, 20_000],
  ["mgn", "m/s2", 196_133, 2e7],
  ["rad/s", "rad/s"],
  ["deg/s", "rad/s", Math.PI, 180],
  ["rpm", "Hz", 1, 60],
  ["kHz", "Hz", 1000],
  ["GHz", "Hz", 1e9],
  ["us", "s", 1, 1e6],
  ["d", "s", 86_400],
  ["uA", "A", 1, 1e6],
  ["uV", "V", 1, 1e6],
  ["kV", "V", 1000],
  ["mW", "W", 1, 1000],
  ["MW", "W", 1e6],
  ["mAh", "C", 18, 5],
  ["mWh", "J", 18, 5],
  ["MWh", "J", 3.6e9],
  ["kJ", "J", 1000],
  ["MJ", "J", 1e6],
  ["GJ", "J", 1e9],
  ["kOhm", "Ohm", 1000],
  ["MOhm", "Ohm", 1e6],
  ["uS/cm", "S/m", 1, 10_000],
  ["mS/cm", "S/m", 1, 10],
  ["mg", "kg", 1, 1e6],
  ["t", "kg", 1000],
  ["lb", "kg", 45_359_237, 1e8],
  ["oz", "kg", 45_359_237, 1.6e9],
  ["mg/m3", "kg/m3", 1, 1e6],
  ["g/m3", "kg/m3", 1, 1000],
  ["ml", "m3", 1, 1e6],
  ["l/min", "m3/s", 1, 60_000],
  ["l/h", "m3/s", 1, 3.6e6],
  ["m3/h", "m3/s", 1, 3600],
  ["klx", "lx", 1000],
  ["uT", "T", 1, 1e6],
  ["uSv", "Sv", 1, 1e6],
  ["nSv", "Sv", 1, 1e9],
  ["kB", "bit", 8000],
  ["MB", "bit", 8e6],
  ["kbit/s", "bit/s", 1000],
  ["kB/s", "bit/s", 8000],
];

/** Percentages of something: they are ratios, but one is never the other. */
const RATIOS: readonly Row[] = [
  ["%RH", "/", 1, 100],
  ["%EL", "/", 1, 100],
];

const toUnit = ([name, quantity, up = 1, down = 1, zero = 0]: Row): [string, Unit] => [
  name,
  { quantity, up, down, zero },
];

const SENML: ReadonlyMap<string, Unit> = new Map([
  ...REFERENCES.split(" ").map((name) => toUnit([name, name])),
  ...PRIMARY.map(toUnit),
  ...SECONDARY.map(toUnit),
]);
const READABLE: ReadonlyMap<string, Unit> = new Map([...SENML, ...SOURCE.map(toUnit)]);
const AS_RATIO: ReadonlyMap<string, Unit> = new Map(RATIOS.map(toUnit));

/** Whether `name` is a unit of SenML, primary or secondary: what a Resource may show. */
export function isUnit(name: string): boolean {
  return SENML.has(name);
}

/** Whether a definition may name it as the unit of what a device says: those of SenML, and some that only devices speak. */
export function isSourceUnit(name: string): boolean {
  return READABLE.has(name);
}

/** All that `isSourceUnit` knows, for messages that guess what was meant. */
export function sourceUnits(): Iterable<string> {
  return READABLE.keys();
}

/** `value`, given in `from`, in terms of `to`; undefined if one of them is unknown or they measure different things. */
export function convert(value: number, from: string, to: string): number | undefined {
  if (from === to) return READABLE.has(from) ? value : undefined;
  const [source, target] = pair(from, to);
  if (!source || !target || source.quantity !== target.quantity) return undefined;
  // One multiplication and one division by whole numbers round far less often than two factors would.
  return ((value - source.zero) * (source.up * target.down)) / (source.down * target.up) + target.zero;
}

/** The two units, seen as plain ratios where only one of them is a percentage of something: 80 %EL is 80 /100, but never 80 %RH. */
function pair(from: string, to: string): [Unit | undefined, Unit | undefined] {
  const source = READABLE.get(from);
  const target = READABLE.get(to);
  if (source?.quantity === target?.quantity) return [source, target];
  const sourceRatio = AS_RATIO.get(from);
  const targetRatio = AS_RATIO.get(to);
  if (sourceRatio && targetRatio) return [source, target];
  return [sourceRatio ?? source, targetRatio ?? target];
}
