/** What an LwM2M server remembers of registrations, whatever ways they came by: it can be asked, and can forget. */

import type { Heard, Verdict } from "./fake-server.ts";

const DELETE = 4;

export class RegistrationBook {
  /** Endpoints by location. */
  readonly registered = new Map<string, string>();
  #count = 0;

  readonly verdict = ({ message, path }: Heard, endpoint: string): Verdict => {
    if (path === "/rd") {
      for (const [at, other] of this.registered) if (other === endpoint) this.registered.delete(at);
      const location = ["rd", `r${++this.#count}`];
      this.registered.set(`/${location.join("/")}`, endpoint);
      return { code: 0x41, location };
    }
    if (!this.registered.has(path)) return { code: 0x84 };
    if (message.code !== DELETE) return { code: 0x44 };
    this.registered.delete(path);
    return { code: 0x42 };
  };

  get endpoints(): string[] {
    return [...this.registered.values()].sort();
  }

  /** The server was started again with nothing. */
  clear(): void {
    this.registered.clear();
  }
}
