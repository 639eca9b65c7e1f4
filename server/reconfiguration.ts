// The options of a server that can change while it runs. Its parts read them each time, from objects that stay the same.

import { LOG_LEVELS } from "./log.ts";
import type { ServiceOptions } from "./options.ts";

/**
 * The options that can change while a server runs. A member that is given takes the place of the present one, one that is
 * `undefined` brings the default back, and one that is missing stays as it is.
 *
 * - `connections`: for further connections. `connectionsOpening` stays as it is.
 * - `timeouts`: at once. `opening` stays as it is.
 * - `bounds`: at once, but `answers`, `output` and `unknownCommands` for further connections.
 * - `memory`, `pressure`, `drain`, `logLevel`: at once.
 * - `scheduling`, `classes`: for further requests. `slice` and `control`, and the names of classes, stay as they are.
 * - `seats`: at once, but not from or to `adaptive`.
 * - `rates`: for further requests; where there was no rate, for those of further connections.
 *
 * Clients have been told the other limits in the greeting, or a restart is needed to open other addresses.
 */
export type Reconfiguration = Pick<
  ServiceOptions,
  | "connections"
  | "timeouts"
  | "bounds"
  | "memory"
  | "pressure"
  | "scheduling"
  | "classes"
  | "seats"
  | "rates"
  | "drain"
  | "logLevel"
>;

/** The groups of options, and their members that stay as they are. */
const GROUPS = {
  connections: ["connectionsOpening"],
  timeouts: ["opening"],
  bounds: [],
  pressure: [],
  scheduling: ["slice", "control"],
} as const;
const SINGLE = ["memory", "classes", "seats", "rates", "drain", "logLevel"] as const;

/** The options of a server with the changes. Throws `RangeError` for a change that cannot be made. */
export function changed<O extends Reconfiguration>(options: O, changes: Reconfiguration): O {
  const all: Record<string, unknown> = { ...options };
  for (const [name, change] of Object.entries(changes)) {
    if (Object.hasOwn(GROUPS, name)) {
      const present = options[name as keyof typeof GROUPS] ?? {};
      const fixed: readonly string[] = GROUPS[name as keyof typeof GROUPS];
      for (const member of Object.keys(change ?? {})) {
        if (fixed.includes(member)) throw cannotChange(`${name}.${member}`);
      }
      all[name] = { ...present, ...change as object };
    } else if ((SINGLE as readonly string[]).includes(name)) all[name] = change;
    else throw cannotChange(name);
  }
  return all as O;
}

function cannotChange(name: string): RangeError {
  return new RangeError(`${name} cannot change while the server runs`);
}

/**
 * The default values of a group of options, with those that are given in their places. Throws `RangeError` for an unknown
 * option, and for one that is not a number from 0.
 */
export function withDefaults<T extends object>(
  group: string,
  defaults: Readonly<T>,
  given: Partial<T> = {},
): T {
  const all: Record<string, unknown> = { ...defaults };
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaults, name)) {
      const known = Object.keys(defaults).join(", ");
      throw new RangeError(`there is no option ${group}.${name}; it has ${known}`);
    }
    if (value === undefined) continue;
    all[name] = numberFrom0(`${group}.${name}`, value);
  }
  return all as T;
}

/** Throws `RangeError` for a value that is not a number from 0. */
export function numberFrom0(name: string, value: unknown): number {
  if (typeof value === "number" && value >= 0) return value;
  throw new RangeError(`${name} must be a number from 0, not ${value}`);
}

/** Throws `RangeError` for a level that the log does not have. */
export function needLogLevel(level: string): void {
  if ((LOG_LEVELS as readonly string[]).includes(level)) return;
  throw new RangeError(`logLevel must be one of ${LOG_LEVELS.join(", ")}, not ${level}`);
}
