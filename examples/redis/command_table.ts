// The commands of a server by their names on the wire. A verb with a hyphen is a subcommand: CLIENT-SETNAME is CLIENT
// SETNAME.

import type { CompiledProtocol } from "@lineup/lineup/protocol";
import { type CommandPlan, planOf } from "./command_plan.ts";

/** A first word of requests: a command, the name of subcommands, or both. */
export interface TableEntry {
  /** The name in upper case. */
  readonly name: string;
  /** The command without a subcommand. */
  readonly plan: CommandPlan | undefined;
  /** The subcommands by name, in upper case. */
  readonly subcommands: ReadonlyMap<string, CommandPlan>;
}

/** A protocol with its commands as the dialect finds them. */
export interface RedisProtocol extends CompiledProtocol {
  /** The commands by their first words, in upper case. */
  readonly table: ReadonlyMap<string, TableEntry>;
}

/** The table of a protocol. */
export function withTable(compiled: CompiledProtocol): RedisProtocol {
  const plans = [...compiled.commands.values()].map(planOf);
  const names = new Set(plans.map(({ command }) => command.verb.split("-")[0]));
  const entries = [...names].map((name): TableEntry => ({
    name,
    plan: plans.find(({ command }) => command.verb === name),
    subcommands: new Map(
      plans.filter(({ command }) => command.verb.startsWith(`${name}-`))
        .map((plan) => [plan.command.verb.slice(name.length + 1), plan]),
    ),
  }));
  return { ...compiled, table: new Map(entries.map((entry) => [entry.name, entry])) };
}
