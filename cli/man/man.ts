// `lineup man`: prints the manual page, which is made from the help of all commands.

import { ABOUT_ALL, exitsOf, flagText, flagUsage } from "../help.ts";
import { type LineupProgram, type Subcommand, usage } from "../flags.ts";
import { print } from "../output.ts";

/** `lineup man`. */
export const man: Subcommand = {
  summary: "Print the manual page of all commands.",
  args: "",
  count: [0, 0],
  flags: {},
  examples: [
    "man > ~/.local/share/man/man1/lineup.1",
    "man | man -l -",
  ],
  exits: [[0, "Printed."], [141, "Standard output is closed."]],
  async run(_args, _flags, program) {
    print(await page(program));
    return 0;
  },
};

/** The page, for man(1). */
async function page({ version, description, commands }: LineupProgram): Promise<string> {
  const all = Object.entries(await commands());
  return [
    `.TH LINEUP 1 "" "lineup ${version}" "User Commands"`,
    // No line is stretched, and no word is broken.
    ".nh",
    ".ad l",
    ".SH NAME",
    `lineup \\- ${text(description.replace(/\.$/, ""))}`,
    ".SH SYNOPSIS",
    ...all.flatMap(([name, command]) => [`.B ${text(usage(name, command))}`, ".br"]),
    ".SH DESCRIPTION",
    ...paragraphs(ABOUT_ALL),
    ".SH COMMANDS",
    ...all.flatMap(([name, command]) => section(name, command)),
    ".SH EXIT STATUS",
    "Each command tells its exit codes above. All commands exit with 64 for a wrong command line.",
    ".SH ENVIRONMENT",
    ...ENVIRONMENT.flatMap(([name, meaning]) => [".TP", `.B ${text(name)}`, text(meaning)]),
    ".SH FILES",
    ...FILES.flatMap(([name, meaning]) => [".TP", `.I ${text(name)}`, text(meaning)]),
    "",
  ].join("\n");
}

const ENVIRONMENT = [
  ["LINEUP_ADDRESS", "The server of commands that have no ADDRESS."],
  ["NO_COLOR", "Turns colours off."],
  ["LINEUP_TOKEN", "The token that proves who you are. --token-file and a context come before it."],
  ["LINEUP_ID, LINEUP_QUEUE, LINEUP_KEY, LINEUP_ATTEMPT", "Set for the programs of lineup work."],
] as const;
const FILES = [
  [
    "$XDG_CONFIG_HOME/lineup/contexts.json",
    "The contexts. Default ~/.config/lineup/contexts.json.",
  ],
  [
    "$XDG_STATE_HOME/lineup/history",
    "The lines of lineup connect. Default ~/.local/state/lineup/history.",
  ],
] as const;

function section(name: string, command: Subcommand): string[] {
  const { summary, flags, more = "", examples = [] } = command;
  return [
    `.SS ${text(usage(name, command))}`,
    text(summary),
    ...Object.entries(flags).flatMap(([flag, spec]) => [
      ".TP",
      `.B ${text(flagUsage(flag, spec))}`,
      text(flagText(spec)),
    ]),
    ...paragraphs(more),
    ".PP",
    "Exit codes:",
    ...exitsOf(command).flatMap(([code, meaning]) => [".TP", `.B ${text(code)}`, text(meaning)]),
    ...(examples.length === 0 ? [] : [
      ".PP",
      "Examples:",
      ".PP",
      ".nf",
      ...examples.map((each) => text(`lineup ${each}`)),
      ".fi",
    ]),
  ];
}

function paragraphs(all: string): string[] {
  if (all === "") return [];
  return all.split("\n\n").flatMap((each) => [".PP", text(each.replaceAll("\n", " "))]);
}

/** A text as roff prints it: no character of it is a command, and a dash is the one that people type. */
function text(plain: string): string {
  const escaped = plain.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("^", "\\(ha")
    .replaceAll("~", "\\(ti").replaceAll("`", "\\(ga").replaceAll("'", "\\(aq").replaceAll(
      '"',
      "\\(dq",
    );
  return /^[.']/.test(plain) ? `\\&${escaped}` : escaped;
}
