/** Objects of MiBeacon that tell what somebody did: buttons, dimmers, cubes, locks (sources: see objects.ts). */

import type { MiObject, Put } from "./object.ts";

const PRESSES = ["press", "double_press", "long_press"] as const;
const SIDES = ["left", "right"] as const;
const THREE = ["left", "middle", "right"] as const;
const FOUR = ["left", "middle_left", "middle_right", "right"] as const;

/** Keys of remote controls, by their number. */
const REMOTES: Readonly<Record<string, readonly string[]>> = {
  YLYK01YL: ["on", "off", "brightness", "plus", "m", "minus"],
  "YLYK01YL-FANCL": ["fan", "light", "wind_speed", "color_temperature", "wind_mode", "brightness"],
  "YLYK01YL-VENFAN": [
    ...["swing", "power", "timer_60_minutes", "increase_wind_speed"],
    ...["timer_30_minutes", "decrease_wind_speed"],
  ],
  "YLYB01YL-BHFRC": [
    ...["stop", "air_exchange", "fan", "increase_speed", "decrease_speed"],
    ...["dry", "light", "swing", "heat"],
  ],
};

/** Wall switches: which keys a number stands for. */
const KEYS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  "K9B-2BTN": [["button_left"], ["button_right"], ["button_left", "button_right"]],
  "K9B-3BTN": [
    ...[
      ["button_left"],
      ["button_middle"],
      ["button_right"],
      ["button_left", "button_middle"],
      ["button_middle", "button_right"],
    ],
    ...[
      ["button_left", "button_right"],
      ["button_left", "button_middle", "button_right"],
    ],
  ],
};

/** What a wall switch means by the third byte: long and double are the other way round. */
const SWITCH_PRESSES = ["press", "long_press", "double_press"] as const;

const CUBE = ["rotate_right", "rotate_left"] as const;

/** 0x1001: key, value, kind of press. */
function pressed(put: Put, value: DataView, model = ""): void {
  const [key, amount, kind] = [value.getUint8(0), value.getUint8(1), value.getUint8(2)];
  if (model.startsWith("K9B")) {
    const press = SWITCH_PRESSES[kind];
    for (const name of (KEYS[model] ?? [["button"]])[key] ?? []) if (press) put(name, press);
  } else if (model === "XMMF01JQD") {
    const turn = CUBE[key];
    if (turn) put("cube", turn);
  } else if (kind >= 3 && kind <= 4) dimmed(put, key, amount, kind);
  else {
    const press = PRESSES[kind === 5 ? 0 : kind === 6 ? 2 : kind];
    const name = REMOTES[model]?.[key];
    if (name !== undefined && press) put("key", name);
    if (press) put("button", press);
  }
}

/** Steps are two's complement; where the knob is pressed while it turns, they stand in the place of the key. */
function dimmed(put: Put, key: number, amount: number, kind: number): void {
  if (kind === 3) {
    if (key > 1) return;
    put("dimmer", key === 0 ? "press" : "long_press");
    put("dimmer_steps", amount);
    return;
  }
  const steps = key === 0 ? amount : key;
  put("dimmer", `${steps <= 0x7f ? "rotate_right" : "rotate_left"}${key === 0 ? "" : "_pressed"}`);
  put("dimmer_steps", steps <= 0x7f ? steps : 0x100 - steps);
}

/** A kind of press has a type of its own; the value tells the key where there are several. */
const press =
  (kind: string): MiObject["read"] =>
  (put, value, model) => {
    const key = value.byteLength > 0 ? value.getUint8(0) : 0;
    for (const name of namesOf(model, key)) put(name, kind);
  };

function namesOf(model: string | undefined, key: number): readonly string[] {
  if (model === "XMWS01XS") return named(SIDES[key]);
  if (model === "XMWXKG01YL") return key === 3 ? ["button_left", "button_right"] : named(SIDES[key - 1]);
  if (model === "KS1" || model === "KS1BP") return named(FOUR[key - 1]);
  return ["button"];
}

const named = (key: string | undefined) => (key === undefined ? [] : [`button_${key}`]);

/** One type for all kinds of press. */
const K9BB: Readonly<Record<number, string>> = { 1: "press", 8: "long_press", 15: "double_press" };

function pressedOnce(put: Put, value: DataView, model: string | undefined): void {
  if (model !== "K9BB-1BTN") {
    press("press")(put, value, model);
    return;
  }
  const kind = K9BB[value.byteLength > 0 ? value.getUint8(0) : 0];
  if (kind !== undefined) put("button", kind);
}

const FINGERPRINT = ["match", "no_match", "timeout", "low_quality", "small_area", "too_dry", "too_wet"] as const;

function fingerprint(put: Put, value: DataView): void {
  const result = FINGERPRINT[value.getUint8(4)];
  if (result === undefined) return;
  put("fingerprint", result);
  put("lock_key", value.getUint32(0, true));
}

/** Of the lower half of a byte: what a lock did, and whether it is unlocked after it; undefined: that is not told. */
const LOCK_ACTIONS: readonly (readonly [action: string, unlocked?: boolean] | undefined)[] = [
  ["unlock_outside", true],
  ["lock", false],
  ["anti_lock_on"],
  ["anti_lock_off"],
  ["unlock_inside", true],
  ["lock_inside", false],
  ["child_lock_on"],
  ["child_lock_off"],
  ["lock_outside", false],
  ...Array.from({ length: 6 }, () => undefined),
  ["abnormal", true],
];

/** Of the upper half: how. */
const LOCK_METHODS: readonly (string | undefined)[] = [
  ...["bluetooth", "password", "biometrics", "key", "turntable", "nfc", "one_time_password", "two_steps"],
  ...["coercion", "homekit", "manual", "automatic", undefined, undefined, undefined, "abnormal"],
];

function locked(put: Put, value: DataView): void {
  const how = value.getUint8(0);
  const [action, unlocked] = LOCK_ACTIONS[how & 0x0f] ?? [];
  const method = LOCK_METHODS[how >> 4];
  if (action === undefined || method === undefined) return;
  if (unlocked !== undefined) put("lock", unlocked);
  put("lock_action", action);
  put("lock_method", method);
  put("lock_key", value.getUint32(1, true));
}

export const HAPPENINGS: readonly (readonly [type: number, object: MiObject])[] = [
  [0x0006, { lengths: [5], read: fingerprint }],
  [0x000b, { lengths: [9], read: locked }],
  [0x1001, { lengths: [3], read: pressed }],
  [0x4a0c, { lengths: [0, 1], read: press("press") }],
  [0x4a0d, { lengths: [0, 1], read: press("double_press") }],
  [0x4a0e, { lengths: [0, 1], read: press("long_press") }],
  [0x4a13, { lengths: [1], read: (put, value) => value.getUint8(0) === 1 && put("button", "press") }],
  [0x4e0c, { lengths: [0, 1], read: pressedOnce }],
  [0x4e0d, { lengths: [0, 1], read: press("double_press") }],
  [0x4e0e, { lengths: [0, 1], read: press("long_press") }],
  [0x560c, { lengths: [0, 1], read: press("press") }],
  [0x560d, { lengths: [0, 1], read: press("double_press") }],
  [0x560e, { lengths: [0, 1], read: press("long_press") }],
];

/** Names that speak of something done, not of a state. */
export const EVENTS: readonly string[] = [
  ...["button", "key", "cube", "dimmer", "dimmer_steps", "fingerprint", "lock_action", "lock_method", "lock_key"],
  ...[...new Set([...SIDES, ...THREE, ...FOUR])].map((key) => `button_${key}`),
];
