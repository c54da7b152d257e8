/** A library of one's own for tests of hearing: devices that seal, divide and speak in two formats. */

import { SealedError } from "../../../src/library/index.ts";
import type { Device, Session } from "../../../src/library/index.ts";
import type { Frame, Payload } from "../../../src/sdk/adapter.ts";
import { AT, deviceOf, load, ofFields } from "../../support/definitions.ts";

/** A definition of named values under another id, with what it is matched by. */
export function definition(
  id: string,
  { fields = "t: { unit: Cel }", objects = "3303/0: { value: t }", more = "" } = {},
): string {
  return ofFields(fields, objects, more)
    .replace("id: acme.fields", `id: ${id}`)
    .replace("match:    { fields: { model: f } }", `match:    { fields: { model: ${id} } }`);
}

export const device = (id: string, parts?: Parameters<typeof definition>[1]): Device => deviceOf(definition(id, parts));

/** Devices as the gateway wants them: who fits best, by its `match`. */
export function devicesOf(...all: readonly Device[]) {
  return {
    match: (frame: Frame) => all.find((each) => each.match(frame) > 0),
    get: (id: string) => all.find((each) => each.id === id),
    devices: () => all,
  };
}

export const KEY = "000102030405060708090a0b0c0d0e0f";
export const OTHER_KEY = "ff0102030405060708090a0b0c0d0e0f";

/** A device with some of its ways exchanged. */
export function like(base: Device, changes: Partial<Device>): Device {
  const { id, vendor, model, alive, instances, grows, main, writable, executable } = base;
  const { fields, report, pulses, happens, divides, key, insteadOf, reads, told } = base;
  return {
    ...{ id, vendor, model, alive, instances, grows, main, writable, executable },
    ...{ fields, report, pulses, happens, divides, key, insteadOf, reads, told },
    match: (frame) => base.match(frame),
    fits: (frame) => (changes.match ? changes.match(frame) > 0 : base.fits(frame)),
    identify: (frame) => base.identify(frame),
    parts: (frame) => base.parts(frame),
    createSession: (given) => base.createSession(given),
    decode: (frame, session) => base.decode(frame, session),
    createMapping: (options) => base.createMapping(options),
    reportWith: (figures) => base.reportWith(figures),
    ...changes,
  };
}

/** Frames with a field `seal` are opened by a key that begins with that byte; a replayed one carries `old`. */
export function sealing(base: Device, optional = false): Device {
  return like(base, {
    key: { lengths: [16, 12], optional, where: "In the app, under Product info." },
    createSession: (key?: Uint8Array): Session => ({ key, state: undefined }),
    decode: (frame, session) => {
      const values = frame.payload.kind === "fields" ? frame.payload.fields : {};
      const { seal } = values;
      if (seal === undefined) return base.decode(frame);
      const tell = (state: NonNullable<Session["state"]>) => {
        if (session) Object.assign(session, { state });
      };
      if (!session?.key) {
        tell("no-key");
        throw new SealedError("no-key", "nobody told us its key");
      }
      if (session.key[0] !== seal) {
        tell("wrong-key");
        throw new SealedError("wrong-key", "the key does not open it");
      }
      tell("opened");
      if (values["old"] !== undefined) throw new SealedError("replayed", "said before");
      return base.decode(frame);
    },
  });
}

export const says = (model: string, values: Readonly<Record<string, string | number | boolean>>): Payload => ({
  kind: "fields",
  fields: { model, ...values },
});

export { AT, load };
