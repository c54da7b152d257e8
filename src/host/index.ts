/**
 * The host runs adapters through the plugin API alone: it starts them, tries again when they fail, puts those that crash
 * again and again in quarantine, and lets none of them stop another. Frames come out, commands go in.
 */

export { AdapterHost, type AdapterHostOptions, type Section } from "./host.ts";
export type { AdapterHealth } from "./runner.ts";
