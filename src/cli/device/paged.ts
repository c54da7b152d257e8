/** A definition as the pages of docs/devices show it, and what they have in common. */

import type { Portrait } from "../../library/index.ts";
import { whatIs } from "./list.ts";

/** A definition, and what its file says beside. */
export interface Paged extends Portrait {
  /** Below devices/. */
  readonly file: string;
  /** The comment it begins with. */
  readonly comment: string;
  /** Those of one folder share a page. */
  readonly folder: string;
}

export const MADE = "<!-- Made by `isthmus device pages`: change the definition, not this page. -->";

export const headingOf = (portrait: Portrait) => `${whatIs(portrait)} (${portrait.id})`;
