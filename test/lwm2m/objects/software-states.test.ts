/** The table of Object 9: every event in every state. */

import { describe, expect, it } from "vitest";
import {
  nextSoftware,
  SOFTWARE_INITIAL,
  SOFTWARE_RESULTS,
  type SoftwareEvent,
  type SoftwarePhase,
  UPDATE_STATES,
} from "../../../src/lwm2m/objects/software-states.ts";

const EVENTS: Readonly<Record<string, SoftwareEvent>> = {
  fetch: { type: "fetch" },
  push: { type: "push" },
  unfit: { type: "unfit", fault: "protocol" },
  received: { type: "received" },
  accepted: { type: "accepted" },
  reset: { type: "reset" },
  install: { type: "install" },
  installed: { type: "installed" },
  uninstall: { type: "uninstall", forUpdate: false },
  "uninstall for update": { type: "uninstall", forUpdate: true },
  uninstalled: { type: "uninstalled" },
  activated: { type: "activated" },
  deactivated: { type: "deactivated" },
  failed: { type: "failed", fault: "failed" },
  "failed, not whole": { type: "failed", fault: "integrity" },
};

/** `phase/result effect ...`, with * where it is active; what is not here is refused. Each begins active, result 7. */
const TABLE: Readonly<Record<SoftwarePhase, Readonly<Record<string, string>>>> = {
  initial: {
    fetch: "download-started/1* fetch",
    push: "download-started/1*",
    unfit: "initial/56*",
    reset: "initial/0*",
  },
  "download-started": {
    received: "downloaded/7* inspect",
    reset: "initial/0* discard",
    failed: "initial/57* discard",
    "failed, not whole": "initial/53* discard",
  },
  downloaded: {
    accepted: "delivered/3*",
    reset: "initial/0* discard",
    failed: "initial/57* discard",
    "failed, not whole": "initial/53* discard",
  },
  delivered: {
    install: "installing/7* install",
    uninstall: "initial/0* discard",
    "uninstall for update": "initial/0* discard",
    reset: "initial/0* discard",
    failed: "initial/57* discard",
    "failed, not whole": "initial/53* discard",
  },
  installing: {
    installed: "installed/2 discard",
    failed: "delivered/58*",
    "failed, not whole": "delivered/53*",
  },
  installed: {
    activated: "installed/7*",
    deactivated: "installed/7",
    uninstall: "uninstalling/7* uninstall",
    "uninstall for update": "initial/0* discard",
  },
  uninstalling: {
    uninstalled: "initial/0",
    failed: "installed/59*",
    "failed, not whole": "installed/59*",
  },
};

describe("the states of a piece of software", () => {
  const phases: readonly SoftwarePhase[] = [
    "initial",
    "download-started",
    "downloaded",
    "delivered",
    "installing",
    "installed",
    "uninstalling",
  ];
  it.each(phases.flatMap((phase) => Object.keys(EVENTS).map((event) => [phase, event] as const)))(
    "while %s: %s",
    (phase, event) => {
      const [state, ...effects] = nextSoftware({ phase, result: 7, active: true }, EVENTS[event]!) ?? [];
      const told = state && [`${state.phase}/${state.result}${state.active ? "*" : ""}`, ...effects].join(" ");
      expect(told).toBe(TABLE[phase][event]);
    },
  );

  it("begin at Initial, and are told by the numbers of Update State", () => {
    expect(SOFTWARE_INITIAL).toEqual({ phase: "initial", result: 0, active: false });
    expect(phases.map((phase) => UPDATE_STATES[phase])).toEqual([0, 1, 2, 3, 3, 4, 4]);
  });

  it("have a number for each fault", () => {
    expect(SOFTWARE_RESULTS).toEqual({
      "no-space": 50,
      "no-memory": 51,
      lost: 52,
      integrity: 53,
      type: 54,
      uri: 56,
      protocol: 56,
      failed: 57,
    });
  });
});
