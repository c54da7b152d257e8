/**
 * From an account to a way to its server: coap over UDP or TCP, coaps over DTLS or TLS, each with OSCORE where the account
 * has it. The daemon, the engine for programs of their own and the bench all dial here.
 *
 * What is found wrong with an account is thrown in words, and so becomes the last error of the registration.
 */

export { packageFetchers, type PackageWays } from "./packages.ts";
export { type Dialling, Dialer, type DialerOptions, type LocalEnd, type StateTexts } from "./dialer.ts";
