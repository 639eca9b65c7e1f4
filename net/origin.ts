// Which pages may connect over WebSocket. A browser lets every page connect to every address it can reach, this
// machine's own among them, and says only from where the page came (RFC 6455, section 10.2).

/** A request to open a WebSocket, as far as it matters here. */
export interface Opening {
  /** The `Origin` header: where the page came from; only browsers send it. */
  readonly origin: string | undefined;
  /** The `Host` header: what the client believes to be connected to. */
  readonly host: string | undefined;
}

/**
 * Whether a page may connect to a listener at `hostname`: one that the same host and port served, or of an origin in
 * `origins` (`*`: of any). What is no browser may.
 *
 * A name other than that of the listener does not count as the same host: whoever owns a name can have it lead here
 * (DNS rebinding).
 */
export function mayConnect(
  { origin, host = "" }: Opening,
  hostname: string,
  origins: readonly string[],
): boolean {
  if (origin === undefined || origins.includes("*") || origins.includes(origin)) return true;
  const page = URL.parse(origin);
  if (page === null || !/^https?:$/.test(page.protocol)) return false;
  const here = URL.parse(`${page.protocol}//${host}`);
  return here !== null && here.host === page.host && isOurs(here.hostname, hostname);
}

function isOurs(name: string, hostname: string): boolean {
  return name === hostname || name === "localhost" || name.startsWith("[") ||
    /^[0-9]+(\.[0-9]+){3}$/.test(name);
}

/** An origin as browsers write it, `https://example.org`, or `*`; `undefined` where the text is none. */
export function toOrigin(text: string): string | undefined {
  if (text === "*") return text;
  const url = URL.parse(text);
  if (url === null || url.origin === "null" || url.pathname !== "/") return undefined;
  return url.search === "" && url.hash === "" && url.username === "" ? url.origin : undefined;
}
