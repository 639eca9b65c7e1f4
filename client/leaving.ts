// What the end of a connection means to the server: netcat ends its side and goes on reading, our clients are gone.

import type { Call } from "../dialects/lineup1/calls.ts";

/** Whether a command gives away what is lost where the client is gone: its items cannot be asked for again. */
export function losesItems({ items, idempotent }: Call): boolean {
  return items !== undefined && !idempotent;
}
