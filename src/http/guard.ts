/** Who may ask: only this machine, or who knows the token; and no foreign web page through somebody's browser. */

import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Random } from "../base/random.ts";
import type { Secret } from "../base/secret.ts";
import { HttpError } from "./answer.ts";

const COOKIE = "isthmus";
const COOKIE_DAYS = 30;

export interface GuardOptions {
  readonly loopback: boolean;
  readonly token?: Secret;
  readonly random: Random;
}

export class Guard {
  readonly #loopback: boolean;
  readonly #token: Buffer | undefined;
  /** What a browser keeps instead of the token; void after a restart. */
  readonly #session: string;

  constructor({ loopback, token, random }: GuardOptions) {
    this.#loopback = loopback;
    this.#token = token && digest(token.reveal());
    this.#session = Buffer.from(random.bytes(32)).toString("base64url");
  }

  /**
   * Lets a request pass. A token in the address is taken out of it again: true means that the answer was a redirection,
   * and nothing is left to do.
   * @throws HttpError if the request may not pass.
   */
  admit(request: IncomingMessage, response: ServerResponse, url: URL): boolean {
    this.#checkHost(request);
    this.#checkOrigin(request);
    if (!this.#token) return false;
    if (request.method === "GET" && this.#isInAddress(url)) {
      url.searchParams.delete("token");
      const cookie = `${COOKIE}=${this.#session}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${COOKIE_DAYS * 86_400}`;
      // Two strokes at the beginning would be another host.
      const location = url.pathname.replace(/^\/+/, "/") + url.search;
      response.writeHead(303, { location, "set-cookie": cookie }).end();
      return true;
    }
    if (this.#hasBearer(request) || this.#hasCookie(request)) return false;
    throw new HttpError(401, "this needs the token", "open the page as /?token=..., or send Authorization: Bearer ...");
  }

  /** A name that an attacker's DNS points here makes a browser treat us as its own site: only our names are answered. */
  #checkHost({ headers }: IncomingMessage): void {
    if (!this.#loopback) return;
    const host = (headers.host ?? "").replace(/:\d+$/, "").toLowerCase();
    if (host === "localhost" || host === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(host)) return;
    throw new HttpError(
      421,
      "this is answered on this machine only",
      "open it as http://127.0.0.1 or http://localhost",
    );
  }

  /** A foreign page may make a browser ask; it says so. */
  #checkOrigin({ headers, method }: IncomingMessage): void {
    const { origin, host } = headers;
    const crossSite = headers["sec-fetch-site"] === "cross-site";
    if (method === "GET" || method === "HEAD") {
      // A link may lead here; a script of another site may not even take the place of a watcher.
      if (crossSite && headers["sec-fetch-mode"] !== "navigate")
        throw new HttpError(403, "another site may not ask this");
      return;
    }
    const foreign = origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host);
    if (foreign || crossSite) throw new HttpError(403, "another site may not ask this");
  }

  /** A plus means a blank there, but who types a token means a plus. */
  #isInAddress({ searchParams }: URL): boolean {
    const given = searchParams.get("token");
    return given !== null && (this.#isToken(given) || this.#isToken(given.replaceAll(" ", "+")));
  }

  #hasBearer({ headers }: IncomingMessage): boolean {
    const match = /^Bearer +(.+)$/i.exec(headers.authorization ?? "");
    return match?.[1] !== undefined && this.#isToken(match[1]);
  }

  #hasCookie({ headers }: IncomingMessage): boolean {
    for (const part of (headers.cookie ?? "").split(";")) {
      const [name, value = ""] = part.trim().split("=", 2);
      if (name === COOKIE && timingSafeEqual(digest(value), digest(this.#session))) return true;
    }
    return false;
  }

  /** Digests have one length: the comparison tells nothing, not even how long the token is. */
  #isToken(text: string): boolean {
    return this.#token !== undefined && timingSafeEqual(digest(text), this.#token);
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
