/** How a command to a device ended. */

export type Scalar = string | number | boolean;

export type Outcome =
  | { readonly status: "done"; readonly readBack?: Scalar }
  | { readonly status: "rejected"; readonly reason: string }
  | { readonly status: "timeout" };
