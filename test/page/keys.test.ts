/** Keys on the page: entered with an adoption or later, never shown; and strangers as raw as they are. */

import { beforeEach, describe, expect, it, vi } from "vitest";
import { inboxScreen } from "../../src/http/page/inbox.ts";
import { sensorScreen } from "../../src/http/page/sensor.ts";
import { Store } from "../../src/http/page/store.ts";
import type { InboxEntry, Sensor } from "../../src/http/page/types.ts";
import { type FakeElement, fake, fakeDocument } from "../support/fake-dom.ts";

const NOW = Date.parse("2026-06-01T12:00:00Z");
const KEY = "000102030405060708090a0b0c0d0e0f";
const asked: { url: string; method: string; body: unknown }[] = [];
let answer: { status: number; body: unknown } = { status: 200, body: {} };

beforeEach(() => {
  asked.length = 0;
  answer = { status: 200, body: [] };
  vi.useFakeTimers({ now: NOW });
  vi.stubGlobal("document", fakeDocument);
  vi.stubGlobal("location", { hash: "" });
  vi.stubGlobal("fetch", (url: string, { method, body }: { method: string; body?: string }) => {
    asked.push({ url, method, body: body === undefined ? undefined : (JSON.parse(body) as unknown) });
    return Promise.resolve(new Response(JSON.stringify(answer.body), { status: answer.status }));
  });
  return () => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  };
});

const heard = { heard: 3, firstHeardAt: "2026-06-01T11:59:00Z", lastHeardAt: "2026-06-01T11:59:59Z" };
const entry = (rest: Partial<InboxEntry>): InboxEntry => ({ source: "radio/a", readings: {}, ...heard, ...rest });
const SEALED = entry({
  definition: "acme.sealed",
  maker: "Acme",
  model: "S-1",
  endpoint: "acme-a",
  key: { needed: true, where: "In the app, under Product info.", digits: [32, 24] },
});

const sensor = (rest: Partial<Sensor>): Sensor => ({
  endpoint: "acme-a",
  label: "Cellar",
  source: "radio/a",
  definition: "acme.sealed",
  liveness: "live",
  registration: { state: "registered", server: "coap://s", lifetimeSeconds: 300, observations: 0 },
  values: {},
  main: [],
  writable: [],
  executable: [],
  ...rest,
});

function inbox(shown: InboxEntry) {
  const store = new Store();
  const screen = inboxScreen(store);
  store.takeInbox([shown]);
  screen.update(store);
  return { element: fake(screen.element), store };
}

function page(shown: Sensor) {
  const store = new Store();
  const screen = sensorScreen(store, "acme-a");
  store.takeSensors([shown]);
  screen.update(store);
  return fake(screen.element);
}

const buttonOf = (element: FakeElement, words: string) => {
  const found = element.find("button").find((each) => each.textContent === words);
  if (!found) throw new Error(`no button says ${words}`);
  return found;
};

const formOf = (element: FakeElement, words: string) => {
  const found = element.find("form").find((each) => each.shown.includes(words));
  if (!found) throw new Error(`no form has a button ${words}`);
  return found;
};

describe("a sealed stranger", () => {
  it("needs a key, and says where it is found and how long it is", () => {
    expect(inbox(SEALED).element.shown).toContain(
      "It needs a key. It has 32 or 24 hexadecimal digits. Where it is found: In the app, under Product info.",
    );
  });

  it("is adopted with the key that was entered", async () => {
    const { element } = inbox(SEALED);
    buttonOf(element, "Adopt …").fire("click");
    const input = element.find("input").at(-1);
    if (!input) throw new Error("no input");
    input.value = ` ${KEY} `;
    element.find("form")[0]?.fire("submit");
    await vi.advanceTimersByTimeAsync(10);
    expect(asked[0]).toEqual({ url: "/api/inbox/radio%2Fa/adopt", method: "POST", body: { key: KEY } });
  });

  it("that needs none has no place for it", () => {
    const { element } = inbox(entry({ definition: "acme.open", endpoint: "acme-a" }));
    expect(element.shown).not.toContain("Key");
    expect(element.shown).not.toContain("needs a key");
  });
});

describe("a stranger that nobody can read", () => {
  it("shows what it says", () => {
    const { element } = inbox(entry({ raw: ["company 0xFFFE, 3 bytes: 01 02 03", "services 0x180F"] }));
    expect(element.shown).toContain("company 0xFFFE, 3 bytes: 01 02 03");
    expect(element.shown).toContain("No definition fits what it sends.");
  });
});

describe("the page of a sensor", () => {
  const KEYED = { where: "In the app.", digits: [32] };

  it.each([
    ["missing", "Its key is missing"],
    ["wrong", "Its key is wrong"],
    ["ok", "Opened by its key"],
    [undefined, "No key has proven right yet"],
  ] as const)("says that the key is %s", (state, words) => {
    const key = state === undefined ? KEYED : { ...KEYED, state };
    const found = "It has 32 hexadecimal digits. Where it is found: In the app.";
    expect(page(sensor({ key })).shown).toContain(`${words} ${found}`);
  });

  it("says nothing of keys where there are none", () => {
    expect(page(sensor({})).shown).not.toMatch(/key/i);
  });

  it("sends another key, and keeps it nowhere", async () => {
    const element = page(sensor({ key: { ...KEYED, state: "wrong" } }));
    const input = element.find("input").at(-1);
    if (!input) throw new Error("no input");
    input.value = KEY;
    expect(element.shown).not.toContain("Saved");
    formOf(element, "Save key").fire("submit");
    await vi.advanceTimersByTimeAsync(10);
    expect(element.shown).toContain("Saved: its next message shows whether it fits.");
    expect(asked).toEqual([{ url: "/api/sensors/acme-a", method: "PATCH", body: { key: KEY } }]);
    expect(input.value).toBe("");
  });

  it("says why a key was refused, and leaves it to be corrected", async () => {
    answer = { status: 400, body: { error: "a key has 32 hexadecimal digits here, not 4" } };
    const element = page(sensor({ key: { ...KEYED, state: "missing" } }));
    const input = element.find("input").at(-1);
    if (!input) throw new Error("no input");
    input.value = "0001";
    formOf(element, "Save key").fire("submit");
    await vi.advanceTimersByTimeAsync(10);
    expect(element.shown).not.toContain("Saved");
    expect(element.shown).toContain("a key has 32 hexadecimal digits here, not 4");
    expect(input.value).toBe("0001");
  });

  it("does not offer to change what stands in the configuration", () => {
    const element = page(sensor({ key: { ...KEYED, state: "ok", configured: true } }));
    expect(element.shown).toContain("Its key stands in the configuration.");
    expect(element.shown).not.toContain("Save key");
  });

  it("names the format that it has changed to", () => {
    expect(page(sensor({ speaks: "bthome.v2" })).shown).toContain("now speaks bthome.v2: adopt it again");
  });
});
