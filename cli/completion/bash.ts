// The completion script of bash. It needs no package beside bash, and works from version 3.2 on.

import type { Completions } from "../flags.ts";
import type { CommandWords } from "./words.ts";

/** The script. */
export function bash(commands: readonly CommandWords[]): string {
  return `# Completion of lineup for bash, printed by: lineup completion bash
_lineup() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  local flags= valued= kind= words= ended= named= number=0 at each skip
  # bash splits --flag=value into three words.
  if [[ $word == = ]]; then word=
  elif [[ $before == = ]]; then before=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  # bash splits @FILE too, unless COMP_WORDBREAKS is changed, but takes both words for the one to complete.
  if [[ $word == @* ]]; then word=\${word#@} named=1
  elif [[ $before == @ ]]; then named=1
  fi
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W '${names(commands)} --help --version' -- "$word"))
    return
  fi
  case \${COMP_WORDS[1]} in
${commands.map(caseOf).join("")}  esac
  for ((at = 2; at < COMP_CWORD; at++)); do
    each=\${COMP_WORDS[at]}
    if [[ -n $ended ]]; then :
    elif [[ $each == -- ]]; then ended=$at
    elif [[ -n $skip ]]; then [[ $each == = ]] || skip=
    elif [[ $valued == *" $each "* ]]; then skip=1
    elif [[ $each != -* ]]; then number=$((number + 1))
    fi
  done
  if [[ -n $ended ]]; then
    kind=
    if [[ \${COMP_WORDS[1]} == @(${programs(commands)}) ]]; then
      kind=files
      ((ended == COMP_CWORD - 1)) && kind=programs
    fi
  elif [[ -n $named ]]; then kind=named
  elif [[ $valued == *" $before "* ]]; then :
  elif [[ $word == -* ]]; then kind=words words=$flags
  else
    kind=
    case \${COMP_WORDS[1]}:$number in
${commands.map(argsOf).join("")}    esac
  fi
  local IFS=$'\\n'
  case $kind in
    words) IFS=$' \\n'; COMPREPLY=($(compgen -W "$words" -- "$word")) ;;
    contexts) COMPREPLY=($(compgen -W "$(lineup context list --names 2> /dev/null)" -- "$word")) ;;
    programs) COMPREPLY=($(compgen -c -- "$word")) ;;
    files)
      type compopt &> /dev/null && compopt -o filenames
      COMPREPLY=($(compgen -f -- "$word"))
      ;;
    named)
      # compopt would quote the @.
      for each in $(compgen -f -- "$word"); do
        [[ -d $each ]] && each+=/ && type compopt &> /dev/null && compopt -o nospace
        printf -v each %q "$each"
        COMPREPLY+=("@$each")
      done
      ;;
  esac
}
complete -F _lineup lineup
`;
}

function names(commands: readonly CommandWords[]): string {
  return commands.map(({ name }) => name).join(" ");
}

function programs(commands: readonly CommandWords[]): string {
  return commands.filter(({ runsProgram }) => runsProgram).map(({ name }) => name).join("|");
}

/** The flags of a command, and the kind of the value that the word before the cursor takes. */
function caseOf({ name, flags }: CommandWords): string {
  const valued = flags.filter(({ values }) => values !== undefined);
  const kinds = valued.filter(({ values }) => values!.length > 0)
    .map(({ flag, values }) => `        ${flag}) ${kindOf(values!)} ;;\n`).join("");
  const lines = [
    `      flags='${flags.map(({ flag }) => flag).join(" ")}'\n`,
    ...(valued.length === 0
      ? []
      : [`      valued=' ${valued.map(({ flag }) => flag).join(" ")} '\n`]),
    ...(kinds === "" ? [] : [`      case $before in\n${kinds}      esac\n`]),
  ];
  return `    ${name})\n${lines.join("")}      ;;\n`;
}

function argsOf({ name, args }: CommandWords): string {
  return args.map((values, at) =>
    values.length === 0
      ? ""
      : `      ${name}:${at === args.length - 1 ? "*" : at}) ${kindOf(values)} ;;\n`
  ).join("");
}

function kindOf(values: Completions): string {
  return typeof values === "string" ? `kind=${values}` : `kind=words words='${values.join(" ")}'`;
}
