/** A Bluetooth controller as a socket of HCI packets: the kernel's, one on a serial line, or one that a test plays. */

import { createRequire } from "node:module";
import { dirname } from "node:path";
import { getSystemErrorName } from "node:util";
import { codeOf, words } from "../base/errors.ts";

export interface ControllerSocket {
  /** May throw, or emit `error`. */
  bindRaw(device: number): unknown;
  start(): unknown;
  stop(): unknown;
  isDevUp(): boolean;
  setFilter(filter: Buffer): unknown;
  write(packet: Buffer): unknown;
  on(event: "data", listener: (packet: Buffer) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
}

/** Why Bluetooth cannot be used, in words, with what to do about it. */
export class RadioError extends Error {
  override readonly name = "RadioError";
}

const SOCKET_PACKAGE = "@abandonware/bluetooth-hci-socket";
const NOBLE_PACKAGE = "@abandonware/noble";

/** Where noble and its socket lie: the socket is noble's dependency, not ours. @throws RadioError if they are not installed. */
export function nobleFolder(require: NodeJS.Require): string {
  try {
    return dirname(require.resolve(`${NOBLE_PACKAGE}/package.json`));
  } catch {
    throw new RadioError(
      `the optional package ${NOBLE_PACKAGE} is not installed: run npm install --include=optional ${NOBLE_PACKAGE}`,
    );
  }
}

export function socketPath(require: NodeJS.Require): string {
  return require.resolve(SOCKET_PACKAGE, { paths: [nobleFolder(require)] });
}

/** The kernel's raw HCI socket. @throws RadioError if there is none. */
export function nativeController(): ControllerSocket {
  const require = createRequire(import.meta.url);
  const path = socketPath(require);
  try {
    const loaded: unknown = require(path);
    if (typeof loaded !== "function") throw new RadioError(`${SOCKET_PACKAGE} does not look as expected`);
    const socket: unknown = Reflect.construct(loaded, []);
    if (isControllerSocket(socket)) return socket;
  } catch (error) {
    throw inWords(error, "hci");
  }
  throw new RadioError(`${SOCKET_PACKAGE} does not look as expected`);
}

const METHODS = ["bindRaw", "start", "stop", "isDevUp", "setFilter", "write", "on"];

function isControllerSocket(value: unknown): value is ControllerSocket {
  return (
    typeof value === "object" &&
    value !== null &&
    METHODS.every((method) => typeof Reflect.get(value, method) === "function")
  );
}

/** What a driver reports, with the next step for whoever has to act on it. */
export function inWords(error: unknown, device: string): RadioError {
  if (error instanceof RadioError) return error;
  switch (systemCode(error)) {
    case "EAFNOSUPPORT":
      return new RadioError(
        "this system's kernel has no Bluetooth sockets (no AF_BLUETOOTH): use a kernel with Bluetooth, or a controller on a serial line with `device: /dev/...`",
      );
    case "EPERM":
    case "EACCES":
      return new RadioError(
        "no permission to use Bluetooth: give the service the capabilities CAP_NET_RAW and CAP_NET_ADMIN (see bluetooth.conf in systemd/)",
      );
    case "ENODEV":
      return new RadioError(
        `there is no Bluetooth adapter ${device}: look into /sys/class/bluetooth for those present`,
      );
    case "ENETDOWN":
      return new RadioError(`${device} is switched off: run bluetoothctl power on, or rfkill unblock bluetooth`);
    case "EBUSY":
      return new RadioError(`${device} is in use by another program`);
    default:
      return new RadioError(`${device}: ${words(error)}`);
  }
}

/** The native socket reports numbers, Node reports names. */
function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ("errno" in error && typeof error.errno === "number" && error.errno !== 0)
    return getSystemErrorName(-Math.abs(error.errno));
  return codeOf(error);
}
