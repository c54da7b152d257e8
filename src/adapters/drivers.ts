/** What adapters need of the outside world, handed in: the real drivers here, fakes in tests. */

import { resolve } from "node:path";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { type OpenRadio, radios } from "../io/hci.ts";
import { type ReadLines, readLines } from "../io/lines-file.ts";
import { type ConnectMqtt, mqttConnections } from "../io/mqtt.ts";
import { deviceExists, type OpenSerial, serialLines } from "../io/serial.ts";
import { tcp } from "../io/streams/tcp.ts";
import type { RegisterRead } from "./modbus/poller.ts";
import type { ConnectTcp } from "./wire/tcp-line.ts";

export interface Drivers {
  readonly random: Random;
  readonly connectMqtt: ConnectMqtt;
  readonly openSerial: OpenSerial;
  readonly deviceExists: (path: string) => Promise<boolean>;
  readonly connectTcp: ConnectTcp;
  readonly openRadio: OpenRadio;
  readonly readLines: ReadLines;
  /** What has to be asked of a Modbus device; undefined if there is no such definition. */
  readonly registerReads: (definition: string) => readonly RegisterRead[] | undefined;
}

export interface SystemDriversOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Where relative paths of files start; the process's own folder, unless said otherwise. */
  readonly folder?: string;
  /** Nobody is asked for registers unless it is said how. */
  readonly registerReads?: Drivers["registerReads"];
}

/** The real ones. Nothing is opened, and no driver loaded, before an adapter asks for it. */
export function systemDrivers({
  clock,
  random,
  log,
  folder = "",
  registerReads = () => undefined,
}: SystemDriversOptions): Drivers {
  const openSerial = serialLines(clock);
  return {
    random,
    connectMqtt: mqttConnections({ clock, random, log, folder }),
    openSerial,
    deviceExists,
    connectTcp: tcp,
    openRadio: radios({ clock, random, log, openSerial }),
    readLines: (path) => readLines(resolve(folder, path)),
    registerReads,
  };
}
