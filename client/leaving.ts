// Commands that lose items when a client is gone. Netcat ends its side and goes on reading; a client that does so is gone.

import type { Call } from "../dialects/lineup1/calls.ts";

/** Whether the items of a command are lost if the client is gone: they cannot be asked for again. */
export function losesItems({ items, idempotent }: Call): boolean {
  return items !== undefined && !idempotent;
}
