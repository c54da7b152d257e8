/** What people and payloads call quantities, and how each is shown in LwM2M: for drafts of definitions. */

export interface Kind {
  /** Our name of the field. */
  readonly name: string;
  readonly unit?: string;
  readonly range?: readonly [number, number];
  /** Object that shows it; the Device Object for batteries. */
  readonly object: number;
  readonly type?: string;
}

const KINDS: readonly (readonly [word: RegExp, kind: Kind])[] = [
  [/dew/, { name: "dew_point", unit: "Cel", range: [-80, 80], object: 3303, type: "dew point" }],
  [/temp|^t$|^tc$/, { name: "temperature", unit: "Cel", range: [-55, 150], object: 3303 }],
  [/hum|^rh$|^h$/, { name: "humidity", unit: "%RH", range: [0, 100], object: 3304 }],
  [/press|^p$|baro/, { name: "pressure", unit: "hPa", range: [300, 1200], object: 3315 }],
  [/co2|carbon/, { name: "co2", unit: "ppm", range: [0, 40_000], object: 3325, type: "CO2" }],
  [/batt.*(?:volt|mv)|^(?:mv|vbat)/, { name: "battery_voltage", unit: "mV", range: [0, 20_000], object: 3 }],
  [/batt|^soc$/, { name: "battery", unit: "%EL", range: [0, 100], object: 3 }],
  [/volt|^v$/, { name: "voltage", unit: "V", range: [0, 1000], object: 3316 }],
  [/curr|amp|^i$|^a$/, { name: "current", unit: "A", range: [-1000, 1000], object: 3317 }],
  [/energy|kwh/, { name: "energy", unit: "kWh", range: [0, 1e9], object: 3331 }],
  [/power_factor|^pf$|cos_?phi/, { name: "power_factor", range: [-1, 1], object: 3329 }],
  [/freq|^hz$/, { name: "frequency", unit: "Hz", range: [0, 1000], object: 3318 }],
  [/power|watt|^w$/, { name: "power", unit: "W", range: [-1e6, 1e6], object: 3328 }],
  [/lux|illum|light/, { name: "illuminance", unit: "lx", range: [0, 200_000], object: 3301 }],
  [/moist|soil/, { name: "moisture", unit: "%", range: [0, 100], object: 3320, type: "soil moisture" }],
  [/^ph$/, { name: "ph", unit: "pH", range: [0, 14], object: 3326 }],
  [/dist|range|level/, { name: "distance", unit: "m", range: [0, 1000], object: 3330 }],
  [/weight|mass/, { name: "mass", unit: "kg", range: [0, 10_000], object: 3322 }],
];

/** What a word stands for; undefined if it says nothing to us. */
export function kindOf(word: string): Kind | undefined {
  const plain = word.toLowerCase();
  return KINDS.find(([pattern]) => pattern.test(plain))?.[1];
}

/** What a word stands for if the number can be that; else somebody speaks another unit than we would guess. */
export function kindFor(word: string, value: number): Kind | undefined {
  const kind = kindOf(word);
  const [low, high] = kind?.range ?? [-Infinity, Infinity];
  return value >= low && value <= high ? kind : undefined;
}

/** A name that definitions allow, from whatever a payload calls it. */
export function fieldName(word: string): string {
  const plain = word
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .replaceAll(/^_+|_+$/g, "");
  return /^[a-z]/.test(plain) ? plain : `value_${plain}`;
}
