/** Those who record what the adapters hear: each is given lines of JSON, of every source or of one. */

import { recordLine } from "../../sdk/recording.ts";
import type { Frame } from "../../sdk/adapter.ts";

type Listener = (line: string) => void;

export class Overhearing {
  readonly #listeners = new Map<Listener, string | undefined>();

  /** `source` as the adapter names it, with the adapter's name before it or without. Returns how to stop. */
  add(listener: Listener, source: string | undefined): () => void {
    this.#listeners.set(listener, source);
    return () => this.#listeners.delete(listener);
  }

  /** On the way of every frame: nobody listens most of the time. */
  take(adapter: string, frame: Frame): void {
    if (this.#listeners.size === 0) return;
    let line: string | undefined;
    for (const [listener, source] of this.#listeners)
      if (source === undefined || source === frame.source || source === `${adapter}/${frame.source}`)
        listener((line ??= recordLine(frame)));
  }
}
