/** What people can do on the page, and what they see when it does not work: orders, names, removals, tokens, strangers. */

import { beforeEach, describe, expect, it, vi } from "vitest";
import { controlFor, executableName } from "../../src/http/page/controls.ts";
import { heading } from "../../src/http/page/heading.ts";
import { inboxScreen } from "../../src/http/page/inbox.ts";
import { execute, write } from "../../src/http/page/orders.ts";
import { Store } from "../../src/http/page/store.ts";
import type { InboxEntry, Sensor } from "../../src/http/page/types.ts";
import { unlock } from "../../src/http/page/unlock.ts";
import { type FakeElement, fake, fakeDocument } from "../support/fake-dom.ts";

const NOW = Date.parse("2026-06-01T12:00:00Z");
const asked: { url: string; method: string; body: unknown }[] = [];
const went: string[] = [];
/** One after the other; the last one again and again. An Error is a gateway that cannot be reached. */
let answers: ({ status: number; body: unknown } | Error)[] = [];

beforeEach(() => {
  asked.length = 0;
  went.length = 0;
  answers = [{ status: 200, body: { code: "2.04" } }];
  vi.useFakeTimers({ now: NOW });
  vi.stubGlobal("document", fakeDocument);
  vi.stubGlobal("location", { hash: "", assign: (url: string) => went.push(url) });
  vi.stubGlobal("fetch", (url: string, { method, body }: { method: string; body?: string }) => {
    asked.push({ url, method, body: body === undefined ? undefined : (JSON.parse(body) as unknown) });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer === undefined || answer instanceof Error) return Promise.reject(answer ?? new TypeError("none"));
    return Promise.resolve(new Response(JSON.stringify(answer.body), { status: answer.status }));
  });
  return () => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  };
});

const answered = () => vi.advanceTimersByTimeAsync(0);
const AT = { endpoint: "relay", path: "/3306/0/5850" };

const button = (element: FakeElement, text: string): FakeElement => {
  const found = element.find("button").find((each) => each.visible && each.textContent === text);
  if (!found) throw new Error(`no button ${text}`);
  return found;
};

const sensor = (rest: Partial<Sensor> = {}): Sensor => ({
  endpoint: "ruuvi-1",
  label: "Freezer 2",
  source: "radio/CB",
  definition: "ruuvi.tag.df5",
  maker: "Ruuvi",
  model: "RuuviTag",
  liveness: "live",
  registration: { state: "registered", server: "", lifetimeSeconds: 300, observations: 1 },
  values: {},
  main: [],
  writable: [],
  executable: [],
  ...rest,
});

describe("an order", () => {
  it("is noted with what was asked, how it ended, and how long that took", async () => {
    const store = new Store();
    expect(await write(store, AT, true)).toBe(true);
    expect(await execute(store, { endpoint: "a b", path: "/3303/0/5605" })).toBe(true);
    expect(asked).toEqual([
      { url: "/lab/clients/relay/3306/0/5850", method: "PUT", body: { value: true } },
      { url: "/lab/clients/a%20b/3303/0/5605", method: "POST", body: undefined },
    ]);
    expect(store.log.map(({ what, ended, failed }) => [what, ended.replace(/\d+ ms/, "n ms"), failed])).toEqual([
      ["Execute /3303/0/5605", "2.04 Changed, n ms", false],
      ["Write /3306/0/5850 = On", "2.04 Changed, n ms", false],
    ]);
    expect(store.log[0]?.at).toBe(NOW);
  });

  it.each([
    [{ status: 405, body: { code: "4.05", error: "Method Not Allowed" } }, "4.05 Method Not Allowed"],
    [{ status: 504, body: { code: "timeout", error: "no answer in 15 s" } }, "no answer in 15 s"],
    [{ status: 500, body: {} }, "HTTP 500"],
    [new TypeError("Failed to fetch"), "Failed to fetch"],
  ])("that fails says why, and is not a success: %j", async (answer, words) => {
    answers = [answer];
    const store = new Store();
    expect(await write(store, AT, 1)).toBe(false);
    expect(store.log[0]).toMatchObject({ failed: true });
    expect(store.log[0]?.ended).toContain(words);
  });

  it("that ends in a code nobody has a word for shows the code", async () => {
    answers = [{ status: 200, body: { code: "2.31" } }];
    const store = new Store();
    await execute(store, AT);
    expect(store.log[0]?.ended).toMatch(/^2\.31, /);
  });
});

describe("a control", () => {
  function control(path = AT.path, executable = false) {
    const store = new Store();
    const made = controlFor(store, { ...AT, path, executable });
    return { store, made, element: fake(made.element) };
  }
  async function typed(current: unknown, text: string): Promise<unknown> {
    const { made, element } = control("/3303/0/5750");
    made.set(current);
    element.find("input")[0]!.value = text;
    element.find("form")[0]!.fire("submit");
    await answered();
    return asked.at(-1)?.body;
  }

  it("switches to the other side of what is", async () => {
    const { made, element } = control();
    made.set(true);
    button(element, "Switch off").fire("click");
    await answered();
    made.set(false);
    button(element, "Switch on").fire("click");
    await answered();
    expect(asked.map(({ body }) => body)).toEqual([{ value: false }, { value: true }]);
  });

  it("asks once, however often it is pressed while the device thinks", async () => {
    const { made, element } = control();
    made.set(true);
    const press = button(element, "Switch off");
    for (let i = 0; i < 5; i++) press.fire("click");
    expect(press.getAttribute("aria-busy")).toBe("true");
    await answered();
    expect(asked).toHaveLength(1);
    expect([press.getAttribute("aria-busy"), press.getAttribute("data-ended")]).toEqual([null, "well"]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(press.getAttribute("data-ended")).toBeNull();
  });

  it("shows that it went badly", async () => {
    answers = [{ status: 504, body: { error: "no answer" } }];
    const { made, element } = control();
    made.set(false);
    const press = button(element, "Switch on");
    press.fire("click");
    await answered();
    expect(press.getAttribute("data-ended")).toBe("badly");
  });

  it("writes a number as a number, and a text as a text", async () => {
    expect(await typed(21.5, "-3.25")).toEqual({ value: -3.25 });
    expect(await typed("old", "42")).toEqual({ value: "42" });
    expect(await typed(21.5, "warm")).toEqual({ value: "warm" });
    expect(await typed("old", "")).toEqual({ value: "" });
  });

  it("does not take an empty field for a zero", async () => {
    expect(await typed(21.5, "")).toBeUndefined();
    expect(await typed(21.5, "   ")).toBeUndefined();
    expect(await typed(undefined, "")).toBeUndefined();
  });

  it("says what an Execute does, where that is known", () => {
    expect(["/3303/0/5605", "/3/0/4", "/3306/0/5"].map(executableName)).toEqual([
      "Reset min and max",
      "Reboot",
      "Execute",
    ]);
    expect(control("/3/0/4", true).element.textContent).toBe("Reboot");
  });
});

describe("the head of a sensor's page", () => {
  function opened(shown = sensor()) {
    const store = new Store();
    store.takeSensors([shown]);
    const part = heading(store, shown.endpoint);
    part.update(shown);
    return { store, part, element: fake(part.element) };
  }
  const dialogOf = (element: FakeElement) => element.find("dialog")[0]!;

  it("says what it is once, and offers no removal of the gateway itself", () => {
    expect(opened().element.shown).toMatch(/RuuviTag · ruuvi.tag.df5 · radio\/CB/);
    const { source, ...gateway } = sensor();
    expect(source).toBe("radio/CB");
    const { element } = opened(gateway);
    expect(() => button(element, "Rename")).toThrow();
    expect(element.find(".danger").filter((each) => each.visible && each.textContent === "Remove")).toHaveLength(1);
  });

  it("removes only after a yes, and goes back to the list", async () => {
    const { store, element } = opened();
    button(element, "Remove").fire("click");
    expect(dialogOf(element).open).toBe(true);
    for (const no of ["no", ""]) dialogOf(element).close(no);
    await answered();
    expect(asked).toEqual([]);
    dialogOf(element).close("yes");
    await answered();
    expect(asked).toEqual([{ url: "/api/sensors/ruuvi-1", method: "DELETE", body: undefined }]);
    expect(store.sensors.size).toBe(0);
    expect(location.hash).toBe("#/sensors");
  });

  it("keeps the sensor, and says why, where the gateway does not remove it", async () => {
    answers = [{ status: 409, body: { error: "it stands in the configuration", next: "remove it there" } }];
    const { store, element } = opened();
    dialogOf(element).close("yes");
    await answered();
    expect(store.sensors.size).toBe(1);
    expect(element.shown).toContain("it stands in the configuration: remove it there");
    expect(location.hash).toBe("");
  });

  it("keeps the old name, and what was typed, where the new one is refused", async () => {
    answers = [{ status: 400, body: { error: "a label is at most 100 characters" } }];
    const { store, element } = opened();
    button(element, "Rename").fire("click");
    const input = element.find("input")[0]!;
    expect(input.value).toBe("Freezer 2");
    input.value = "  Cold room ";
    element.find("form")[0]!.fire("submit");
    await answered();
    expect(asked[0]).toMatchObject({ method: "PATCH", body: { label: "Cold room" } });
    expect(store.sensors.get("ruuvi-1")?.label).toBe("Freezer 2");
    expect(element.shown).toContain("a label is at most 100 characters");
    button(element, "Cancel").fire("click");
    expect(element.shown).not.toContain("a label is at most");
  });

  it("stays open for typing while news of the sensor come in", () => {
    const { part, element } = opened();
    button(element, "Rename").fire("click");
    part.update(sensor({ label: "Named elsewhere", liveness: "stale" }));
    expect(element.find("form")[0]!.visible).toBe(true);
    expect(() => button(element, "Rename")).toThrow();
  });
});

describe("the token", () => {
  it("is asked for once at a time, and again after the question was put away", () => {
    const store = new Store();
    store.lock(true);
    unlock(store);
    unlock(store);
    const dialogs = () => fakeDocument.body.find("dialog");
    expect(dialogs()).toHaveLength(1);
    dialogs()[0]!.close("");
    expect(dialogs()).toHaveLength(0);
    expect(store.locked).toBe(false);
    unlock(store);
    expect(dialogs()).toHaveLength(1);
    dialogs()[0]!.close("");
  });

  it("travels to the gateway once, whatever characters it has", () => {
    unlock(new Store());
    const dialog = fakeDocument.body.find("dialog")[0]!;
    dialog.find("input")[0]!.value = "a&b=c d/é#";
    const submitted = dialog.find("form")[0]!.fire("submit");
    expect(submitted.prevented).toBe(true);
    expect(went).toEqual(["/?token=a%26b%3Dc%20d%2F%C3%A9%23"]);
    dialog.close("");
  });
});

describe("strangers in the inbox", () => {
  const stranger = (source: string, firstHeardAt: string, rest: Partial<InboxEntry> = {}): InboxEntry => ({
    source,
    definition: "d",
    maker: "Maker",
    model: source,
    readings: {},
    heard: 1,
    firstHeardAt,
    lastHeardAt: firstHeardAt,
    ...rest,
  });
  function opened(entries: readonly InboxEntry[]) {
    const store = new Store();
    store.takeInbox(entries);
    const screen = inboxScreen(store);
    screen.update(store);
    return { store, screen, element: fake(screen.element) };
  }
  const titles = (element: FakeElement) => element.find("h2").map((each) => each.textContent);

  it("stand in the order in which they were first heard, and keep it", () => {
    const early = "2026-06-01T11:00:00.000Z";
    const late = "2026-06-01T11:30:00.000Z";
    const entries = [stranger("c", late), stranger("a", early), stranger("b", early)];
    const { store, screen, element } = opened(entries);
    const before = titles(element);
    expect(before.slice(0, 3)).toEqual(["Maker a", "Maker b", "Maker c"]);
    store.takeInbox(entries.map((each) => ({ ...each, heard: 9, lastHeardAt: late })));
    screen.update(store);
    expect(titles(element)).toEqual(before);
  });

  it("are known by name, or by nothing, and not by what repeats their address", () => {
    const readings = { address: { value: "AA" }, ok: { value: true }, gone: null };
    const nameless = { source: "radio/AA", heard: 1, firstHeardAt: "1", lastHeardAt: "1", readings };
    const { element } = opened([{ ...nameless, name: "P-1" }]);
    expect(titles(opened([nameless]).element)[0]).toBe("Unknown device");
    expect(titles(element)[0]).toBe("P-1");
    expect(element.shown).toContain("Yes");
    expect(element.find("dt").map((each) => each.textContent)).toEqual(["Ok", "Gone"]);
  });

  it("are not adopted by a gateway that does not answer, and may be tried again", async () => {
    answers = [new TypeError("Failed to fetch")];
    const { store, element } = opened([stranger("radio/AA", "1")]);
    button(element, "Adopt …").fire("click");
    const form = element.find("form")[0]!;
    form.fire("submit");
    await answered();
    expect(element.shown).toContain("The gateway does not answer. Try again.");
    expect(store.inbox).toHaveLength(1);
    answers = [
      { status: 200, body: {} },
      { status: 200, body: [sensor({ source: "radio/AA" })] },
    ];
    form.fire("submit");
    await answered();
    expect(asked.at(-2)).toEqual({ url: "/api/inbox/radio%2FAA/adopt", method: "POST", body: {} });
    expect(store.inbox).toEqual([]);
    expect(element.shown).toContain("is adopted and registers now");
  });
});
