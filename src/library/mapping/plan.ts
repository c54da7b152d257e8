/** What a definition shows of a device: its Object Instances, ready for every sensor of that kind to share. */

import type { Path } from "../../model/path.ts";
import type { ResourceValue } from "../../model/value.ts";
import type { Expression } from "../language/expression.ts";
import type { ToResource } from "./target.ts";

/** An IPSO sensor: one field, and all that an Object keeps about its value. Paths that the Object lacks are absent. */
export interface SensorPlan {
  readonly field: string;
  readonly value: Path;
  readonly toValue: ToResource;
  readonly minimum?: Path;
  readonly maximum?: Path;
  readonly reset?: Path;
  readonly time?: Path;
  readonly quality?: Path;
}

/** A Resource fed by a field, by a computation, by the quality of a field, or by how often something has happened. */
export type ResourcePlan =
  | {
      readonly kind: "field";
      readonly path: Path;
      readonly field: string;
      readonly toValue: ToResource;
      /** The field is something that happens: what was said of it long ago is no news. */
      readonly event?: true;
    }
  | { readonly kind: "expression"; readonly path: Path; readonly expression: Expression; readonly toValue: ToResource }
  | { readonly kind: "quality"; readonly path: Path; readonly field: string }
  | CountPlan
  /** True for a moment, whenever the expression holds. */
  | { readonly kind: "pulse"; readonly path: Path; readonly expression: Expression };

export interface CountPlan {
  readonly kind: "count";
  readonly path: Path;
  readonly expression: Expression;
  /** Whether each message in which it holds counts; else each change from false to true. */
  readonly event: boolean;
}

export interface Constant {
  readonly path: Path;
  readonly value: ResourceValue;
}

export interface InstancePlan {
  readonly path: Path;
  /** There from the first registration on; the others appear when first heard. */
  readonly sure: boolean;
  readonly constants: readonly Constant[];
  /** What counts and pulses show before anything has happened. */
  readonly starts: readonly Constant[];
  readonly sensor?: SensorPlan;
  readonly resources: readonly ResourcePlan[];
  /** Resources that tell when the Instance was last measured. */
  readonly times: readonly Path[];
  /** What people care about most in it. */
  readonly main: readonly Path[];
  readonly writable: readonly Path[];
  readonly executable: readonly Path[];
}

/** Instances of one Object for a quantity that a device may have several times. */
export interface ManyPlan {
  readonly field: string;
  readonly object: number;
  /** `field` is the name under which it was heard. */
  instance(id: number, field: string): InstancePlan;
}

export interface ObjectPlan {
  readonly instances: readonly InstancePlan[];
  /** Those of them that are not sure, by the fields that make them appear. */
  readonly appearing: ReadonlyMap<string, readonly InstancePlan[]>;
  readonly many: readonly ManyPlan[];
  /** Names of counters that never fall; undefined if there are none. */
  readonly monotonic: ReadonlySet<string> | undefined;
  /** Whether anything in it counts, or is true for a moment. */
  readonly counts: boolean;
  readonly pulses: boolean;
  readonly main: readonly Path[];
}
