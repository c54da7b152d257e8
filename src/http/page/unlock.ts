/** Asks for the token again: after a restart the gateway does not know this browser any more. */

import { h } from "./dom.ts";
import type { Store } from "./store.ts";

let open = false;

export function unlock(store: Store): void {
  if (open) return;
  open = true;
  const token = h("input", {
    type: "password",
    autocomplete: "current-password",
    "aria-label": "Token",
    required: true,
  });
  const dialog = h(
    "dialog",
    {},
    h("h2", {}, "The gateway asks for its token"),
    h("p", {}, "It stands in the configuration of the gateway, at http.token."),
    h("form", { onsubmit: (event) => enter(event) }, token, h("button", { class: "primary" }, "Continue")),
  );
  dialog.addEventListener("close", () => {
    open = false;
    dialog.remove();
    store.lock(false);
  });
  function enter(event: Event): void {
    event.preventDefault();
    // The gateway answers with a cookie and an address without the token.
    location.assign(`/?token=${encodeURIComponent(token.value)}`);
  }
  document.body.append(dialog);
  dialog.showModal();
}
