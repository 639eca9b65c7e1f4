// Decides which pages may connect over WebSocket. A browser lets every page connect to every address that it can reach,
// also on this machine. It only tells the origin of the page (RFC 6455, section 10.2).

/** The headers of a request for a WebSocket that this check reads. */
export interface OpeningHandshake {
  /** The `Origin` header: the origin of the page. Only browsers send it. */
  readonly origin: string | undefined;
  /** The `Host` header: the host to which the client believes that it is connected. */
  readonly host: string | undefined;
}

/**
 * Whether a client may connect to a listener at `hostname`. A page may where the same host and port served it, or where
 * its origin is in `origins` (`*`: any). A client that is no browser may.
 *
 * Only the listener's own name counts as the same host: the owner of another name can point it here (DNS rebinding).
 */
export function mayConnect(
  { origin, host = "" }: OpeningHandshake,
  hostname: string,
  origins: readonly string[],
): boolean {
  if (origin === undefined || origins.includes("*") || origins.includes(origin)) return true;
  const page = URL.parse(origin);
  if (page === null || !/^https?:$/.test(page.protocol)) return false;
  const here = URL.parse(`${page.protocol}//${host}`);
  return here !== null && here.host === page.host && isOwnName(here.hostname, hostname);
}

/**
 * Whether a name in a `Host` header is one of a listener at `hostname` that nobody else can own: its own name,
 * `localhost`, or an IP address.
 */
export function isOwnName(name: string, hostname: string): boolean {
  return name === hostname || name === "localhost" || name.startsWith("[") ||
    /^[0-9]+(\.[0-9]+){3}$/.test(name);
}

/** An origin in the form of browsers, `https://example.org`, or `*`; `undefined` for other texts. */
export function toOrigin(text: string): string | undefined {
  if (text === "*") return text;
  const url = URL.parse(text);
  if (url === null || url.origin === "null" || url.pathname !== "/") return undefined;
  return url.search === "" && url.hash === "" && url.username === "" ? url.origin : undefined;
}
