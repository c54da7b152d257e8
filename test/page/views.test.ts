/** The screens on a fake document: what people read, what stays in place, and what is sent when they press. */

import { beforeEach, describe, expect, it, vi } from "vitest";
import { h, List, type Part, setText } from "../../src/http/page/dom.ts";
import { inboxScreen } from "../../src/http/page/inbox.ts";
import { overviewScreen } from "../../src/http/page/overview.ts";
import { tickAges } from "../../src/http/page/parts.ts";
import { sensorScreen } from "../../src/http/page/sensor.ts";
import { sensorsScreen } from "../../src/http/page/sensors.ts";
import { Store } from "../../src/http/page/store.ts";
import { systemScreen } from "../../src/http/page/system.ts";
import type { InboxEntry, LabClient, Sensor, Status, Value } from "../../src/http/page/types.ts";
import { upstreamScreen } from "../../src/http/page/upstream.ts";
import { FakeElement, fake, fakeDocument } from "../support/fake-dom.ts";

const NOW = Date.parse("2026-06-01T12:00:00Z");
const before = (seconds: number) => new Date(NOW - seconds * 1_000).toISOString();
const asked: { url: string; method: string; body: unknown }[] = [];
let answer: { status: number; body: unknown } = { status: 200, body: {} };

beforeEach(() => {
  asked.length = 0;
  answer = { status: 200, body: { code: "2.04" } };
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

const value = (of: Value["value"], name: string, unit?: string): Value => ({
  value: of,
  name,
  time: before(4),
  ...(unit !== undefined && { unit }),
});

function sensor(endpoint: string, rest: Partial<Sensor> = {}): Sensor {
  return {
    endpoint,
    label: `Room ${endpoint}`,
    source: `radio/${endpoint}`,
    definition: "sim.climate",
    liveness: "live",
    lastHeardAt: before(4),
    rssi: -67,
    registration: {
      state: "registered",
      server: "coap://127.0.0.1:5683",
      since: before(120),
      lifetimeSeconds: 300,
      observations: 2,
    },
    values: { "/3303/0/5700": value(21.5, "Temperature", "Cel"), "/3/0/9": value(81, "Battery Level", "%") },
    main: ["/3303/0/5700", "/3/0/9"],
    writable: [],
    executable: ["/3303/0/5605"],
    ...rest,
  };
}

const relay = (on: boolean) =>
  sensor("relay", {
    values: { "/3306/0/5850": value(on, "On/Off") },
    main: ["/3306/0/5850"],
    writable: ["/3306/0/5850"],
    executable: [],
  });

const status = (rest: Partial<Status> = {}): Status => ({
  name: "isthmus-lab",
  version: "0.1.0",
  startedAt: before(3_700),
  clockTrusted: true,
  summary: "All 2 sensors are live.",
  problems: [],
  sensors: { waiting: 0, live: 2, stale: 0, gone: 0, total: 2 },
  inbox: 0,
  adapters: [{ name: "radio", type: "ble", health: "ok", frames: 1_234, lastFrameAt: before(1) }],
  servers: [{ uri: "coap://127.0.0.1:5683", registered: 3, endpoints: 3, lastAnswerAt: before(30) }],
  storage: { kept: 0, bytes: 0, budgetBytes: 33_554_432, dropped: 0 },
  memoryBytes: 90_000_000,
  counters: { malformed: 2 },
  ...rest,
});

const labClient = (endpoint: string, values: LabClient["values"]): LabClient => ({
  endpoint,
  address: "127.0.0.1:40000",
  version: "1.1",
  lifetime: 300,
  registeredAt: before(120),
  lastSeenAt: before(2),
  expiresAt: before(-180),
  objects: ["/3/0", "/3306/0"],
  observations: ["/3306/0"],
  values,
});

const stranger = (rest: Partial<InboxEntry> = {}): InboxEntry => ({
  source: "radio/CB:B8:33:4C:88:4F",
  definition: "ruuvi.tag.df5",
  maker: "Ruuvi",
  model: "RuuviTag",
  endpoint: "ruuvi-cbb8334c884f",
  objects: ["/3/0", "/3303/0"],
  readings: { temperature: { value: 24.3, unit: "Cel" }, humidity: null },
  rssi: -80,
  heard: 12,
  firstHeardAt: before(60),
  lastHeardAt: before(3),
  ...rest,
});

function opened(create: (store: Store) => Part<Store>, store = new Store()) {
  const screen = create(store);
  const element = fake(screen.element);
  const update = () => {
    screen.update(store);
    return element.shown;
  };
  return { store, element, update };
}

/** Lets requests to the fake server end. */
const answered = () => vi.advanceTimersByTimeAsync(0);

const button = (element: FakeElement, text: string): FakeElement => {
  const found = element.find("button").find((candidate) => candidate.visible && candidate.textContent === text);
  if (!found) throw new Error(`no button ${text}`);
  return found;
};

describe("a list", () => {
  it("keeps the elements of what stays, whatever the order", () => {
    const parent = h("ul");
    const list = new List<string>(
      parent,
      (item) => item,
      (item) => ({ element: h("li", {}, item), update: () => undefined }),
    );
    list.update(["a", "b", "c"]);
    const [a, b, c] = fake(parent).children;
    list.update(["c", "a", "d"]);
    expect(fake(parent).children.slice(0, 2)).toEqual([c, a]);
    expect(fake(parent).textContent).toBe("cad");
    expect(b?.isConnected).toBe(false);
  });

  it("writes nothing that is there already", () => {
    const element = h("p");
    expect([setText(element, "21.5"), setText(element, "21.5"), setText(element, "22")]).toEqual([true, false, true]);
    expect(fake(element).writes).toBe(2);
  });
});

describe("the overview", () => {
  it("says one sentence of health, and nothing more while all is well", () => {
    const { store, update } = opened(overviewScreen);
    expect(update().trim()).toBe("Asking the gateway …");
    store.takeStatus(status());
    store.takeSensors([sensor("1")]);
    expect(update()).toMatch(
      /All 2 sensors are live\. isthmus-lab · up 1 h · version 0\.1\.0 .*Live Room 1 21\.5 °C 4 s ago/,
    );
  });

  it("names what is wrong, since when, and what to do", () => {
    const { store, update, element } = opened(overviewScreen);
    const problem = { what: "Freezer 2 is gone.", since: before(600), next: "Check its battery." };
    store.takeStatus(status({ problems: [problem], sensors: { waiting: 0, live: 1, stale: 0, gone: 1, total: 2 } }));
    store.takeInbox([stranger()]);
    expect(update()).toContain(
      "Freezer 2 is gone. since 10 min ago Check its battery. 1 device is heard and not adopted",
    );
    expect(element.find("h1")[0]?.find(".state")[0]?.getAttribute("data-tone")).toBe("bad");
  });
});

describe("the sensors screen", () => {
  it("teaches where there is nothing", () => {
    const { store, update } = opened(sensorsScreen);
    store.takeStatus(status());
    expect(update()).toContain("No sensors yet A sensor appears here once it is adopted.");
  });

  it("shows figures with units, signal, battery and the state at the server", () => {
    const { store, update } = opened(sensorsScreen);
    store.takeSensors([sensor("1"), relay(true)]);
    const shown = update();
    expect(shown).toContain("2 sensors");
    expect(shown).toContain("Room 1 Live 4 s ago 21.5 °C Temperature Registered −67 dBm 81 %");
    expect(shown).toContain("Room relay Live 4 s ago On On/Off");
  });

  it("says the last error of CoAP in words", () => {
    const { store, update } = opened(sensorsScreen);
    const registration = {
      ...sensor("1").registration,
      state: "waiting" as const,
      lastError: "4.03 Forbidden: unknown",
    };
    store.takeSensors([sensor("1", { registration })]);
    expect(update()).toContain("Waiting to retry −67 dBm 81 % 4.03 Forbidden: unknown");
  });

  it("changes a card in place and marks the figure that changed", () => {
    const { store, update, element } = opened(sensorsScreen);
    store.takeSensors([sensor("1")]);
    update();
    const [card] = element.find("li");
    store.takeSensors([sensor("1", { values: { "/3303/0/5700": value(22, "Temperature", "Cel") } })]);
    expect(update()).toContain("22.0 °C");
    expect(element.find("li")[0]).toBe(card);
    expect(card?.find(".changed").map((changed) => changed.textContent)).toEqual(["22.0"]);
  });

  it("does not put five thousand cards into the page at once", () => {
    const { store, update, element } = opened(sensorsScreen);
    store.takeSensors(Array.from({ length: 500 }, (_, i) => sensor(String(i))));
    update();
    expect(element.find("li")).toHaveLength(120);
    button(element, "Show 120 more").fire("click");
    expect(element.find("li")).toHaveLength(240);
    const [search] = element.find("input");
    search!.value = "room 499";
    search!.fire("input");
    expect(element.find("li").map((card) => card.find("h2")[0]?.textContent)).toEqual(["Room 499"]);
  });
});

describe("one sensor's page", () => {
  it("says so when the sensor is not there", () => {
    const { store, update } = opened((own) => sensorScreen(own, "1"));
    store.takeStatus(status());
    expect(update()).toContain("This sensor is not here");
  });

  it("shows every Resource, and no lab where there is none", () => {
    const { store, update, element } = opened((own) => sensorScreen(own, "1"));
    store.takeSensors([sensor("1")]);
    const shown = update();
    expect(shown).toContain("Temperature /3303/0");
    expect(shown).toContain("Battery Level /3/0/9 81 %");
    expect(shown).not.toContain("Server (lab)");
    expect(
      element
        .find("button")
        .filter(({ visible }) => visible)
        .map(({ textContent }) => textContent),
    ).toEqual(["Rename", "Remove", "Keep it", "Remove"]);
  });

  it("shows the lab's view beside it, and marks where the two differ", () => {
    const { store, update, element } = opened((own) => sensorScreen(own, "relay"));
    store.takeSensors([relay(true)]);
    store.resetLab([labClient("relay", { "/3306/0/5850": value(false, "On/Off") })]);
    expect(update()).toContain("On/Off /3306/0/5850 On 4 s ago Off 4 s ago");
    expect(element.find(".side").filter((side) => side.hasAttribute("data-differs"))).toHaveLength(1);
  });

  it("switches the relay through the lab, and says how that ended", async () => {
    const { store, update, element } = opened((own) => sensorScreen(own, "relay"));
    store.takeSensors([relay(false)]);
    store.resetLab([labClient("relay", {})]);
    update();
    button(element, "Switch on").fire("click");
    await answered();
    expect(asked).toEqual([{ url: "/lab/clients/relay/3306/0/5850", method: "PUT", body: { value: true } }]);
    expect(update()).toContain("Write /3306/0/5850 = On 2.04 Changed, 0 ms just now");
    store.takeSensors([relay(true)]);
    update();
    expect(button(element, "Switch off").visible).toBe(true);
  });

  it("says in words why the device did not do it", async () => {
    const { store, update, element } = opened((own) => sensorScreen(own, "relay"));
    answer = { status: 504, body: { code: "5.04", error: "Gateway Timeout: the device did not confirm" } };
    store.takeSensors([relay(false)]);
    store.resetLab([labClient("relay", {})]);
    update();
    button(element, "Switch on").fire("click");
    await answered();
    expect(update()).toContain("5.04 Gateway Timeout: the device did not confirm");
  });

  it("executes through the lab", async () => {
    const { store, update, element } = opened((own) => sensorScreen(own, "1"));
    store.takeSensors([sensor("1")]);
    store.resetLab([labClient("1", {})]);
    update();
    button(element, "Reset min and max").fire("click");
    await answered();
    expect(asked).toEqual([{ url: "/lab/clients/1/3303/0/5605", method: "POST", body: undefined }]);
  });

  it("renames, and gives the focus back", async () => {
    const { store, update, element } = opened((own) => sensorScreen(own, "1"));
    store.takeSensors([sensor("1")]);
    update();
    button(element, "Rename").fire("click");
    const [form] = element.find("form");
    form!.find("input")[0]!.value = " Cold room ";
    expect(form!.fire("submit").prevented).toBe(true);
    await answered();
    expect(asked).toEqual([{ url: "/api/sensors/1", method: "PATCH", body: { label: "Cold room" } }]);
    expect(update()).toContain("Cold room");
    expect(FakeElement.focused?.textContent).toBe("Rename");
  });
});

describe("the inbox", () => {
  it("shows the best guess, decoded values and what the server would see", () => {
    const { store, update } = opened(inboxScreen);
    store.takeInbox([stranger(), stranger({ source: "radio/X", readings: {} })]);
    const shown = update();
    expect(shown).toContain(
      "2 devices heard, not adopted RuuviTag ruuvi.tag.df5 −80 dBm Temperature 24.3 °C Humidity —",
    );
    expect(shown).toContain("radio/CB:B8:33:4C:88:4F heard 12 times 3 s ago The server would see /3/0  /3303/0");
  });

  it("offers no adoption of what no definition fits", () => {
    const { store, update, element } = opened(inboxScreen);
    const { definition, endpoint, maker, model, ...unknown } = stranger({ name: "Phone" });
    store.takeInbox([unknown]);
    expect(update()).toContain("Phone No definition fits");
    expect([definition, endpoint, maker, model].every(Boolean)).toBe(true);
    expect(button(element, "Adopt …").hasAttribute("disabled")).toBe(true);
  });

  it("adopts under the name that was given, and leads to the sensor", async () => {
    const { store, update, element } = opened(inboxScreen);
    store.takeInbox([stranger()]);
    update();
    button(element, "Adopt …").fire("click");
    const [label, endpoint] = element.find("input");
    expect(endpoint?.getAttribute("placeholder")).toBe("ruuvi-cbb8334c884f");
    label!.value = "Freezer 2";
    answer = { status: 200, body: [sensor("ruuvi-cbb8334c884f", { label: "Freezer 2", source: stranger().source })] };
    element.find("form")[0]!.fire("submit");
    await answered();
    expect(asked[0]).toEqual({
      url: "/api/inbox/radio%2FCB%3AB8%3A33%3A4C%3A88%3A4F/adopt",
      method: "POST",
      body: { label: "Freezer 2" },
    });
    expect(update()).toContain("Freezer 2  is adopted and registers now.");
    expect(element.find("a")[0]?.getAttribute("href")).toBe("#/sensors/ruuvi-cbb8334c884f");
    expect(store.inbox).toEqual([]);
  });

  it("puts aside what a person ignores, and shows it again", async () => {
    const { store, update, element } = opened(inboxScreen);
    store.takeInbox([stranger(), stranger({ source: "radio/X" })]);
    update();
    answer = { status: 200, body: [stranger(), stranger({ source: "radio/X", ignored: true })] };
    button(element.find("li")[1]!, "Ignore").fire("click");
    await answered();
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "PUT /api/inbox/radio%2FX/ignored",
      "GET /api/inbox",
    ]);
    const shown = update();
    expect(shown).toContain("1 device heard, not adopted");
    expect(shown).toContain("1 ignored");
    answer = { status: 200, body: [stranger(), stranger({ source: "radio/X" })] };
    button(element.find("details")[0]!, "Show again").fire("click");
    await answered();
    expect(asked[2]).toMatchObject({ method: "DELETE" });
    expect(update()).toContain("2 devices heard, not adopted");
    expect(element.find("details")[0]?.hasAttribute("hidden")).toBe(true);
  });

  it("says why an adoption was refused, and keeps what was typed", async () => {
    const { store, update, element } = opened(inboxScreen);
    store.takeInbox([stranger()]);
    update();
    button(element, "Adopt …").fire("click");
    element.find("input")[1]!.value = "taken";
    answer = { status: 409, body: { error: "taken is another sensor's name", next: "choose another" } };
    element.find("form")[0]!.fire("submit");
    await answered();
    expect(update()).toContain("taken is another sensor's name: choose another");
    expect(element.find("input")[1]!.value).toBe("taken");
  });
});

describe("upstream and system", () => {
  it("put endpoints with errors first", () => {
    const { store, update, element } = opened(upstreamScreen);
    const registration = { ...sensor("2").registration, state: "waiting" as const, lastError: "no answer in 93 s" };
    store.takeStatus(status());
    store.takeSensors([sensor("1"), sensor("2", { registration: { ...registration, nextAttemptAt: before(-20) } })]);
    expect(update()).toContain("coap://127.0.0.1:5683 last answer 30 s ago 3 of 3 endpoints registered");
    const [first] = element.find("tbody")[0]!.children;
    expect(first?.shown).toContain("Room 2 2 Waiting to retry no answer in 93 s, next attempt in 20 s");
  });

  it("show adapters, the clock and counters in words", () => {
    const { store, update } = opened(systemScreen);
    const down = { name: "gnss", type: "serial", health: "down", reason: "no such port", frames: 0 } as const;
    store.takeStatus(status({ clockTrusted: false, adapters: [...status().adapters, down] }));
    const shown = update();
    expect(shown).toContain("Memory 90.0 MB Clock Not set: times are not to be trusted yet");
    expect(shown).toContain("radio ble Working 1,234 frames , last 1 s ago");
    expect(shown).toContain("gnss serial Down no such port");
    expect(shown).toContain("Malformed, refused 2");
    store.takeStatus(status({ counters: { sealed: 1, taught: 2, crowded: 3 } }));
    expect(update()).toContain("Closed for want of a key 1 That only explain others 2 Beyond 256 in one message 3");
  });
});

describe("ages", () => {
  it("go on by themselves", () => {
    const { store, update, element } = opened(sensorsScreen);
    store.takeSensors([sensor("1")]);
    update();
    vi.setSystemTime(NOW + 60_000);
    const times = { querySelectorAll: () => element.find("time") };
    tickAges(times as unknown as ParentNode);
    expect(element.shown).toContain("1 min ago");
  });
});
