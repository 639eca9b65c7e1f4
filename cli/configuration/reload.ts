// Reading a configuration again while its server runs.

import type { Reloadable } from "../../server/mod.ts";
import { type Configuration, type Flags, isSecret, type Subcommand, UsageError } from "../flags.ts";
import { relabelled } from "./layers.ts";
import { memberOf, optionsOf } from "./names.ts";

/**
 * The configuration of a server, as one of the things that SIGHUP reads again. `apply` gets the flags, in which only
 * options that a server takes while it runs have changed.
 */
export function reloadable(
  command: Subcommand,
  present: Configuration,
  apply: (flags: Flags) => void,
): Reloadable {
  const options = optionsOf(command);
  return {
    name: "configuration",
    async reload() {
      if (present.file === undefined) return "nothing: no file is in use (--config)";
      const next = await readAgain(command, present);
      const changed = Object.keys(options).filter((flag) =>
        textOf(next, flag) !== textOf(present, flag)
      );
      const live = changed.filter((flag) => options[flag].live);
      const flags = { ...present.flags };
      for (const flag of live) flags[flag] = next.flags[flag];
      apply(flags);
      const tell = (flag: string): string =>
        [present, next].some((each) => isSecret(options[flag], textOf(each, flag)))
          ? memberOf(flag)
          : `${memberOf(flag)} ${textOf(present, flag)} -> ${textOf(next, flag)}`;
      const done = live.map(tell).join(", ");
      const left = changed.filter((flag) => !options[flag].live).map(tell).join(", ");
      const texts = new Map(present.texts);
      for (const flag of live) copy(flag, next.texts, texts);
      // The others stay as they were at the start, so that each reload names them.
      present = { ...present, flags, texts };
      return [
        done === "" ? "nothing has changed" : `changed: ${done}`,
        ...(left === "" ? [] : [`needs a restart: ${left}`]),
      ].join("; ");
    },
  };
}

async function readAgain(command: Subcommand, present: Configuration): Promise<Configuration> {
  let read = present;
  try {
    read = await present.again();
    command.check?.(read.flags);
    return read;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    // The log has one line for it.
    const { message } = relabelled(error, read);
    throw new UsageError(message.replaceAll("\n", " "), { cause: error });
  }
}

function textOf({ texts }: Configuration, flag: string): string {
  return texts.get(flag)?.join(", ") ?? "none";
}

function copy<V>(key: string, from: ReadonlyMap<string, V>, to: Map<string, V>): void {
  if (from.has(key)) to.set(key, from.get(key)!);
  else to.delete(key);
}
