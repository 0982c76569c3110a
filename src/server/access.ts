import { randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Why a request was refused. */
export type Refusal = "wrong-host" | "wrong-origin" | "no-token";

/**
 * Decides who may talk to the loopback host.
 *
 * Any web page can send requests to 127.0.0.1, and any program of any user on this machine can. So:
 * the `Host` must be ours (a page whose name was rebound to 127.0.0.1 has another), the `Origin` of
 * whatever changes or reads data must be ours, and everybody must have shown the token that was
 * printed when the host started. A browser shows it once and gets a cookie for it.
 */
export class Access {
  readonly #token = randomBytes(32).toString("base64url");
  readonly #secret = randomBytes(32).toString("base64url");
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  /** The address to open; holds the token. */
  get address(): string {
    return `http://127.0.0.1:${this.#port}/?token=${this.#token}`;
  }

  /** The header that lets a browser in from now on. A page's scripts cannot read it. */
  get cookie(): string {
    return `${this.#cookieName}=${this.#secret}; HttpOnly; SameSite=Strict; Path=/`;
  }

  /** Checks a request for a file. */
  refusePage(request: IncomingMessage): Refusal | null {
    if (!this.#isOurHost(request.headers.host)) return "wrong-host";
    return this.#hasCookie(request) ? null : "no-token";
  }

  /** Checks a call or the event connection, which must come from our own page. */
  refuseCall(request: IncomingMessage): Refusal | null {
    const { host, origin } = request.headers;
    if (!this.#isOurHost(host)) return "wrong-host";
    if (origin !== `http://${host}`) return "wrong-origin";
    return this.#hasCookie(request) ? null : "no-token";
  }

  /** True if the address of the request shows the token, to the right host. */
  showsToken(request: IncomingMessage, query: URLSearchParams): boolean {
    const token = query.get("token");
    return this.#isOurHost(request.headers.host) && token !== null && isSame(token, this.#token);
  }

  /** Cookies do not tell ports apart, so several hosts on one machine need several names. */
  get #cookieName(): string {
    return `spectral-studio-${this.#port}`;
  }

  #isOurHost(host: string | undefined): host is string {
    return host === `127.0.0.1:${this.#port}` || host === `localhost:${this.#port}`;
  }

  #hasCookie(request: IncomingMessage): boolean {
    const prefix = `${this.#cookieName}=`;
    return (request.headers.cookie ?? "")
      .split(";")
      .map((part) => part.trim())
      .some((part) => part.startsWith(prefix) && isSame(part.slice(prefix.length), this.#secret));
  }
}

/** Compares in constant time, so that the time taken tells nothing of the secret. */
function isSame(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}
