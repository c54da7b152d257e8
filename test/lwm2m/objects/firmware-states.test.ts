/** The table of Object 5: every event in every state. */

import { describe, expect, it } from "vitest";
import {
  CANCELLED,
  DEFERRED,
  FIRMWARE_IDLE,
  FIRMWARE_RESULTS,
  type FirmwareEvent,
  type FirmwarePhase,
  nextFirmware,
} from "../../../src/lwm2m/objects/firmware-states.ts";

const EVENTS: Readonly<Record<string, FirmwareEvent>> = {
  fetch: { type: "fetch" },
  push: { type: "push" },
  unfit: { type: "unfit", fault: "protocol" },
  received: { type: "received" },
  accepted: { type: "accepted" },
  reset: { type: "reset" },
  cancel: { type: "cancel" },
  update: { type: "update" },
  defer: { type: "defer" },
  installed: { type: "installed" },
  failed: { type: "failed", fault: "integrity" },
  "failed, kept": { type: "failed", fault: "failed", keep: true },
};

/** `phase/result effect ...`; what is not here is refused. */
const TABLE: Readonly<Record<FirmwarePhase, Readonly<Record<string, string>>>> = {
  idle: {
    fetch: "downloading/0 fetch",
    push: "downloading/0",
    unfit: "idle/9 discard",
    reset: "idle/0 discard",
  },
  downloading: {
    received: "downloading/0 inspect",
    accepted: "downloaded/0",
    reset: "idle/0 discard",
    cancel: "idle/10 discard",
    failed: "idle/5 discard",
    "failed, kept": "idle/8 discard",
  },
  downloaded: {
    update: "updating/0 install",
    defer: "downloaded/11",
    reset: "idle/0 discard",
    cancel: "idle/10 discard",
    failed: "idle/5 discard",
    "failed, kept": "idle/8 discard",
  },
  updating: {
    installed: "idle/1 discard",
    failed: "idle/5 discard",
    "failed, kept": "downloaded/8",
  },
};

describe("the states of a firmware update", () => {
  const phases: readonly FirmwarePhase[] = ["idle", "downloading", "downloaded", "updating"];
  it.each(phases.flatMap((phase) => Object.keys(EVENTS).map((event) => [phase, event] as const)))(
    "while %s: %s",
    (phase, event) => {
      const step = nextFirmware({ phase, result: 0 }, EVENTS[event]!);
      const [state, ...effects] = step ?? [];
      const told = state && [`${state.phase}/${state.result}`, ...effects].join(" ");
      expect(told).toBe(TABLE[phase][event]);
    },
  );

  it("begin idle with no result, and every beginning clears the result of what was before", () => {
    expect(FIRMWARE_IDLE).toEqual({ phase: "idle", result: 0 });
    for (const result of [1, 4, CANCELLED])
      for (const event of [EVENTS["fetch"]!, EVENTS["push"]!])
        expect(nextFirmware({ phase: "idle", result }, event)?.[0].result).toBe(0);
    expect(nextFirmware({ phase: "downloaded", result: DEFERRED }, { type: "update" })?.[0].result).toBe(0);
  });

  it("have a number of Appendix E.6 for each fault", () => {
    expect(FIRMWARE_RESULTS).toEqual({
      "no-space": 2,
      "no-memory": 3,
      lost: 4,
      integrity: 5,
      type: 6,
      uri: 7,
      failed: 8,
      protocol: 9,
    });
  });
});
