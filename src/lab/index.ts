/**
 * The lab: an LwM2M server and bootstrap server good enough for a demo, for commissioning on site, and for tests.
 *
 * It speaks CoAP with node-coap, which nobody else here uses: the other end of the wire is then an independent
 * implementation, and not our own engine agreeing with itself. Values are decoded by the model of their Objects.
 */

export type { BootstrapPlan } from "./bootstrap/plan.ts";
export type { BootstrapResult, BootstrapStep } from "./bootstrap/result.ts";
export type { LabClient, LabEvent, LabValue } from "./client.ts";
export { Lab, type LabOptions, type LabPorts } from "./lab.ts";
export type { OperationResult } from "./operations.ts";
export type { LabSecurity, SecureDoor, SecureOptions } from "./secure-front.ts";
