// The commands of administrators.

import type { Protocol } from "../../protocol/spec.ts";
import { jobCommands } from "./jobs.ts";
import { limitCommands } from "./limits.ts";
import { queueCommands } from "./queues.ts";

/** The commands of administrators. */
export const admin = {
  ...queueCommands,
  ...jobCommands,
  ...limitCommands,
} as const satisfies Protocol["commands"];
