// Several protocols as one: their commands beside each other.

import { members } from "./members.ts";
import { isRecord, need, needFew, needKnown, needTexts, SpecError } from "./spec_error.ts";
import type { Protocol, ProtocolPart } from "./spec.ts";

/** The intersection of a union's members. */
export type Intersection<U> = (U extends unknown ? (member: U) => void : never) extends
  (all: infer I) => void ? I : never;

/** The type of protocols as one: the name of the first, and the commands of all. */
export type Combined<A extends readonly Protocol[]> = Omit<A[0], "commands" | "parts"> & {
  readonly commands: Intersection<A[number]["commands"]>;
  readonly parts: readonly ProtocolPart[];
};

/**
 * Makes one protocol of several: it has the name and version of the first, and the commands of all. HELP, SPEC and the
 * reference show each of them. A server of several services describes them so, and a client of the result calls the
 * commands of all. Throws `SpecError` where two protocols have the same command, or the same name.
 *
 * @example
 * ```ts
 * import { combine, SpecError } from "@lineup/lineup/protocol";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const clock = {
 *   name: "clock",
 *   version: "1.0",
 *   summary: "Tells the time.",
 *   commands: { NOW: { summary: "The time.", reply: { ms: "integer" } } },
 * } as const;
 * const news = {
 *   name: "news",
 *   version: "2.0",
 *   summary: "Tells the news.",
 *   commands: { READ: { summary: "The latest.", reply: { text: "text" } } },
 * } as const;
 *
 * assertEquals(Object.keys(combine(clock, news).commands), ["NOW", "READ"]);
 * assertThrows(
 *   () => combine(clock, { ...news, commands: clock.commands }),
 *   SpecError,
 *   "commands.NOW: clock/1.0 and news/2.0 both have this command",
 * );
 * ```
 */
export function combine<const A extends readonly [Protocol, ...Protocol[]]>(
  ...protocols: A
): Combined<A> {
  const owners = new Map<string, ProtocolPart>();
  const parts = protocols.flatMap(partsOf);
  for (const part of parts) {
    const same = parts.find((each) => each.name === part.name);
    if (same !== part && same !== undefined) {
      throw new SpecError("name", `${title(same)} and ${title(part)} have the same name`);
    }
    for (const verb of part.verbs) {
      const other = owners.get(verb);
      if (other !== undefined) {
        throw new SpecError(
          `commands.${verb}`,
          `${title(other)} and ${
            title(part)
          } both have this command; give one of them another verb`,
        );
      }
      owners.set(verb, part);
    }
  }
  const commands = Object.assign({}, ...protocols.map(({ commands }) => commands));
  return { ...protocols[0], commands, parts } as unknown as Combined<A>;
}

/** The protocols that a protocol consists of: itself, unless it was combined. */
export function partsOf({ commands, parts, ...protocol }: Protocol): readonly ProtocolPart[] {
  return parts ?? [{ ...protocol, verbs: Object.keys(commands) }];
}

/** The name and version of a protocol: `calc/1.0`. */
export function title({ name, version }: { name: string; version: string }): string {
  return `${name}/${version}`;
}

/** Checks a name and a version. Throws `SpecError`. `path` ends in a dot or is empty. */
export function needTitle(
  { name, version }: { readonly name?: unknown; readonly version?: unknown },
  path: string,
): void {
  need(
    typeof name === "string" && /^[a-z][a-z0-9-]{0,31}$/.test(name),
    `${path}name`,
    'must be a lower-case word of up to 32 letters, digits and "-"',
  );
  need(
    typeof version === "string" && /^[0-9]+(\.[0-9]+){0,2}$/.test(version),
    `${path}version`,
    "must be numbers such as 1.0",
  );
}

const MOST_PARTS = 100;

/** Checks the parts of a protocol. Throws `SpecError`. */
export function needParts({ commands, parts }: Protocol): void {
  if (parts === undefined) return;
  need(Array.isArray(parts), "parts", "must be an array");
  needFew(parts.length, MOST_PARTS, "parts", "parts");
  const left = new Set(Object.keys(commands));
  for (const [index, part] of parts.entries()) {
    const path = `parts.${index}`;
    need(isRecord(part), path, "must be an object");
    needKnown(part, members.part, path);
    needTitle(part, `${path}.`);
    needTexts(part as unknown as ProtocolPart, `${path}.`);
    need(Array.isArray(part.verbs), `${path}.verbs`, "must be an array of verbs");
    for (const verb of part.verbs) {
      need(
        left.delete(verb),
        `${path}.verbs`,
        `must be commands, each of one part; ${verb} is not`,
      );
    }
  }
  need(left.size === 0, "parts", `every command is of one part; ${[...left][0]} is of none`);
}
