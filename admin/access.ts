// The right to read the figures of the admin port, where the server has identities.

import { type HttpAnswer, refusing } from "../net/http_answer.ts";
import type { RequestHead } from "../net/http_head.ts";

/** The role of those who may see the figures of the server, as for STATS. */
export const OPERATOR = "operator";
/** The role of programs that may read `/metrics` only. */
export const SCRAPER = "metrics";

/** Whether the identity of a token, or of nobody, has a role. */
type HasRole = (role: string, token?: string) => boolean;

/** The refusal of a request whose token gives it none of these roles; `undefined` where it may be answered. */
export function refuseWithout(
  roles: readonly string[],
  { headers }: RequestHead,
  hasRole: HasRole,
): HttpAnswer | undefined {
  const token = tokenOf(headers.get("authorization"));
  if (roles.some((role) => hasRole(role, token))) return undefined;
  const why = `The figures are for identities with the role ${roles.join(" or ")}.`;
  return token === undefined
    ? refusing("401 Unauthorized", why, ["www-authenticate: Bearer"])
    : refusing("403 Forbidden", why);
}

/** The token of an `Authorization` header. */
function tokenOf(header: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(header ?? "")?.[1];
}
