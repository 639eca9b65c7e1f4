// The paths of files that belong to the person, after the XDG Base Directory Specification.

import { join } from "node:path";

/** The environment of a process. */
export interface Environment {
  get(name: string): string | undefined;
}

const FOLDERS = {
  config: ["XDG_CONFIG_HOME", ".config"],
  state: ["XDG_STATE_HOME", ".local/state"],
} as const;

/** The path of a file of Lineup; `undefined` without a home. A relative path in a variable does not count. */
export function ownFile(
  kind: keyof typeof FOLDERS,
  name: string,
  env: Environment,
): string | undefined {
  const [variable, usual] = FOLDERS[kind];
  const folder = env.get(variable);
  if (folder?.startsWith("/")) return join(folder, "lineup", name);
  const home = env.get("HOME");
  return home === undefined || home === "" ? undefined : join(home, usual, "lineup", name);
}
