/**
 * The LwM2M client engine: one `Lwm2mClient` per endpoint, each with its own tree of Objects and its own transport.
 *
 * It knows CoAP and no sensor. Whoever measures sets values in the tree; whoever can be told things leaves a handler
 * there. Registration, Read, Write, Execute, Discover, Observe and Write-Attributes are done in here.
 *
 *     tree ──difference──▶ notifier ──conditions──▶ representation ──▶ coap
 *     tree ◀──handlers── operations ◀── router ◀───────────────────── coap
 *     client: registration table, its timers and its connection
 */

import * as objects from "./objects/face.ts";

export { objects };
export type { AccessRule, Account, BootstrapAccount, BootstrapSnapshot, Provision } from "./account.ts";
export type { Credentials, OscoreMaterial, RegistrationSnapshot, ServerSecurity, Version } from "./account.ts";
export { securityOf, withoutSecurity } from "./account-fields.ts";
export { type Backlog, type BacklogRecord, MemoryBacklog } from "./reporting/backlog.ts";
export type { SavedAttributes } from "./reporting/attributes.ts";
export type { Attributes } from "./reporting/conditions.ts";
export type { Interest } from "./reporting/interest.ts";
export type { AttributeKeeper } from "./reporting/offline.ts";
export { attributesFromJson } from "./reporting/saved-attributes.ts";
export type { SendOptions, SendOutcome } from "./reporting/send.ts";
export type { EndDevices } from "./end-devices.ts";
export { type ClientState, Lwm2mClient, type Lwm2mClientOptions, type SavedProvision } from "./client.ts";
export type {
  Argument,
  BodySink,
  CreateHandler,
  CreateOptions,
  DeleteHandler,
  ExecuteHandler,
  InitialValues,
  MaybeLater,
  NotAllowed,
  ReadHandler,
  UploadHandler,
  Verdict,
  WriteHandler,
} from "./handlers.ts";
export { type Entry, ObjectTree, type StoredListener } from "./tree.ts";
export { fingerprint, provisionFromJson, provisionToJson, sameAccount } from "./provision-json.ts";
