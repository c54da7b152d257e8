/**
 * The states of one Instance of Object 9, Software Management, as a table (OMA-TS-LWM2M_SwMgmt 1.0 §5.1.2).
 *
 *        fetch, push                received                accepted               install, installed
 *   Initial ────────▶ Download Started ────────▶ Downloaded ────────▶ Delivered ═══════════════════════▶ Installed
 *      ▲ └─────────── failed, reset ┘                 │ failed             │ ▲ └ failed (58)                  │
 *      └──────────────────────────────────────────────┴──── uninstall ─────┘ └─ activate, deactivate ─┐      │
 *      └────────────────────────────────────── uninstall, uninstalled ────────────────────────────────┴──────┘
 *
 * Installing and uninstalling take time and may end with this process, so they are states here, too; servers see the
 * state they began in. What is not in the table is refused, and changes nothing.
 */

import type { Fault } from "./fault.ts";

export type SoftwarePhase =
  | "initial"
  | "download-started"
  | "downloaded"
  | "delivered"
  | "installing"
  | "installed"
  | "uninstalling";

export interface SoftwareState {
  readonly phase: SoftwarePhase;
  /** /9/x/9, Update Result. */
  readonly result: number;
  /** /9/x/12, Activation State. */
  readonly active: boolean;
}

export type SoftwareEvent =
  | { readonly type: "fetch" }
  | { readonly type: "unfit"; readonly fault: Fault }
  | { readonly type: "push" }
  | { readonly type: "received" }
  | { readonly type: "accepted" }
  /** An empty package or URI was written. */
  | { readonly type: "reset" }
  | { readonly type: "install" }
  | { readonly type: "installed" }
  /** `forUpdate`: what is installed stays, and makes room for a newer package (/9/x/6 with argument 1). */
  | { readonly type: "uninstall"; readonly forUpdate: boolean }
  | { readonly type: "uninstalled" }
  | { readonly type: "activated" }
  | { readonly type: "deactivated" }
  | { readonly type: "failed"; readonly fault: Fault };

export type SoftwareEffect = "fetch" | "inspect" | "install" | "uninstall" | "discard";

export type SoftwareStep = readonly [SoftwareState, ...SoftwareEffect[]];

export const DOWNLOADING = 1;
export const INSTALLED = 2;
export const DELIVERED = 3;
export const INSTALLATION_FAILED = 58;
export const UNINSTALLATION_FAILED = 59;

/** Values of /9/x/9; for a protocol that nobody speaks there is no number of its own. */
export const SOFTWARE_RESULTS: Readonly<Record<Fault, number>> = {
  "no-space": 50,
  "no-memory": 51,
  lost: 52,
  integrity: 53,
  type: 54,
  uri: 56,
  protocol: 56,
  failed: 57,
};

export const SOFTWARE_INITIAL: SoftwareState = { phase: "initial", result: 0, active: false };

/** Values of /9/x/7, Update State. */
export const UPDATE_STATES: Readonly<Record<SoftwarePhase, number>> = {
  initial: 0,
  "download-started": 1,
  downloaded: 2,
  delivered: 3,
  installing: 3,
  installed: 4,
  uninstalling: 4,
};

/** Undefined: this cannot happen now, and who wants it is refused. */
export function nextSoftware(state: SoftwareState, event: SoftwareEvent): SoftwareStep | undefined {
  switch (state.phase) {
    case "initial":
      return fromInitial(state, event);
    case "download-started":
      return event.type === "received" ? [{ ...state, phase: "downloaded" }, "inspect"] : givenUp(state, event);
    case "downloaded":
      return event.type === "accepted" ? [{ ...state, phase: "delivered", result: DELIVERED }] : givenUp(state, event);
    case "delivered":
      return fromDelivered(state, event);
    case "installing":
      return fromInstalling(state, event);
    case "installed":
      return fromInstalled(state, event);
    case "uninstalling":
      return fromUninstalling(state, event);
  }
}

function fromInitial(state: SoftwareState, event: SoftwareEvent): SoftwareStep | undefined {
  switch (event.type) {
    case "fetch":
      return [{ ...state, phase: "download-started", result: DOWNLOADING }, "fetch"];
    case "push":
      return [{ ...state, phase: "download-started", result: DOWNLOADING }];
    case "unfit":
      return [{ ...state, result: SOFTWARE_RESULTS[event.fault] }];
    case "reset":
      return [{ ...state, result: 0 }];
    default:
      return undefined;
  }
}

function fromDelivered(state: SoftwareState, event: SoftwareEvent): SoftwareStep | undefined {
  if (event.type === "install") return [{ ...state, phase: "installing" }, "install"];
  return event.type === "uninstall" ? initial(state, 0) : givenUp(state, event);
}

/** "If executing the Install Resource failed, the state remains at DELIVERED" (/9/x/7). */
function fromInstalling(state: SoftwareState, event: SoftwareEvent): SoftwareStep | undefined {
  switch (event.type) {
    case "installed":
      return [{ phase: "installed", result: INSTALLED, active: false }, "discard"];
    case "failed": {
      const result = event.fault === "failed" ? INSTALLATION_FAILED : SOFTWARE_RESULTS[event.fault];
      return [{ ...state, phase: "delivered", result }];
    }
    default:
      return undefined;
  }
}

function fromInstalled(state: SoftwareState, event: SoftwareEvent): SoftwareStep | undefined {
  switch (event.type) {
    case "activated":
      return [{ ...state, active: true }];
    case "deactivated":
      return [{ ...state, active: false }];
    case "uninstall":
      return event.forUpdate ? initial(state, 0) : [{ ...state, phase: "uninstalling" }, "uninstall"];
    default:
      return undefined;
  }
}

function fromUninstalling(state: SoftwareState, event: SoftwareEvent): SoftwareStep | undefined {
  switch (event.type) {
    case "uninstalled":
      return [SOFTWARE_INITIAL];
    case "failed":
      return [{ ...state, phase: "installed", result: UNINSTALLATION_FAILED }];
    default:
      return undefined;
  }
}

function givenUp(state: SoftwareState, event: SoftwareEvent): SoftwareStep | undefined {
  if (event.type === "reset") return initial(state, 0);
  return event.type === "failed" ? initial(state, SOFTWARE_RESULTS[event.fault]) : undefined;
}

function initial({ active }: SoftwareState, result: number): SoftwareStep {
  return [{ phase: "initial", result, active }, "discard"];
}
