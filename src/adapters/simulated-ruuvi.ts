/** A RuuviTag nobody has adopted: adverts with the bytes of data format 5, as docs.ruuvi.com describes them. */

import { ByteWriter } from "../base/bytes.ts";
import { dayCurve, Walk } from "./drift.ts";
import type { Simulated } from "./simulated-devices.ts";

/** Bluetooth SIG company identifier of Ruuvi Innovations. */
const RUUVI = 0x0499;
const FORMAT = 5;
const TX_POWER_DBM = 4;

export interface RuuviValues {
  /** Cel, steps of 0.005. */
  readonly temperature: number;
  /** %RH, steps of 0.0025. */
  readonly humidity: number;
  /** Pa. */
  readonly pressure: number;
  /** In units of standard gravity, steps of 0.001. */
  readonly acceleration: readonly [x: number, y: number, z: number];
  /** V, 1.6 to 3.646. */
  readonly voltage: number;
  /** dBm, -40 to 20. */
  readonly txPower: number;
  readonly movements: number;
  readonly sequence: number;
  readonly address: string;
}

export function encodeRuuvi(values: RuuviValues): Uint8Array {
  const out = new ByteWriter(24).u8(FORMAT).u16(twos(values.temperature / 0.005));
  out.u16(Math.round(values.humidity / 0.0025)).u16(Math.round(values.pressure - 50_000));
  for (const axis of values.acceleration) out.u16(twos(axis * 1_000));
  out.u16((Math.round(values.voltage * 1_000 - 1_600) << 5) | ((values.txPower + 40) / 2));
  out.u8(values.movements % 255).u16(values.sequence % 65_535);
  for (const byte of values.address.split(":")) out.u8(Number.parseInt(byte, 16));
  return out.finish();
}

const twos = (value: number): number => Math.round(value) & 0xffff;

/** A random static address (Core 5.4, Vol 6, Part B, §1.3.2.1: the two highest bits are set), the same for each number. */
export function strangerAddress(number: number): string {
  const bytes = [0xee, 0x15, 0x74, (number >> 16) & 0xff, (number >> 8) & 0xff, number & 0xff];
  return bytes.map((byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(":");
}

export function simulatedRuuvi(address: string, unit: () => number): Simulated {
  const temperature = new Walk({ from: 18 + unit() * 6, min: 10, max: 30, step: 0.05 }, unit);
  const humidity = new Walk({ from: 50, min: 20, max: 80, step: 0.2 }, unit);
  const pressure = new Walk({ from: 101_325, min: 98_000, max: 103_500, step: 5 }, unit);
  const strength = new Walk({ from: -60 - unit() * 20, min: -95, max: -40, step: 3 }, unit);
  const tilt = () => (unit() - 0.5) / 50;
  let sequence = Math.floor(unit() * 1_000);
  return {
    rssi: () => Math.round(strength.next()),
    speak({ ms }) {
      const bytes = encodeRuuvi({
        temperature: temperature.next() + dayCurve(ms),
        humidity: humidity.next(),
        pressure: pressure.next(),
        acceleration: [tilt(), tilt(), 1 + tilt()],
        voltage: 2.977,
        txPower: TX_POWER_DBM,
        movements: 66,
        sequence: sequence++,
        address,
      });
      return { kind: "advert", manufacturer: [[RUUVI, bytes]], services: new Map(), serviceUuids: [] };
    },
  };
}
