// `lineup config`: the configuration of a server, and where each value comes from.

import { optionsTable } from "../configuration/options_table.ts";
import { memberOf, optionsOf } from "../configuration/names.ts";
import { schemaOf } from "../configuration/schema.ts";
import { columns } from "../columns.ts";
import {
  type Configuration,
  type Flag,
  isSecret,
  type LineupProgram,
  type Origin,
  parseText,
  type Subcommand,
} from "../flags.ts";
import { print } from "../output.ts";

const FLAGS: Readonly<Record<string, Flag>> = {
  json: { perRun: true, summary: "Print each option as a line of JSON." },
  changed: { perRun: true, summary: "Print only the options that do not have their default." },
  check: { perRun: true, summary: "Print nothing: the exit code says whether all is right." },
  schema: { perRun: true, summary: "Print the JSON Schema of the file, for editors." },
  markdown: { perRun: true, summary: "Print a table of all options as Markdown." },
};

/** `lineup config`, for help: `chosenBy` adds the flags of the server. */
export const config: Subcommand = {
  summary: "Print the configuration of a server, and where each value comes from.",
  args: "[queue | serve [MODULE]]",
  count: [0, 2],
  completes: [["queue", "serve"], "files"],
  flags: FLAGS,
  examples: [
    "config queue --config queue.jsonc",
    "config queue --config queue.jsonc --check",
    "config serve --changed --port 0",
    "config queue --schema > queue.schema.json",
  ],
  more:
    `All flags of lineup queue or lineup serve may follow: what is printed is what that server would take. A flag comes
before the environment, that before the file of --config, and that before the default. docs/OPERATIONS.md has all
options.`,
  isConfigured: true,
  exits: [[0, "Printed, or all is right."]],
  run: () => Promise.reject(new Error("config is run as chosen by its words")),
  async chosenBy(argv, program) {
    const isNamed = argv[0] === "queue" || argv[0] === "serve";
    const name = isNamed ? argv[0] : "queue";
    const target = (await program.commands())[name];
    return {
      ...config,
      flags: { ...optionsOf(target), ...FLAGS },
      isConfigured: true,
      // Its flags of these names do something else.
      check: (flags) => target.check?.({ ...flags, check: undefined }),
      run: (_args, flags, program) => {
        if (flags.schema) print(JSON.stringify(schemaOf(name, target), null, 2) + "\n");
        else if (flags.markdown) return printMarkdown(program);
        else if (!flags.check) show(target, program.configuration!, flags.json, flags.changed);
        return Promise.resolve(0);
      },
    };
  },
};

async function printMarkdown(program: LineupProgram): Promise<number> {
  const { queue, serve } = await program.commands();
  print(optionsTable({ queue, serve }) + "\n");
  return 0;
}

/** An option as it is printed. */
interface OptionRow {
  readonly option: string;
  /** The text, as flags have it; `undefined` where there is no value, or it is hidden. */
  readonly text: string | undefined;
  /** The value, as a file has it. */
  readonly value: unknown;
  readonly from: Origin["from"];
  readonly at: string;
  readonly isHidden: boolean;
}

/** The options of a configuration, secrets without their values. */
export function rowsOf(target: Subcommand, { texts, origins }: Configuration): OptionRow[] {
  return Object.entries(optionsOf(target)).map(([flag, spec]) => {
    const given = texts.get(flag)?.join(",");
    const isHidden = given !== undefined && isSecret(spec, given);
    const text = isHidden ? undefined : given;
    const value = isHidden ? undefined : valueOf(spec, text);
    return { option: memberOf(flag), text, value, isHidden, ...origins.get(flag)! };
  });
}

function show(
  target: Subcommand,
  configuration: Configuration,
  asJson: boolean,
  onlyChanged: boolean,
): void {
  const rows = rowsOf(target, configuration)
    .filter(({ from }) => !onlyChanged || from !== "default");
  if (asJson) {
    for (const { option, value, from, at, isHidden } of rows) {
      const row = { option, value, from, at: at || undefined, hidden: isHidden || undefined };
      print(JSON.stringify(row) + "\n");
    }
    return;
  }
  const cells = rows.map(({ option, text, from, at, isHidden }) => [
    option,
    isHidden ? "(hidden)" : text ?? "-",
    at || from,
  ]);
  for (const line of columns([["OPTION", "VALUE", "FROM"], ...cells])) print(`${line}\n`);
}

/** The value as a file would give it: a number, true, an array, or a text. */
function valueOf(spec: Flag, text: string | undefined): unknown {
  if (text === undefined) return null;
  if (spec.value === undefined) return text !== "false";
  const isText = ["duration", "size"].includes(spec.type?.type ?? "");
  return isText ? text : parseText(spec, text);
}
