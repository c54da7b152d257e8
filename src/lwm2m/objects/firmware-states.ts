/**
 * The states of Object 5, Firmware Update, as a table (LwM2M Core 1.1 Appendix E.6, "Firmware Update State Machine").
 *
 *                 fetch, push                 accepted                     update
 *        Idle ─────────────────▶ Downloading ──────────▶ Downloaded ─────────────────▶ Updating
 *         ▲ ▲                        │  │ ▲                │ │  ▲ │ defer (result 11)    │   │
 *         │ └── failed, cancel, reset┘  └─┘ received       │ │  └─┘                     │   │
 *         ├─────────── failed, cancel, reset ──────────────┘ └──── failed, kept ────────┘   │
 *         └──────────────────────── installed (result 1), failed ───────────────────────────┘
 *
 * What is not in the table is refused, and changes nothing.
 */

import type { Fault } from "./fault.ts";

export type FirmwarePhase = "idle" | "downloading" | "downloaded" | "updating";

export interface FirmwareState {
  readonly phase: FirmwarePhase;
  /** /5/0/5, Update Result. */
  readonly result: number;
}

export type FirmwareEvent =
  /** A Package URI was written. */
  | { readonly type: "fetch" }
  /** One was written that cannot be fetched. */
  | { readonly type: "unfit"; readonly fault: Fault }
  /** The server begins to push. */
  | { readonly type: "push" }
  /** All bytes are there. */
  | { readonly type: "received" }
  /** They are a package for this device. */
  | { readonly type: "accepted" }
  /** An empty package or URI was written. */
  | { readonly type: "reset" }
  | { readonly type: "cancel" }
  | { readonly type: "update" }
  /** Somebody wants it later. */
  | { readonly type: "defer" }
  | { readonly type: "installed" }
  /** `keep`: the package stays good. */
  | { readonly type: "failed"; readonly fault: Fault; readonly keep?: boolean };

/** What is to be done once the state has been saved. */
export type FirmwareEffect = "fetch" | "inspect" | "install" | "discard";

export type FirmwareStep = readonly [FirmwareState, ...FirmwareEffect[]];

export const INITIAL_RESULT = 0;
export const UPDATED = 1;
export const CANCELLED = 10;
export const DEFERRED = 11;

/** Values of /5/0/5. */
export const FIRMWARE_RESULTS: Readonly<Record<Fault, number>> = {
  "no-space": 2,
  "no-memory": 3,
  lost: 4,
  integrity: 5,
  type: 6,
  uri: 7,
  failed: 8,
  protocol: 9,
};

export const FIRMWARE_IDLE: FirmwareState = { phase: "idle", result: INITIAL_RESULT };

/** Undefined: this cannot happen now, and who wants it is refused. */
export function nextFirmware(state: FirmwareState, event: FirmwareEvent): FirmwareStep | undefined {
  switch (state.phase) {
    case "idle":
      return fromIdle(event);
    case "downloading":
      return fromDownloading(state, event);
    case "downloaded":
      return fromDownloaded(event);
    case "updating":
      return fromUpdating(event);
  }
}

function fromIdle(event: FirmwareEvent): FirmwareStep | undefined {
  switch (event.type) {
    case "fetch":
      return [{ phase: "downloading", result: INITIAL_RESULT }, "fetch"];
    case "push":
      return [{ phase: "downloading", result: INITIAL_RESULT }];
    case "unfit":
      return idle(FIRMWARE_RESULTS[event.fault]);
    case "reset":
      return idle(INITIAL_RESULT);
    default:
      return undefined;
  }
}

function fromDownloading(state: FirmwareState, event: FirmwareEvent): FirmwareStep | undefined {
  switch (event.type) {
    case "received":
      return [state, "inspect"];
    case "accepted":
      return [{ phase: "downloaded", result: INITIAL_RESULT }];
    default:
      return givenUp(event);
  }
}

function fromDownloaded(event: FirmwareEvent): FirmwareStep | undefined {
  switch (event.type) {
    case "update":
      return [{ phase: "updating", result: INITIAL_RESULT }, "install"];
    case "defer":
      return [{ phase: "downloaded", result: DEFERRED }];
    default:
      return givenUp(event);
  }
}

/** Once it has begun, nobody stops it: Cancel is refused (/5/0/10). */
function fromUpdating(event: FirmwareEvent): FirmwareStep | undefined {
  switch (event.type) {
    case "installed":
      return idle(UPDATED);
    case "failed":
      return event.keep === true
        ? [{ phase: "downloaded", result: FIRMWARE_RESULTS[event.fault] }]
        : idle(FIRMWARE_RESULTS[event.fault]);
    default:
      return undefined;
  }
}

function givenUp(event: FirmwareEvent): FirmwareStep | undefined {
  switch (event.type) {
    case "reset":
      return idle(INITIAL_RESULT);
    case "cancel":
      return idle(CANCELLED);
    case "failed":
      return idle(FIRMWARE_RESULTS[event.fault]);
    default:
      return undefined;
  }
}

function idle(result: number): FirmwareStep {
  return [{ phase: "idle", result }, "discard"];
}
