// Decides which pages may reach the admin port. A browser lets every page send requests to every address that it can
// reach, also on this machine. The owner of a name can point it here (DNS rebinding), and then his page reads answers.

import { type HttpAnswer, refusing } from "../net/http_answer.ts";
import type { RequestHead } from "../net/http_head.ts";
import { isOwnName, mayConnect } from "../net/origin.ts";

/** The refusal of a request by its `Host` and `Origin`; `undefined` where it may be answered. */
export function refuseForeign(
  { version, headers }: RequestHead,
  hostname: string,
  origins: readonly string[],
): HttpAnswer | undefined {
  const host = headers.get("host");
  if (host === undefined && version !== "1.0") {
    return refusing("400 Bad Request", "There is no header host.");
  }
  if (host !== undefined && !isKnownHost(host, hostname, origins)) {
    const how = "Use its IP address, or list the name in its origins.";
    return refusing("421 Misdirected Request", `${host} is not a name of this server. ${how}`);
  }
  const origin = headers.get("origin");
  if (mayConnect({ origin, host }, hostname, origins)) return undefined;
  const why = `Pages of ${origin} may not connect: the server does not list this origin.`;
  return refusing("403 Forbidden", why);
}

function isKnownHost(host: string, hostname: string, origins: readonly string[]): boolean {
  const here = URL.parse(`http://${host}`);
  if (here === null || here.pathname !== "/" || here.username !== "") return false;
  // An origin of https, behind a proxy, has the port 443 in the place of 80.
  return isOwnName(here.hostname, hostname) ||
    origins.some((each) => each === "*" || URL.parse(each)?.hostname === here.hostname);
}
