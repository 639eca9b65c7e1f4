// The first line of a server.

import type { Served } from "../dialect.ts";
import { VERSION } from "./version.ts";

/** The first line of a server. */
export function greetingLine({ compiled: { protocol }, limits }: Served): string {
  const { name, version } = protocol;
  return `OK ${VERSION} ${name}/${version} max-line=${limits.maxLine} max-body=${limits.maxBody} ` +
    `auth=none hint="Type HELP"`;
}
