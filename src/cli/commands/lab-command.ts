/** `isthmus lab`: the small LwM2M server alone, to point other clients at. */

import { type Command, InvalidArgumentError } from "commander";
import { CommandError, reasonOf, systemCode } from "../command-error.ts";
import type { LabSecurity } from "../../lab/index.ts";
import { processLog } from "../process-log.ts";
import { listenForStop } from "../stopping.ts";
import type { Surroundings } from "../surroundings.ts";
import { table } from "../table.ts";
import { styled } from "../terminal.ts";

interface LabOptions {
  readonly port: number;
  readonly bootstrapPort?: number;
  readonly securePort?: number;
  readonly http: number;
  readonly host: string;
}

const COAP_PORT = 5_683;
const HTTP_PORT = 8_081;
const LOOPBACK = "127.0.0.1";

export function addLabCommand(program: Command, surroundings: Surroundings): void {
  program
    .command("lab")
    .description("run the small LwM2M server alone, for trying and commissioning")
    .option("--port <number>", "CoAP over UDP", port, COAP_PORT)
    .option("--bootstrap-port <number>", "a port for bootstrap alone; otherwise on the same", port)
    .option("--secure-port <number>", "coaps, for clients whose key the lab was given; usually 5684", port)
    .option("--http <number>", "its page and its API, on this machine only", port, HTTP_PORT)
    .option("--host <address>", "where CoAP listens", LOOPBACK)
    .addHelpText("after", "\nExample:\n  $ isthmus lab --port 5683 --secure-port 5684 --http 8081\n")
    .action((options: LabOptions) => lab(options, surroundings));
}

export function port(text: string): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(number <= 65_535)) throw new InvalidArgumentError("A port is a number from 0 to 65535; 0 takes a free one.");
  return number;
}

/** How clients are let in by coaps, or why there is none. */
function wordsOf({ status, ...security }: LabSecurity, url: string): string {
  if (status === "off") return "";
  const words =
    "reason" in security
      ? `There is no coaps. ${security.reason}`
      : `A client is let in by coaps once its key is known: PUT {"key": "<hexadecimal digits>"} to ${url}keys/<identity>`;
  return `\n${words}\n`;
}

async function lab(options: LabOptions, surroundings: Surroundings): Promise<void> {
  const { terminal } = surroundings;
  const stops = listenForStop(surroundings);
  const { startLab } = await import("../../daemon.ts");
  const { SystemClock } = await import("../../base/system-clock.ts");
  const clock = new SystemClock();
  const log = processLog({ surroundings, clock, level: "info" });
  try {
    const running = await startLab({ ...options, clock, log });
    const { security } = running;
    terminal.out(
      `The lab is running: an LwM2M server for trying things. Values are not kept.\n\n${table(
        [
          ["Register", styled(`coap://${options.host}:${running.port}`, "bold", terminal)],
          ...(running.bootstrapPort === running.port
            ? []
            : [["Bootstrap", `coap://${options.host}:${running.bootstrapPort}`]]),
          ...(security.status === "open" ? [["Secured", security.uri]] : []),
          ["Open", styled(running.url, "bold", terminal)],
          ["Stop", "Ctrl-C"],
        ],
        terminal.width,
        "  ",
      )}\n${wordsOf(security, running.url)}`,
    );
    await stops.asked;
    await Promise.race([running.stop(), stops.insisted]);
  } catch (error) {
    const taken = systemCode(error) === "EADDRINUSE";
    throw new CommandError({
      what: taken ? "a port is taken by another program" : reasonOf(error),
      ...(taken && { where: reasonOf(error), next: "choose others: isthmus lab --port 5783 --http 8082" }),
    });
  } finally {
    stops.forget();
  }
}
