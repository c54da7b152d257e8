/** The formats that need code, by the name that a definition gives them. */

import { homeAssistant } from "../conventions/homeassistant.ts";
import { homie } from "../conventions/homie.ts";
import { sparkplug } from "../conventions/sparkplug.ts";
import type { Definition } from "../definition/definition.ts";
import type { FrameSpec } from "../definition/frame.ts";
import { bthomeV2 } from "./bthome.ts";
import { bthomeV1 } from "./bthome-v1.ts";
import type { Codec } from "./codec.ts";
import { enocean } from "./enocean.ts";
import { govee512x } from "./govee.ts";
import { mibeacon } from "./mibeacon/mibeacon.ts";
import { pvvx } from "./pvvx.ts";
import { ruuviDf8 } from "./ruuvi-df8.ts";
import { sensorpush } from "./sensorpush.ts";
import { victron } from "./victron/victron.ts";

type Name = NonNullable<FrameSpec["codec"]>;

const CODECS: Partial<Record<Name, (definition: Definition) => Codec>> = {
  "bthome.v1": bthomeV1,
  "bthome.v2": bthomeV2,
  mibeacon,
  pvvx,
  sensorpush,
  "ruuvi.df8": ruuviDf8,
  victron,
  enocean,
  "govee.h512x": govee512x,
  homeassistant: homeAssistant,
  homie,
  "sparkplug.b": sparkplug,
};

export const catalogue: ReadonlyMap<string, (definition: Definition) => Codec> = new Map(Object.entries(CODECS));
