/**
 * Records of Victron's Instant Readout, bit by bit, the least significant first (Victron, "Extra manufacturer data",
 * 2022-12-14; Orion XS after keshavdv/victron-ble). All ones, or the largest positive number of signed fields, is: not
 * available.
 */

/** One field: how many bits, how they become a value. */
export interface BitField {
  /** Undefined: of no concern, or only there to choose. */
  readonly name: string | undefined;
  readonly width: number;
  readonly signed?: true;
  /** What the raw value is multiplied with. */
  readonly scale?: number;
  readonly offset?: number;
  readonly map?: Readonly<Record<number, string | boolean>>;
  /** No value marks it as not available. */
  readonly always?: true;
  /** Another raw value that does. */
  readonly missing?: number;
  /** What it can be, where its bits could say more: in its unit, or as a raw value. Wide enough for devices to come. */
  readonly reach?: Reach;
  readonly can?: (raw: number) => boolean;
  /** It hardly ever changes from one message to the next. */
  readonly steady?: true;
  /** One of those that make up the battery. */
  readonly cell?: true;
}

const STATES: Readonly<Record<number, string>> = {
  ...{ 0: "off", 1: "low_power", 2: "fault", 3: "bulk", 4: "absorption", 5: "float", 6: "storage" },
  ...{ 7: "equalize", 8: "pass_through", 9: "inverting", 10: "assisting", 11: "power_supply" },
  ...{ 245: "starting_up", 246: "repeated_absorption", 247: "recondition", 248: "battery_safe" },
  ...{ 249: "active", 252: "external_control" },
};

const AC_INPUTS: Readonly<Record<number, string>> = { 0: "ac_in_1", 1: "ac_in_2", 2: "not_connected" };

const METERS: Readonly<Record<number, string>> = {
  ...{ [-9]: "solar_charger", [-8]: "wind_charger", [-7]: "shaft_generator", [-6]: "alternator", [-5]: "fuel_cell" },
  ...{ [-4]: "water_generator", [-3]: "dc_dc_charger", [-2]: "ac_charger", [-1]: "source", 1: "load" },
  ...{ 2: "electric_drive", 3: "fridge", 4: "water_pump", 5: "bilge_pump", 6: "dc_system", 7: "inverter" },
  ...{ 8: "water_heater" },
};

type Reach = readonly [least: number, most: number];
type Options = readonly [width: number, scale?: number, reach?: Reach];

/** What has no reach of its own has that of its bits. */
const unsigned = (name: string, ...[width, scale = 1, reach]: Options): BitField =>
  reach ? { name, width, scale, reach } : { name, width, scale };
const signed = (name: string, ...options: Options): BitField => ({ ...unsigned(name, ...options), signed: true });
const words = (name: string, width: number, map: NonNullable<BitField["map"]>): BitField => ({
  ...{ name, width, map, steady: true },
  can: (raw) => map[raw] !== undefined,
});
const flags = (name: string, width: number, can?: BitField["can"]): BitField =>
  can ? { name, width, always: true, steady: true, can } : { name, width, always: true, steady: true };

/** Lists that begin at zero, and may become a little longer on both sides. */
const isSmall = (raw: number) => Math.abs(raw) <= 16;
/** States end at 11 and begin again at 244: those without a name yet are not available, and not absurd. */
const STATE: BitField = { ...words("device_state", 8, STATES), can: (raw) => raw <= 11 || raw >= 244 };
/** Victron's list of error codes has gaps, which it fills; between 121 and 200 it has nothing. */
const ERROR: BitField = {
  ...unsigned("charger_error", 8),
  can: (raw) => raw <= 121 || (raw >= 200 && raw < 220),
  steady: true,
};
const ALL = 0xffff;
/** Pairs of alarm bits that cannot both be: too low and too high of the voltages, the temperature, the mains. */
const CONTRARY = [0x0003, 0x0018, 0x0060, 0x0c00];
/** Of the reasons for an alarm there are 14 (VE.Direct protocol, AR). */
const isAlarm = (raw: number) => raw < 0x4000 && CONTRARY.every((pair) => (raw & pair) !== pair);
const alarms = (name: string) => flags(name, 16, isAlarm);
/** Of those for being off nine (VE.Direct protocol, OR); as many again may come. */
const OFF_REASON = flags("off_reason", 32, (raw) => raw <= ALL || raw === 0xffff_ffff);

/** A little below zero for those connected the wrong way round, behind a diode. */
const VOLTS: Reach = [-2, 100];
const AMPERES: Reach = [-1_000, 1_000];
/** Of chargers for up to 48 V. */
const OUTPUT_VOLTS: Reach = [0, 65];
const OUTPUT_AMPERES: Reach = [0, 120];
const WATTS: Reach = [-50_000, 50_000];
const KWH: Reach = [0, 300];
/** No battery monitor can be set to a larger battery. */
const AMPERE_HOURS: Reach = [-10_000, 0];
const PERCENT: Reach = [0, 100];

const CELLS = Array.from(
  { length: 8 },
  (_, i): BitField => ({
    name: `cell_voltage_${i + 1}`,
    width: 7,
    scale: 0.01,
    offset: 2.6,
    cell: true,
  }),
);
const temperature = (name: string): BitField => ({ name, width: 7, offset: -40 });

/** Its mark is that of the 32 bits it is cut out of: all ones. */
const CURRENT: BitField = { ...signed("current", 22, 0.001), missing: 0x3f_ffff };

/** Whole fields of a battery monitor; what the third one means, the fourth one says. */
const AUX: readonly BitField[] = [{ name: "_aux", width: 16, always: true }, flags("_aux_mode", 2)];

/** By the byte after the model. */
export const RECORDS: ReadonlyMap<number, readonly BitField[]> = new Map<number, readonly BitField[]>([
  [
    0x01,
    [
      ...[
        STATE,
        ERROR,
        signed("battery_voltage", 16, 0.01, VOLTS),
        signed("battery_charging_current", 16, 0.1, AMPERES),
      ],
      ...[
        unsigned("yield_today", 16, 0.01, KWH),
        unsigned("solar_power", 16, 1, WATTS),
        unsigned("load_current", 9, 0.1),
      ],
    ],
  ],
  [
    0x02,
    [
      ...[unsigned("time_remaining", 16, 60), signed("voltage", 16, 0.01, VOLTS), alarms("alarm"), ...AUX],
      ...[CURRENT, unsigned("consumed", 20, -0.1, AMPERE_HOURS), unsigned("battery", 10, 0.1, PERCENT)],
    ],
  ],
  [
    0x03,
    [
      ...[
        STATE,
        alarms("alarm"),
        signed("battery_voltage", 16, 0.01, VOLTS),
        unsigned("ac_apparent_power", 16, 1, WATTS),
      ],
      ...[unsigned("ac_voltage", 15, 0.01), unsigned("ac_current", 11, 0.1)],
    ],
  ],
  [
    0x04,
    [
      ...[STATE, ERROR, unsigned("input_voltage", 16, 0.01, VOLTS), signed("output_voltage", 16, 0.01, VOLTS)],
      OFF_REASON,
    ],
  ],
  [
    0x05,
    [
      ...[flags("bms_flags", 32), flags("bms_error", 16), ...CELLS, unsigned("battery_voltage", 12, 0.01)],
      words("balancer", 4, { 0: "unknown", 1: "balanced", 2: "balancing", 3: "imbalance" }),
      temperature("temperature"),
    ],
  ],
  [
    0x06,
    [
      ...[STATE, ERROR, signed("battery_voltage", 16, 0.01, VOLTS), signed("battery_current", 16, 0.1, AMPERES)],
      ...[
        unsigned("solar_power", 16, 1, WATTS),
        unsigned("yield_today", 16, 0.01, KWH),
        signed("ac_output_power", 16, 1, WATTS),
      ],
    ],
  ],
  [
    0x08,
    [
      ...[
        STATE,
        ERROR,
        unsigned("output_voltage_1", 13, 0.01, OUTPUT_VOLTS),
        unsigned("output_current_1", 11, 0.1, OUTPUT_AMPERES),
      ],
      ...[unsigned("output_voltage_2", 13, 0.01, OUTPUT_VOLTS), unsigned("output_current_2", 11, 0.1, OUTPUT_AMPERES)],
      ...[unsigned("output_voltage_3", 13, 0.01, OUTPUT_VOLTS), unsigned("output_current_3", 11, 0.1, OUTPUT_AMPERES)],
      ...[temperature("temperature"), unsigned("ac_current", 9, 0.1)],
    ],
  ],
  [
    0x09,
    [
      ...[
        STATE,
        { ...words("output", 8, { 0: false, 1: true, 4: false }), can: isSmall } as const,
        ERROR,
        alarms("alarm"),
      ],
      ...[alarms("warning"), signed("input_voltage", 16, 0.01, VOLTS), unsigned("output_voltage", 16, 0.01, VOLTS)],
      OFF_REASON,
    ],
  ],
  [
    0x0a,
    [
      ...[flags("bms_error", 8), unsigned("time_remaining", 16, 60), signed("voltage", 16, 0.01, VOLTS)],
      ...[
        signed("current", 16, 0.1, AMPERES),
        flags("io_status", 16),
        flags("alarm", 18),
        unsigned("battery", 10, 0.1, PERCENT),
      ],
      ...[unsigned("consumed", 20, -0.1, AMPERE_HOURS), temperature("temperature")],
    ],
  ],
  [
    0x0b,
    [
      ...[STATE, ERROR, signed("battery_current", 16, 0.1, AMPERES), unsigned("battery_voltage", 14, 0.01, VOLTS)],
      ...[
        words("ac_input", 2, AC_INPUTS),
        signed("ac_input_power", 16, 1, WATTS),
        signed("ac_output_power", 16, 1, WATTS),
      ],
      ...[unsigned("solar_power", 16, 1, WATTS), unsigned("yield_today", 16, 0.01, KWH)],
    ],
  ],
  [
    0x0c,
    [
      ...[STATE, ERROR, signed("battery_current", 16, 0.1, AMPERES)],
      ...[
        unsigned("battery_voltage", 14, 0.01, VOLTS),
        words("ac_input", 2, AC_INPUTS),
        signed("ac_input_power", 19, 1, WATTS),
      ],
      ...[
        signed("ac_output_power", 19, 1, WATTS),
        { ...unsigned("alarm", 2), steady: true } as const,
        temperature("temperature"),
        unsigned("battery", 7, 1, PERCENT),
      ],
    ],
  ],
  [
    0x0d,
    [
      ...[
        { ...words("meter", 16, METERS), signed: true, can: isSmall } as const,
        signed("voltage", 16, 0.01, VOLTS),
        alarms("alarm"),
      ],
      ...[...AUX, CURRENT],
    ],
  ],
  [
    0x0f,
    [
      ...[STATE, ERROR, unsigned("output_voltage", 16, 0.01, VOLTS), unsigned("output_current", 16, 0.1, AMPERES)],
      ...[unsigned("input_voltage", 16, 0.01, VOLTS), unsigned("input_current", 16, 0.1, AMPERES), OFF_REASON],
    ],
  ],
]);

/**
 * How many messages in a row have to look like a device and agree in what is steady before a key is believed: so many
 * that random ones do so less than once in 10^11 times. A message each second makes 3 × 10^7 in a year.
 */
const MESSAGES: ReadonlyMap<number, number> = new Map([
  [0x06, 3],
  [0x08, 3],
  [0x0b, 3],
]);
export const messagesToBelieve = (record: number) => MESSAGES.get(record) ?? 2;

/** Records whose auxiliary input may be the middle of a battery; all may have a starter battery or a temperature. */
export const HAS_MIDDLE = 0x02;

/** SenML units; names that are missing have none. */
export const UNITS: Readonly<Record<string, string>> = {
  ...{ battery_voltage: "V", voltage: "V", starter_voltage: "V", midpoint_voltage: "V", ac_voltage: "V" },
  ...{ input_voltage: "V", output_voltage: "V", output_voltage_1: "V", output_voltage_2: "V", output_voltage_3: "V" },
  ...Object.fromEntries(CELLS.flatMap(({ name }) => (name === undefined ? [] : [[name, "V"] as const]))),
  ...{ current: "A", battery_current: "A", battery_charging_current: "A", load_current: "A", ac_current: "A" },
  ...{ input_current: "A", output_current: "A", output_current_1: "A", output_current_2: "A", output_current_3: "A" },
  ...{ solar_power: "W", ac_input_power: "W", ac_output_power: "W", ac_apparent_power: "VA" },
  ...{ yield_today: "kWh", consumed: "Ah", time_remaining: "s", battery: "%", temperature: "Cel" },
};
