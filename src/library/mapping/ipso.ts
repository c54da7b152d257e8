/** What the registry does not say about IPSO Objects: which Resource is the value, and in which unit. */

import type { ObjectModel, ResourceModel } from "../../model/objects.ts";

/** Resources that several Objects share. */
export const Shared = {
  MinMeasured: 5601,
  MaxMeasured: 5602,
  MinRange: 5603,
  MaxRange: 5604,
  Reset: 5605,
  Value: 5700,
  Units: 5701,
  ApplicationType: 5750,
  Timestamp: 5518,
  Quality: 6042,
} as const;

/** Measurement quality indicator, 6042. */
export const Quality = { Rejected: 1, Stale: 3, Accepted: 4 } as const;

/** Device Object: error codes, and what the client itself supplies. */
export const DeviceObject = {
  id: 3,
  manufacturer: 0,
  model: 1,
  batteryLevel: 9,
  errorCode: 11,
  suppliedByClient: new Set([4, 11, 16]),
} as const;
export const PERIPHERAL_MALFUNCTION = 8;
export const NO_ERROR = 0;

/** Where an Object carries its value, if not in 5700. */
const VALUE_RESOURCES = [Shared.Value, 5500, 5705, 5536, 5850, 6046, 5548, 5900];

export function valueResource(model: ObjectModel): ResourceModel | undefined {
  for (const id of VALUE_RESOURCES) {
    const found = model.resources.get(id);
    if (found) return found;
  }
  return undefined;
}

/** Units of 5700, where the Object's name allows but one. Others show the unit of what they are given. */
const OBJECT_UNITS: Readonly<Record<number, string>> = {
  3301: "lx",
  3303: "Cel",
  3304: "%RH",
  3315: "Pa",
  3316: "V",
  3317: "A",
  3318: "Hz",
  3319: "m",
  3320: "%",
  3322: "kg",
  3323: "Pa",
  3324: "dB",
  3326: "pH",
  3327: "S/m",
  3328: "W",
  3330: "m",
  3331: "Wh",
  3332: "deg",
};

/** Units that the text of the Device Object states, and its registry entry does not. */
const DEVICE_UNITS: Readonly<Record<number, string>> = { 7: "mV", 8: "mA" };

const MEASURED = new Set<number>([
  ...[Shared.Value, Shared.MinMeasured, Shared.MaxMeasured, Shared.MinRange, Shared.MaxRange],
  5705,
]);

/** The unit a Resource is in; undefined: that of the field it shows. */
export function unitOf(object: number, resource: ResourceModel): string | undefined {
  if (resource.unit !== undefined) return resource.unit;
  if (object === DeviceObject.id) return DEVICE_UNITS[resource.id];
  return MEASURED.has(resource.id) ? OBJECT_UNITS[object] : undefined;
}
