// The layers of a configuration in rising order: defaults, the file, the environment, the command line.

import {
  type Configuration,
  type Flag,
  type LineupProgram,
  nearWord,
  type Origin,
  readFlags,
  splitLine,
  type Subcommand,
  UsageError,
} from "../flags.ts";
import { readEnvironment, unknownVariables, valueOf } from "./environment.ts";
import type { Layer, LayerValue } from "./layer.ts";
import { optionsOf, variableOf } from "./names.ts";

/** The flag that names the file. */
export const configFlag: Readonly<Record<string, Flag>> = {
  config: {
    value: "FILE",
    summary:
      "A file with these options as JSON with comments: docs/OPERATIONS.md. The environment (LINEUP_PORT ...) and flags come before it.",
  },
};

const NO_LAYER: Layer = { values: new Map(), problems: [] };

/** The configuration of a command. Throws one `UsageError` with all that is wrong in any layer. */
export async function readConfiguration(
  name: string,
  command: Subcommand,
  argv: readonly string[],
  program: Pick<LineupProgram, "commands">,
): Promise<Configuration> {
  const unknown = unknownVariables(optionsOf(command));
  if (unknown.length === 0) return await layered(name, command, argv, []);
  // Only to tell of them are all commands loaded: a variable may be that of another one.
  const all = Object.values(await program.commands()).filter(({ isConfigured }) => isConfigured);
  const variables = new Set(all.flatMap((each) => knownVariables(each)));
  const own = knownVariables(command);
  const warnings = unknown.filter((each) => !variables.has(each)).map((each) => {
    const near = nearWord(each, own);
    const hint = near === undefined ? ": `lineup config` lists all." : `; did you mean ${near}?`;
    return `There is no variable ${each}${hint}`;
  });
  return await layered(name, command, argv, warnings);
}

/** Loads the parser only where there is a file. */
async function readFile(path: string, options: Readonly<Record<string, Flag>>): Promise<Layer> {
  return (await import("./file.ts")).readConfigurationFile(path, options);
}

function knownVariables(command: Subcommand): string[] {
  return Object.keys(optionsOf(command)).map(variableOf);
}

async function layered(
  name: string,
  command: Subcommand,
  argv: readonly string[],
  warnings: readonly string[],
): Promise<Configuration> {
  const options = optionsOf(command);
  const { given } = splitLine(argv, command);
  const line = new Map(
    [...given].filter(([flag]) => Object.hasOwn(command.flags, flag))
      .map(([flag, texts]): [string, LayerValue] => [flag, { texts, at: `--${flag}` }]),
  );
  const environment = readEnvironment(options);
  const path = line.get("config")?.texts[0] ?? valueOf("config");
  const file = path ? await readFile(path, options) : NO_LAYER;
  const layers: readonly (readonly [Origin["from"], Layer])[] = [
    ["file", file],
    ["environment", environment],
    ["flag", { values: line, problems: [] }],
  ];
  const chosen = new Map<string, LayerValue & Origin>();
  for (const [from, { values }] of layers) {
    for (const [flag, value] of values) {
      chosen.set(flag, { ...value, from });
      const { insteadOf } = command.flags[flag];
      // What a layer gives together is a mistake to tell of; what it gives in place of a lower one is not.
      if (insteadOf !== undefined && !values.has(insteadOf)) chosen.delete(insteadOf);
    }
  }
  const problems = layers.flatMap(([, { problems }]) => problems);
  const lower = { problems, textsOf: (flag: string) => chosen.get(flag)?.texts };
  const { args, flags } = readFlags(name, command, argv, lower);
  const texts = new Map<string, readonly string[]>();
  const origins = new Map<string, Origin>();
  for (const [flag, { value, default: fixed, usual = fixed }] of Object.entries(options)) {
    const found = chosen.get(flag);
    if (found !== undefined) texts.set(flag, found.texts);
    else if (usual !== undefined || value === undefined) texts.set(flag, [usual ?? "false"]);
    origins.set(flag, found ?? { from: "default", at: "" });
  }
  return {
    args,
    flags,
    texts,
    origins,
    file: path,
    warnings,
    again: () => layered(name, command, argv, []),
  };
}

/** The error with each flag named as the person who wrote it finds it: in the file, or in the environment. */
export function relabelled(error: UsageError, { origins }: Configuration): UsageError {
  const message = error.message.replace(/--([a-z][a-z0-9.-]*[a-z0-9])/g, (word, flag) => {
    const origin = origins.get(flag);
    return origin?.from === "file" || origin?.from === "environment" ? origin.at : word;
  });
  return new UsageError(message, { cause: error });
}
