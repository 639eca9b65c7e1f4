// The text of `--help`, as wide as the terminal, within limits that read well.
//
// Ours: the help is wrapped text in two columns of plain words, and cliui would bring four packages for it.

import { type Flag, type Subcommand, usage } from "./flags.ts";
import { wrap } from "./text_width.ts";

const USUAL = 80, LEAST = 40, MOST = 100;

/** The width of help on standard output, in columns. */
function helpWidth(): number {
  const columns = Deno.stdout.isTerminal() ? Deno.consoleSize().columns - 1 : USUAL;
  return Math.min(MOST, Math.max(LEAST, columns));
}

/** A flag with the word for its value: `--port PORT`. */
export function flagUsage(name: string, { value }: Flag): string {
  return `--${name}${value === undefined ? "" : ` ${value}`}`;
}

/** The sentences about a flag, its default included. */
export function flagText({ summary, default: value, usual = value }: Flag): string {
  return summary + (usual === undefined ? "" : ` Default ${usual}.`);
}

/** The exit codes of a command with their meanings. */
export function exitsOf(
  { exits, isConfigured }: Subcommand,
): (readonly [code: string, meaning: string])[] {
  const wrong = isConfigured
    ? "The command line or the configuration is wrong; each mistake is named."
    : "The command line is wrong.";
  const rows = [...exits, [64, wrong]] as const;
  return rows.map(([code, meaning]) => [String(code), meaning] as const)
    .sort(([a], [b]) => parseInt(a) - parseInt(b));
}

/** The help of one command. */
export function subcommandHelp(
  name: string,
  subcommand: Subcommand,
  columns = helpWidth(),
): string {
  const { flags, groups = {}, summary, examples = [], more = "" } = subcommand;
  const rows = Object.entries(flags).filter(([flag]) => !flag.includes("."))
    .map(([flag, spec]): [string, string] => [flagUsage(flag, spec), flagText(spec)]);
  for (const [group, what] of Object.entries(groups)) {
    rows.push([`--${group}.NAME VALUE`, `${what}: ${namesOf(group, Object.keys(flags))}.`]);
  }
  rows.push(["--help, --version", "Show this help, or the version."]);
  return [
    `usage: ${usage(name, subcommand)}`,
    "",
    ...wrap(summary, columns),
    "",
    ...inColumns(rows, columns),
    ...paragraphs(more, columns),
    "",
    "Exit codes:",
    ...inColumns(exitsOf(subcommand), columns),
    ...(examples.length === 0 ? [] : ["", ...examples.map((each) => `  $ lineup ${each}`)]),
  ].join("\n");
}

/** The names in a group: of a group of groups, those of each, and what all of them have. */
function namesOf(group: string, flags: readonly string[]): string {
  const paths = flags.filter((flag) => flag.startsWith(`${group}.`))
    .map((flag) => flag.split(".").slice(1));
  const steps = paths[0].map((_, at) => [...new Set(paths.map((path) => path[at]))]);
  if (steps.length === 1) return steps[0].join(", ");
  return steps.map((names) => `{${names.join(",")}}`).join(".");
}

/** The help of all commands. */
export function commandsHelp(
  about: string,
  commands: Readonly<Record<string, Subcommand>>,
  columns = helpWidth(),
): string {
  const rows = Object.entries(commands).map(([name, { summary }]): [string, string] => [
    name,
    summary,
  ]);
  return [
    "usage: lineup COMMAND [flags]",
    "",
    ...wrap(about, columns),
    "",
    ...inColumns(rows, columns),
    ...paragraphs(ABOUT_ALL, columns),
  ].join("\n");
}

/** The paragraphs about all commands. */
export const ABOUT_ALL =
  `An ADDRESS is host:port, tcp://host:port, tls://host:port, unix:PATH, ws://host:port/path or
wss://host:port/path. Without ADDRESS, a command takes the server of --context, of the variable
LINEUP_ADDRESS, or of the context in use (lineup context); else 127.0.0.1:5463. Flags may stand before and
behind it. The words after -- are no flags.

lineup COMMAND --help explains a command and its exit codes. The exit code 64 means a wrong command
line. lineup --version prints the version. NO_COLOR turns colours off.`;

function inColumns(rows: readonly (readonly [left: string, right: string])[], columns: number) {
  const width = Math.max(...rows.map(([left]) => left.length)) + 4;
  // Next to a wide column there may be too little room for the text.
  const isNarrow = columns - width < LEAST / 2;
  const indent = " ".repeat(isNarrow ? 6 : width);
  return rows.flatMap(([left, right]) => {
    const lines = wrap(right, columns - indent.length).map((line) => indent + line);
    if (isNarrow) return [`  ${left}`, ...lines];
    return [`  ${left}`.padEnd(width) + lines[0].slice(width), ...lines.slice(1)];
  });
}

/** Wraps paragraphs, which empty lines divide. Each gets an empty line before it. */
function paragraphs(text: string, columns: number): string[] {
  if (text === "") return [];
  return text.split("\n\n").flatMap((each) => ["", ...wrap(each.replaceAll("\n", " "), columns)]);
}
