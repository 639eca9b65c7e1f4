// Options of a server on the real clock whose test is not about overload.

import { CLASSES } from "@lineup/lineup/scheduling";
import type { ServeOptions } from "@lineup/lineup/server";

/** Refuses no request and no connection because the machine is slow: other tests and programs keep it busy. */
export const unhurried: ServeOptions = {
  classes: CLASSES.map((each) => ({ ...each, target: Infinity, patience: Infinity })),
  pressure: { late: Infinity },
};
