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

const unsigned = (name: string | undefined, width: number, scale = 1): BitField => ({ name, width, scale });
const signed = (name: string, width: number, scale = 1): BitField => ({ name, width, scale, signed: true });
const words = (name: string, width: number, map: NonNullable<BitField["map"]>): BitField => ({ name, width, map });
const flags = (name: string, width: number): BitField => ({ name, width, always: true });

const STATE = words("device_state", 8, STATES);
const ERROR = unsigned("charger_error", 8);
const CELLS = Array.from(
  { length: 8 },
  (_, i): BitField => ({
    name: `cell_voltage_${i + 1}`,
    width: 7,
    scale: 0.01,
    offset: 2.6,
  }),
);
const temperature = (name: string): BitField => ({ name, width: 7, offset: -40 });

/** Whole fields of a battery monitor; what the third one means, the fourth one says. */
const AUX: readonly BitField[] = [flags("_aux", 16), flags("_aux_mode", 2)];

/** By the byte after the model. */
export const RECORDS: ReadonlyMap<number, readonly BitField[]> = new Map<number, readonly BitField[]>([
  [
    0x01,
    [
      ...[STATE, ERROR, signed("battery_voltage", 16, 0.01), signed("battery_charging_current", 16, 0.1)],
      ...[unsigned("yield_today", 16, 0.01), unsigned("solar_power", 16), unsigned("load_current", 9, 0.1)],
    ],
  ],
  [
    0x02,
    [
      ...[unsigned("time_remaining", 16, 60), signed("voltage", 16, 0.01), flags("alarm", 16), ...AUX],
      ...[signed("current", 22, 0.001), unsigned("consumed", 20, -0.1), unsigned("battery", 10, 0.1)],
    ],
  ],
  [
    0x03,
    [
      ...[STATE, flags("alarm", 16), signed("battery_voltage", 16, 0.01), unsigned("ac_apparent_power", 16)],
      ...[unsigned("ac_voltage", 15, 0.01), unsigned("ac_current", 11, 0.1)],
    ],
  ],
  [
    0x04,
    [
      ...[STATE, ERROR, unsigned("input_voltage", 16, 0.01), signed("output_voltage", 16, 0.01)],
      flags("off_reason", 32),
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
      ...[STATE, ERROR, signed("battery_voltage", 16, 0.01), signed("battery_current", 16, 0.1)],
      ...[unsigned("solar_power", 16), unsigned("yield_today", 16, 0.01), signed("ac_output_power", 16)],
    ],
  ],
  [
    0x08,
    [
      ...[STATE, ERROR, unsigned("output_voltage_1", 13, 0.01), unsigned("output_current_1", 11, 0.1)],
      ...[unsigned("output_voltage_2", 13, 0.01), unsigned("output_current_2", 11, 0.1)],
      ...[unsigned("output_voltage_3", 13, 0.01), unsigned("output_current_3", 11, 0.1)],
      ...[temperature("temperature"), unsigned("ac_current", 9, 0.1)],
    ],
  ],
  [
    0x09,
    [
      ...[STATE, words("output", 8, { 0: false, 1: true, 4: false }), ERROR, flags("alarm", 16)],
      ...[flags("warning", 16), signed("input_voltage", 16, 0.01), unsigned("output_voltage", 16, 0.01)],
      flags("off_reason", 32),
    ],
  ],
  [
    0x0a,
    [
      ...[flags("bms_error", 8), unsigned("time_remaining", 16, 60), signed("voltage", 16, 0.01)],
      ...[signed("current", 16, 0.1), flags("io_status", 16), flags("alarm", 18), unsigned("battery", 10, 0.1)],
      ...[unsigned("consumed", 20, -0.1), temperature("temperature")],
    ],
  ],
  [
    0x0b,
    [
      ...[STATE, ERROR, signed("battery_current", 16, 0.1), unsigned("battery_voltage", 14, 0.01)],
      ...[words("ac_input", 2, AC_INPUTS), signed("ac_input_power", 16), signed("ac_output_power", 16)],
      ...[unsigned("solar_power", 16), unsigned("yield_today", 16, 0.01)],
    ],
  ],
  [
    0x0c,
    [
      ...[STATE, unsigned("charger_error", 8), signed("battery_current", 16, 0.1)],
      ...[unsigned("battery_voltage", 14, 0.01), words("ac_input", 2, AC_INPUTS), signed("ac_input_power", 19)],
      ...[signed("ac_output_power", 19), unsigned("alarm", 2), temperature("temperature"), unsigned("battery", 7)],
    ],
  ],
  [
    0x0d,
    [
      ...[{ ...words("meter", 16, METERS), signed: true } as const, signed("voltage", 16, 0.01), flags("alarm", 16)],
      ...[...AUX, signed("current", 22, 0.001)],
    ],
  ],
  [
    0x0f,
    [
      ...[STATE, ERROR, unsigned("output_voltage", 16, 0.01), unsigned("output_current", 16, 0.1)],
      ...[unsigned("input_voltage", 16, 0.01), unsigned("input_current", 16, 0.1), flags("off_reason", 32)],
    ],
  ],
]);

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
