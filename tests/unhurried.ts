// Options of a server on the real clock whose test is not about overload.

import { CLASSES } from "@lineup/lineup/scheduling";
import type { ServeOptions } from "@lineup/lineup/server";

/** Refuses no request and no connection because the machine is slow: other tests and programs keep it busy. */
export const unhurried: ServeOptions = {
  classes: CLASSES.map((each) => ({ ...each, target: Infinity, patience: Infinity })),
  pressure: { late: Infinity },
};

/** The same as flags of `lineup queue` and `lineup serve`. */
export const unhurriedFlags: readonly string[] = [
  // The class of control requests has no flags.
  ...CLASSES.slice(1).flatMap(({ name }) => [
    ...[`--classes.${name}.target`, "1d", `--classes.${name}.patience`, "1d"],
  ]),
  ...["--memory.late", "1d"],
];
