// What describe.ts is for browsers, where whoever reads it knows fields as they are written in a protocol.

import type { NameableField } from "./describe.ts";

/** What a field asks for: `{"type":"integer","min":1,"max":9}`. */
export function describe({ type, min, max, values }: NameableField): string {
  return JSON.stringify({ type, min, max, values });
}
