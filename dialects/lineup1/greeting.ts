// The first line of a server.

import { title } from "../../protocol/combine.ts";
import type { AuthMode, Served } from "../dialect.ts";
import { VERSION } from "./version.ts";

/** The first line of a server. */
export function greetingLine(served: Served): string {
  const { compiled: { protocol }, limits, others = [] } = served;
  const most = maxInFlight(served);
  return `OK ${VERSION} ${title(protocol)} max-line=${limits.maxLine} max-body=${limits.maxBody} ` +
    (most === undefined ? "" : `max-in-flight=${most} `) + `auth=${authOf(served)} ` +
    (others.length === 0 ? "" : `also=${others.join(",")} `) + `hint="Type HELP"`;
}

/** The bound on tagged requests that clients are told; `undefined` if the server has none. */
export function maxInFlight({ maxInFlight }: Served): number | undefined {
  return Number.isFinite(maxInFlight) ? maxInFlight : undefined;
}

/** Whether clients prove an identity. */
export function authOf({ auth }: Served): AuthMode {
  return auth === undefined ? "none" : auth();
}
