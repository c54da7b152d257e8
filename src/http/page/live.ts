/** Keeps the store like the gateway and the lab: a snapshot after each connection, then events. */

import { ApiError, ask, listen, parse } from "./api.ts";
import type { Store } from "./store.ts";
import type { LabClient } from "./types.ts";

export function follow(store: Store): void {
  /** After a connection comes the whole picture, the inbox last: what is not in it is no more. */
  let picture: Set<string> | undefined;
  const heard = (take: (data: string) => void) => (data: string) => {
    store.lastEventAt = Date.now();
    take(data);
  };
  listen({
    path: "/api/events",
    on: {
      status: heard((data) => store.takeStatus(parse("status", data))),
      sensors: heard((data) => {
        const sensors = parse("sensors", data);
        for (const { endpoint } of sensors) picture?.add(endpoint);
        store.takeSensors(sensors);
      }),
      inbox: heard((data) => {
        store.takeInbox(parse("inbox", data));
        if (picture) store.keepOnly(picture);
        picture = undefined;
      }),
      removed: heard((data) => store.removeSensor(parse("removed", data).endpoint)),
    },
    onOpen: () => {
      picture = new Set();
      store.connect("open");
      if (!store.lab) void followLab(store);
    },
    onLost: () => void lost(store),
  });
}

/** The browser does not say why a stream ended: a plain request does. */
async function lost(store: Store): Promise<void> {
  if (store.connection === "open") store.connect("lost");
  try {
    await ask("status", { path: "/api/status" });
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) store.lock(true);
    // No gateway here: this is the lab alone.
    else if (error instanceof ApiError && error.status === 404) location.replace("/lab/");
    else store.connect("lost");
  }
}

/** Where there is no lab, nothing more is asked of it. */
export async function followLab(store: Store): Promise<boolean> {
  const clients = await labClients();
  store.resetLab(clients);
  if (!clients) return false;
  listen({
    path: "/lab/events",
    on: {
      client: (data) => store.takeLabClient(parse("labClient", data)),
      gone: (data) => store.removeLabClient(parse("removed", data).endpoint),
      value: (data) => {
        const { endpoint, values } = parse("labValues", data);
        store.takeLabValues(endpoint, values);
      },
    },
    onOpen: () => void labClients().then((now) => now && store.resetLab(now)),
    onLost: () => undefined,
  });
  return true;
}

async function labClients(): Promise<readonly LabClient[] | undefined> {
  try {
    return await ask("labClients", { path: "/lab/clients" });
  } catch {
    return undefined;
  }
}
