/**
 * Objects as code of the engine: each plants its Instances and handlers in a tree, and needs nothing but what it is
 * handed. Servers meet them as any other part of the tree.
 */

export type { Fault } from "./fault.ts";
export { type Fetched, type Fetcher, type Fetchers, type FetchJob, type FetchSink, type Known } from "./fetcher.ts";
export type { InstallOutcome, Inspection, Inspector, PackageOptions, PackageStore } from "./package.ts";
export { coapFetcher, type CoapFetcherOptions } from "./coap-fetcher.ts";
export { type FetchAnswer, type FetchFunction, httpFetcher } from "./http-fetcher.ts";
export { type FirmwareInstaller, type FirmwareOptions, FirmwareUpdate, plantFirmware } from "./firmware.ts";
export { Bearer, type ConnectivityFacts, tellConnectivity } from "./connectivity.ts";
export { type Place, tellLocation } from "./location.ts";
export { ConnectivityStatistics } from "./statistics.ts";
export { type Identity, tellPortfolio } from "./portfolio.ts";
export { GatewayObject, type IotDevice, numberOfPrefix, prefixOf } from "./gateway.ts";
export { plantSoftware, Software, type SoftwareInstaller, type SoftwareOptions } from "./software.ts";
