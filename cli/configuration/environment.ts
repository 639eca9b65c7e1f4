// The layer of the environment. Each variable is asked for by its name: Deno then needs no more than these.

import { BadValue } from "../../protocol/values.ts";
import { type Flag, parseText } from "../flags.ts";
import type { Layer, LayerValue } from "./layer.ts";
import { variableOf } from "./names.ts";

/** The variables of other commands, of the programs of `lineup work`, and of the tests. */
const OTHERS = [
  "ADDRESS",
  "TOKEN",
  "ID",
  "QUEUE",
  "KEY",
  "ATTEMPT",
  "BACKLOGS",
  "BENCH_ROUNDS",
  "LONG",
  "SEED",
  "SHOW",
  "TEST_BOUND_MS",
  "UPDATE",
].map((name) => `LINEUP_${name}`);
/** The variables that Kubernetes makes for a Service of the name lineup. */
const OF_A_SERVICE = /_SERVICE_(HOST|PORT)(_|$)|_PORT_\d+_(TCP|UDP|SCTP)(_|$)/;

/** The value of an option's variable; `undefined` for an empty one, and where Deno may not read it. */
export function valueOf(flag: string): string | undefined {
  const variable = variableOf(flag);
  // Do not ask a person for each variable.
  if (Deno.permissions.querySync({ name: "env", variable }).state !== "granted") return undefined;
  return Deno.env.get(variable) || undefined;
}

/** The variables of these options. */
export function readEnvironment(options: Readonly<Record<string, Flag>>): Layer {
  const values = new Map<string, LayerValue>();
  const problems: string[] = [];
  for (const [flag, spec] of Object.entries(options)) {
    const text = valueOf(flag);
    if (text === undefined) continue;
    const variable = variableOf(flag);
    try {
      values.set(flag, { texts: [textOf(spec, text)], at: variable });
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      const hint = /^(tcp|udp):\/\/[0-9a-f.:[\]]+$/.test(text)
        ? " Kubernetes makes this variable for a Service named lineup; enableServiceLinks: false prevents it."
        : "";
      const shown = spec.secret ? "" : `, not "${text}"`;
      problems.push(`${variable} must be ${describeWithout(error)}${shown}.${hint}`);
    }
  }
  return { values, problems };
}

/** The text of a variable, as a flag takes it. Throws `BadValue`. */
function textOf(flag: Flag, text: string): string {
  if (flag.value !== undefined) {
    parseText(flag, text);
    return text;
  }
  const all = ["false", "true", "0", "1", "no", "yes", "off", "on"];
  const at = all.indexOf(text.toLowerCase());
  if (at < 0) throw new BadValue("true or false");
  return all[at % 2];
}

/** What a value must be, without what was given. */
function describeWithout({ message }: BadValue): string {
  return message.replace(/, not [^,]*$/s, "");
}

/**
 * The variables LINEUP_… that no option of these has, nor another part of Lineup. None where Deno may not list the
 * environment.
 */
export function unknownVariables(options: Readonly<Record<string, Flag>>): string[] {
  if (Deno.permissions.querySync({ name: "env" }).state !== "granted") return [];
  const known = new Set([...OTHERS, ...Object.keys(options).map(variableOf)]);
  return Object.keys(Deno.env.toObject())
    .filter((name) => name.startsWith("LINEUP_") && !known.has(name) && !OF_A_SERVICE.test(name));
}
