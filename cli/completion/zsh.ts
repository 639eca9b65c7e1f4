// The completion script of zsh: a function for its completion system.

import type { Completions } from "../flags.ts";
import type { CommandWords, FlagWords } from "./words.ts";

/** The script. */
export function zsh(commands: readonly CommandWords[]): string {
  return `#compdef lineup
# Completion of lineup for zsh, printed by: lineup completion zsh
_lineup_contexts() {
  compadd -- \${(f)"$(lineup context list --names 2> /dev/null)"}
}

_lineup() {
  local curcontext=$curcontext context state state_descr line end
  typeset -A opt_args
  local -a subcommands=(
${commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}\n`).join("")}  )
  _arguments -C \\
    '(- *)--help[Show this help.]' \\
    '(- *)--version[Show the version.]' \\
    '1: :->command' \\
    '*:: :->argument' && return
  if [[ $state == command ]]; then
    _describe command subcommands
    return
  fi
  end=\${words[(i)--]}
  if (( end < CURRENT )); then
    if [[ $words[1] == (${programs(commands)}) ]]; then
      words=("\${(@)words[end+1,-1]}")
      (( CURRENT -= end ))
      _normal
    fi
    return
  fi
  case $words[1] in
${commands.map(caseOf).join("")}  esac
}

if [[ $funcstack[1] == _lineup ]]; then
  _lineup "$@"
else
  compdef _lineup lineup
fi
`;
}

function programs(commands: readonly CommandWords[]): string {
  return commands.filter(({ runsProgram }) => runsProgram).map(({ name }) => name).join("|");
}

function caseOf({ name, flags, args }: CommandWords): string {
  // Without a spec for arguments zsh completes no flag behind one.
  const all = args.length === 0 ? [[]] : args;
  const specs = [...flags.map(flagSpec), ...all.map((values, at) => argSpec(values, at, all))];
  const lines = specs.map((spec) => ` \\\n        ${quoted(spec)}`).join("");
  return `    ${name})\n      _arguments${lines}\n      ;;\n`;
}

/** \`--flag=[summary]:message:action\`. A flag may be given again: lineup says whether it may. */
function flagSpec({ flag, summary, values }: FlagWords): string {
  const text = `[${summary.replaceAll(/[\\\[\]:]/g, "\\$&")}]`;
  if (values === undefined) return flag + text;
  return `*${flag}=${text}:${flag.slice(2)}:${actionOf(values)}`;
}

function argSpec(values: Completions, at: number, all: readonly Completions[]): string {
  return `${at === all.length - 1 ? "*" : at + 1}:argument:${actionOf(values)}`;
}

function actionOf(values: Completions): string {
  switch (values) {
    case "files":
      return "_files";
    case "contexts":
      return "_lineup_contexts";
    case "programs":
      return "_command_names";
    default:
      // Empty where nothing is known of the value. A space would show a message in the place of flags.
      return `(${values.join(" ")})`;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
