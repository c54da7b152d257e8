/**
 * The configuration: one YAML file, checked whole, with the place and the fix of every mistake.
 *
 * Each adapter brings the schema of its own settings; this room only reads the file. A broken adapter section, rule or
 * sensor disables itself alone; a broken server, gateway or http section is fatal, since nothing sensible could start.
 * Secrets are named (`!env NAME`, `!file PATH`, `!credential NAME`) and stay `Secret`s from here on.
 */

export { demoConfig } from "./demo.ts";
export { configSchema } from "./json-schema.ts";
export { type ConfigProblem, formatProblem } from "./problem.ts";
export {
  type AdapterConfig,
  type AdoptRuleConfig,
  type Config,
  type DtlsConfig,
  type HttpConfig,
  readConfig,
  type ReadConfigOptions,
} from "./read.ts";
export type { DefinitionFacts, SensorConfig } from "./sensors.ts";
export {
  type EndpointSecurity,
  type OwnSecurity,
  type Secured,
  type SecurityConfig,
  securityFor,
} from "./security/security.ts";
export type { BootstrapConfig, ServerConfig } from "./servers.ts";
export type { Exposure, SecretSources } from "./source.ts";
export type { SettingsSchema } from "./words.ts";
