/** Who may come in, and under which name. */

import { beforeEach, describe, expect, it } from "vitest";
import { type AdmissionOptions, admit, type Applicant, unknownDefinition } from "../../src/gateway/adoption.ts";
import { Roster } from "../../src/gateway/roster.ts";
import type { Frame } from "../../src/sdk/adapter.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { library, MemoryStore, ruuvi, TAG, unknownAdvert } from "./rig.ts";

describe("admission", () => {
  const clock = new FakeClock();
  let options: AdmissionOptions;
  let applicant: Applicant & { readonly frame: Frame };
  beforeEach(async () => {
    const roster = await Roster.load(new MemoryStore(), clock, new MemoryLog());
    options = { roster, devices: library, clock, ownEndpoint: "gw", maxSensors: 3 };
    const frame: Frame = { source: TAG, at: clock.now(), payload: ruuvi() };
    applicant = { adapter: "radio", address: TAG, device: library.match(frame), frame, by: "rule" };
  });

  it("mints the name that the definition gives", () => {
    expect(admit(applicant, {}, options)).toMatchObject({
      ok: true,
      device: { id: "ruuvi.tag.df5" },
      entry: {
        source: `radio/${TAG}`,
        endpoint: "ruuvi-cbb8334c884f",
        definition: "ruuvi.tag.df5",
        label: "RuuviTag 88:4F",
        by: "rule",
        adoptedAt: "2026-06-01T12:00:00.000Z",
      },
    });
  });

  it("calls a sensor as it calls itself, if it does", () => {
    const named = { ...applicant, frame: { ...applicant.frame, payload: { ...ruuvi(), name: "Ruuvi 884F" } as const } };
    expect(admit(named, {}, options)).toMatchObject({ entry: { label: "Ruuvi 884F" } });
    const blank = { ...applicant, frame: { ...applicant.frame, payload: { ...ruuvi(), name: "  " } as const } };
    expect(admit(blank, {}, options)).toMatchObject({ entry: { label: "RuuviTag 88:4F" } });
  });

  it.each([
    ["zigbee2mqtt/garage", "RuuviTag garage"],
    ["/dev/serial/by-id/usb-u-blox_7-if00", "RuuviTag usb-u-blox_7-if00"],
    ["a/topic/of/many/", "RuuviTag many/"],
    ["CB:B8:33:4C:88:4F", "RuuviTag 88:4F"],
  ])("calls a sensor at %s %s, if nobody else does", (address, label) => {
    expect(admit({ ...applicant, address }, {}, options)).toMatchObject({ entry: { label } });
  });

  it("follows wishes, within bounds", () => {
    const wish = { endpoint: "freezer", label: ` ${"long ".repeat(40)}` };
    const admission = admit(applicant, wish, options);
    expect(admission).toMatchObject({ ok: true, entry: { endpoint: "freezer" } });
    expect(admission.ok && admission.entry.label.length).toBeLessThanOrEqual(100);
  });

  it.each(["", "a b", "a/b", "ä", "x".repeat(129), "a&b=c", "a\nb"])("refuses the endpoint name %j", (endpoint) => {
    expect(admit(applicant, { endpoint }, options)).toMatchObject({ ok: false, why: "invalid" });
  });

  it("changes nothing by asking", () => {
    admit(applicant, {}, options);
    expect(options.roster.size).toBe(0);
  });

  it("gives a name and a place only once", () => {
    const first = admit(applicant, {}, options);
    if (!first.ok) throw new Error(first.reason);
    options.roster.add(first.entry);
    expect(admit(applicant, { endpoint: "other" }, options)).toEqual({
      ok: false,
      why: "conflict",
      reason: `radio/${TAG} is already adopted as ruuvi-cbb8334c884f`,
    });
    expect(admit({ ...applicant, adapter: "radio2" }, {}, options)).toMatchObject({
      reason: `the endpoint name ruuvi-cbb8334c884f belongs to radio/${TAG}`,
    });
    expect(admit({ ...applicant, adapter: "radio2" }, { endpoint: "second" }, options)).toMatchObject({ ok: true });
  });

  it("ends where the house is full", () => {
    for (let n = 0; n < 3; n++) {
      const admission = admit({ ...applicant, address: `a${n}` }, { endpoint: `e${n}` }, options);
      if (!admission.ok) throw new Error(admission.reason);
      options.roster.add(admission.entry);
    }
    expect(admit(applicant, {}, options)).toMatchObject({ reason: "3 sensors are adopted, and no more are allowed" });
  });

  it("needs a definition, and a name where the definition has none to give", () => {
    const frame: Frame = { source: TAG, at: clock.now(), payload: unknownAdvert };
    expect(admit({ ...applicant, device: undefined, frame }, {}, options)).toMatchObject({ why: "invalid" });
    const unheard: Applicant = { adapter: "radio", address: TAG, device: undefined, by: "config" };
    expect(admit(unheard, { definition: "ruuvi.tag.df5" }, options)).toMatchObject({
      why: "invalid",
      reason: `radio/${TAG} has no name of its own: give it an endpoint name`,
    });
    expect(admit(unheard, { definition: "ruuvi.tag.df5", endpoint: "freezer" }, options)).toMatchObject({ ok: true });
  });

  it("names the definition that was probably meant", () => {
    expect(unknownDefinition("ruvi.tag.df5", library)).toBe(
      "there is no definition ruvi.tag.df5; did you mean ruuvi.tag.df5?",
    );
    expect(unknownDefinition("zzzzzzzzzzzzzzz", library)).toBe("there is no definition zzzzzzzzzzzzzzz");
  });
});
