// Finds everything that can be reached from a value, and a service whose handlers report that of their context.

import type { Protocol } from "@lineup/lineup/protocol";
import type { Context, Handlers } from "@lineup/lineup/server";

/** The values that every program reaches anyway. */
const ORDINARY = new Set<unknown>();
for (const name of Reflect.ownKeys(globalThis)) {
  const value = Reflect.getOwnPropertyDescriptor(globalThis, name)!.value;
  ORDINARY.add(value).add(value?.prototype);
}

function get(holder: object, key: string | symbol, value: unknown): unknown {
  try {
    return Reflect.get(holder, key, value);
  } catch {
    // The getter is for another receiver.
    return undefined;
  }
}

/**
 * The paths to all values that can be reached: through own properties and those of prototypes, with names and symbols,
 * enumerable or not, and through getters. It does not follow an `AbortSignal`, which is Deno's own.
 */
export function reachable(root: unknown): string[] {
  const paths: string[] = [];
  const seen = new Set<unknown>();
  const walk = (value: unknown, path: string): void => {
    if (value === null || !/^(object|function)$/.test(typeof value)) return;
    if (ORDINARY.has(value) || seen.has(value) || value instanceof AbortSignal) return;
    seen.add(value);
    for (let holder = value; holder !== null; holder = Object.getPrototypeOf(holder)) {
      if (ORDINARY.has(holder)) continue;
      for (const key of Reflect.ownKeys(holder as object)) {
        if (typeof value === "function" && (key === "name" || key === "length")) continue;
        const name = `${path}${path && "."}${String(key)}`;
        paths.push(name);
        walk(get(holder as object, key, value), name);
      }
    }
  };
  walk(root, "");
  return [...new Set(paths)].sort();
}

export const protocol = {
  name: "reachable",
  version: "1.0",
  summary: "What handlers can reach.",
  commands: {
    PLAIN: { summary: "From a handler.", reply: { paths: "json" } },
    PARKED: { summary: "From one that has parked.", reply: { paths: "json" } },
    STREAM: {
      summary: "From one that yields.",
      items: { paths: "json" },
      reply: { paths: "json" },
    },
  },
} as const satisfies Protocol;

function look(this: unknown, context: Context, given: IArguments) {
  const more = [...given].slice(2).map((_, i) => `arguments.${i + 2}`);
  if (this !== undefined) more.push("this");
  return { paths: [...reachable(context), ...more, ...answersOf(context)] };
}

/** The results of a context's functions, except nothing and promises of nothing. */
function answersOf({ log, hold, park, whenUnsent, client }: Context): string[] {
  const answers = {
    log: log("a handler looks around"),
    hold: hold(0),
    park: park(Promise.resolve()),
    whenUnsent: whenUnsent(() => {}),
    whenClosed: client.whenClosed(() => {}),
  };
  return reachable(answers).filter((path) => !Object.hasOwn(answers, path))
    .map((path) => `answer of ${path}`);
}

export const handlers: Handlers<typeof protocol> = {
  PLAIN: function (this: unknown, _: unknown, context: Context) {
    return look.call(this, context, arguments);
  },
  PARKED: async function (this: unknown, _: unknown, context: Context) {
    void context.signal;
    await context.park(Promise.resolve());
    return look.call(this, context, arguments);
  },
  STREAM: function* (this: unknown, _: unknown, context: Context) {
    yield look.call(this, context, arguments);
    return look.call(this, context, arguments);
  },
};

export default { protocol, handlers };
