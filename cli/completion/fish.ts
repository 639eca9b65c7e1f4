// The completion script of fish.

import type { Completions } from "../flags.ts";
import type { CommandWords, FlagWords } from "./words.ts";

/** The script. */
export function fish(commands: readonly CommandWords[]): string {
  return `# Completion of lineup for fish, printed by: lineup completion fish

# Whether the command is this one, and the cursor is at the argument of this number. Flags with a value follow.
function __lineup_at
    set -l words (commandline -opc)
    test "$words[2]" = $argv[1]; or return 1
    contains -- -- $words; and return 1
    set -q argv[2]; or return 0
    set -l number 0
    set -l skip 0
    for word in $words[3..]
        if test $skip = 1
            set skip 0
        else if contains -- $word $argv[3..]
            set skip 1
        else if not string match -q -- '-*' $word
            set number (math $number + 1)
        end
    end
    test $skip = 0; and test $number -ge $argv[2]
end

# Whether the cursor is behind -- of this command: at the program itself, or at an argument of it.
function __lineup_program
    set -l words (commandline -opc)
    test "$words[2]" = $argv[1]; or return 1
    test $argv[2] = program; and test "$words[-1]" = --; and return 0
    test $argv[2] = argument; and contains -- -- $words[3..-2]
end

complete -c lineup -f
complete -c lineup -n 'test (count (commandline -opc)) = 1' -l help -d 'Show this help.'
complete -c lineup -n 'test (count (commandline -opc)) = 1' -l version -d 'Show the version.'
${commands.map(commandLine).join("")}${commands.map(linesOf).join("")}`;
}

function commandLine({ name, summary }: CommandWords): string {
  return `complete -c lineup -n 'test (count (commandline -opc)) = 1' -a ${name} -d ${
    quoted(summary)
  }\n`;
}

function linesOf({ name, flags, args, runsProgram }: CommandWords): string {
  const valued = flags.filter(({ values }) => values !== undefined).map(({ flag }) => flag);
  const lines = [
    ...flags.map((flag) => `-n '__lineup_at ${name}' ${flagOf(flag)}`),
    ...args.map((values, at) =>
      values.length === 0
        ? undefined
        : `-n '${[`__lineup_at ${name}`, at, ...valued].join(" ")}${
          at < args.length - 1 ? `; and not __lineup_at ${[name, at + 1, ...valued].join(" ")}` : ""
        }' ${valuesOf(values)}`
    ),
    ...(runsProgram
      ? [
        `-n '__lineup_program ${name} program' -a '(__fish_complete_command)'`,
        `-n '__lineup_program ${name} argument' -F`,
      ]
      : []),
  ];
  return lines.filter((line) => line !== undefined).map((line) => `complete -c lineup ${line}\n`)
    .join("");
}

function flagOf({ flag, summary, values }: FlagWords): string {
  const value = values === undefined ? "" : ` -r ${valuesOf(values)}`;
  return `-l ${flag.slice(2)}${value} -d ${quoted(summary)}`.replaceAll("  ", " ");
}

function valuesOf(values: Completions): string {
  switch (values) {
    case "files":
      return "-F";
    case "contexts":
      return "-f -a '(lineup context list --names 2>/dev/null)'";
    case "programs":
      return "-f -a '(__fish_complete_command)'";
    default:
      return values.length === 0 ? "-f" : `-f -a ${quoted(values.join(" "))}`;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, "\\$&")}'`;
}
