// The filter of jobs as a request.

import type { Values } from "./server.ts";

/** The arguments of LIST for a filter. */
export function listArgs({ queue, state, key, text }: Readonly<Record<string, string>>): Values {
  return {
    queue,
    state: state || undefined,
    key: key || undefined,
    text: text || undefined,
  };
}
