/** The Device Object that LwM2M Core 1.1 §7.4 shows in every format, as nodes. */

import type { Node } from "../../src/content/node.ts";
import { node } from "./codec-models.ts";

export const deviceExample: readonly Node[] = [
  node("/3/0/0", "Open Mobile Alliance"),
  node("/3/0/1", "Lightweight M2M Client"),
  node("/3/0/2", "345000123"),
  node("/3/0/3", "1.0"),
  node("/3/0/6/0", 1),
  node("/3/0/6/1", 5),
  node("/3/0/7/0", 3800),
  node("/3/0/7/1", 5000),
  node("/3/0/8/0", 125),
  node("/3/0/8/1", 900),
  node("/3/0/9", 100),
  node("/3/0/10", 15),
  node("/3/0/11/0", 0),
  node("/3/0/13", 1_367_491_215),
  node("/3/0/14", "+02:00"),
  node("/3/0/16", "U"),
];
