// The words of a command line of `lineup`, made from the flags of its commands: the data of each shell's script.

import {
  COMMON,
  type Completions,
  type Flag,
  type LineupProgram,
  type Subcommand,
} from "../flags.ts";
import { fieldSpec } from "../../protocol/fields.ts";

/** A flag, for a shell. */
export interface FlagWords {
  /** With its dashes. */
  readonly flag: string;
  readonly summary: string;
  /** The values that it may have; `undefined` for a switch. */
  readonly values: Completions | undefined;
}

/** A command, for a shell. */
export interface CommandWords {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly FlagWords[];
  /** The words that each argument may be; the last stands for further ones. */
  readonly args: readonly Completions[];
  /** Whether the words after `--` are a program and its arguments. */
  readonly runsProgram: boolean;
}

/** The words of all commands, and of `help`. */
export async function wordsOf({ commands }: LineupProgram): Promise<CommandWords[]> {
  const all = await commands();
  const help: CommandWords = {
    name: "help",
    summary: "Explain lineup, or a command.",
    flags: [],
    args: [Object.keys(all), []],
    runsProgram: false,
  };
  return [...Object.entries(all).map(([name, command]) => commandWords(name, command)), help];
}

function commandWords(name: string, command: Subcommand): CommandWords {
  const { summary, flags, args, address, completes = [] } = command;
  return {
    name,
    summary,
    flags: Object.entries({ ...flags, ...COMMON }).map(([flag, spec]): FlagWords => ({
      flag: `--${flag}`,
      summary: spec.summary,
      values: spec.value === undefined ? undefined : valuesOf(spec),
    })),
    args: address?.includes("MODULE") ? ["files"] : completes,
    runsProgram: args.includes(" -- COMMAND"),
  };
}

/** The values of a flag by the word that the help has for them. */
function valuesOf({ value, type, offers }: Flag): Completions {
  if (offers !== undefined) return offers;
  if (value === "FILE") return "files";
  if (value === "CONTEXT") return "contexts";
  const { type: kind, values } = fieldSpec(type ?? "text");
  return kind === "enum" ? values! : [];
}
