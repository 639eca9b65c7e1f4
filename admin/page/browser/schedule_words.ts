// When a schedule puts its jobs, in words.

import cronstrue from "cronstrue";
import { duration } from "./figures.ts";
import type { Values } from "./server.ts";

const NAMED: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

/** Such as `At 08:00, only on Monday` or `Every 5m`. */
export function inWords({ cron, interval }: Values): string {
  if (interval !== undefined) return `Every ${duration(Number(interval))}`;
  const text = String(cron ?? "");
  try {
    return cronstrue.toString(NAMED[text.toLowerCase()] ?? text, { use24HourTimeFormat: true });
  } catch {
    // The server knows it; these words are only for a person.
    return text;
  }
}
