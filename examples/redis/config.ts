// CONFIG GET: the parameters that clients and tools ask for.

import type { BuiltinContext } from "@lineup/lineup/dialects";
import { matchesGlob, readGlob } from "./glob.ts";
import type { RedisSession } from "./session.ts";

/** The parameters whose names match one of the patterns. */
export function configOf(
  { limits }: RedisSession,
  context: BuiltinContext,
  patterns: readonly string[],
): ReadonlyMap<string, string> {
  const figures = new Map(context.figures());
  const all: readonly (readonly [name: string, value: string])[] = [
    ["appendonly", "no"],
    ["databases", "1"],
    ["maxmemory", String(figures.get("keyspace-bytes-limit") ?? 0)],
    ["maxmemory-policy", "noeviction"],
    ["proto-max-bulk-len", String(limits.maxBody)],
    ["save", ""],
  ];
  const globs = patterns.map((pattern) => readGlob(pattern.toLowerCase()));
  return new Map(all.filter(([name]) => globs.some((glob) => matchesGlob(glob, name))));
}
