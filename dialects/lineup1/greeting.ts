import type { Served } from "../dialect.ts";

/** The version of the wire protocol, as greetings and HELLO name it. */
export const VERSION = "lineup/1";

/** The first line of a server. */
export function greetingLine({ compiled: { protocol }, limits }: Served): string {
  const { name, version } = protocol;
  return `OK ${VERSION} ${name}/${version} max-line=${limits.maxLine} max-body=${limits.maxBody} ` +
    `auth=none hint="Type HELP"`;
}
