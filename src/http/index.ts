/**
 * The HTTP door: status and inbox as JSON, news as server-sent events, the web page as files, and the lab as a guest.
 *
 * On loopback it asks no token, but answers only to names of this machine, so that no foreign page reaches it through a
 * browser. Elsewhere every request needs the token. It sees the gateway's snapshot and nothing behind it.
 */

export { type Mount, type PageFiles, serve, type Served, type ServeOptions } from "./server.ts";
