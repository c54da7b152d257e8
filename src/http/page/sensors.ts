/** The Sensors screen: one card each, a search, and a word for newcomers. */

import { card } from "./card.ts";
import { h, List, type Part, press, setText, show } from "./dom.ts";
import { plural } from "./format.ts";
import { empty } from "./parts.ts";
import { byLabel, isSensor, matches, type Store } from "./store.ts";

const AT_ONCE = 120;

export function sensorsScreen(): Part<Store> {
  let query = "";
  let limit = AT_ONCE;
  let latest: Store | undefined;
  const again = () => latest && update(latest);
  const search = h("input", {
    type: "search",
    placeholder: "Name, model, state …",
    "aria-label": "Search sensors",
    oninput: () => {
      query = search.value.trim();
      limit = AT_ONCE;
      again();
    },
  });
  const count = h("span", { class: "quiet", role: "status" });
  const cards = h("ul", { class: "cards" });
  const moreButton = press("plain", () => ((limit += AT_ONCE), again()));
  const nothing = empty(
    "No sensors yet",
    "A sensor appears here once it is adopted. What the radio and the lines hear meanwhile waits in the ",
    h("a", { href: "#/inbox" }, "Inbox"),
    ".",
  );
  const none = empty("Nothing fits", "No sensor has these words in its name, model, source or state.");
  const element = h(
    "section",
    { class: "screen" },
    h("header", { class: "title" }, h("h1", {}, "Sensors"), count, search),
    cards,
    moreButton,
    nothing,
    none,
  );
  let list: List<Parameters<ReturnType<typeof card>["update"]>[0]> | undefined;

  function update(store: Store): void {
    latest = store;
    list ??= new List(
      cards,
      ({ endpoint }) => endpoint,
      () => card(store.history),
    );
    const all = byLabel(store.sensors.values()).filter(isSensor);
    const found = query === "" ? all : all.filter((sensor) => matches(sensor, query));
    list.update(found.slice(0, limit));
    setText(count, query === "" ? plural(all.length, "sensor") : `${found.length} of ${plural(all.length, "sensor")}`);
    setText(moreButton, `Show ${Math.min(AT_ONCE, found.length - limit)} more`);
    show(moreButton, found.length > limit);
    show(nothing, all.length === 0 && store.status !== undefined);
    show(none, all.length > 0 && found.length === 0);
    show(search, all.length > 6 || query !== "");
  }
  return { element, update };
}
