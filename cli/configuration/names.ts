// The names of an option: that of its flag, and those made from it for files and for the environment.

import type { Flag, Subcommand } from "../flags.ts";

/** The flags of a command that a configuration may give. */
export function optionsOf({ flags }: Subcommand): Readonly<Record<string, Flag>> {
  return Object.fromEntries(Object.entries(flags).filter(([, { perRun }]) => !perRun));
}

/** The name in a file: `timeouts.request-rate` is the member `requestRate` of `timeouts`. */
export function memberOf(flag: string): string {
  return flag.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** The name of the variable: `timeouts.request-rate` is `LINEUP_TIMEOUTS_REQUEST_RATE`. */
export function variableOf(flag: string): string {
  return `LINEUP_${flag.toUpperCase().replace(/[.-]/g, "_")}`;
}
