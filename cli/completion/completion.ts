// `lineup completion`: prints the completion of a shell.

import { nearest, type Subcommand, UsageError } from "../flags.ts";
import { print } from "../output.ts";
import { bash } from "./bash.ts";
import { fish } from "./fish.ts";
import { type CommandWords, wordsOf } from "./words.ts";
import { zsh } from "./zsh.ts";

const SHELLS: Readonly<Record<string, (commands: readonly CommandWords[]) => string>> = {
  bash,
  zsh,
  fish,
};

/** `lineup completion`. */
export const completion: Subcommand = {
  summary: "Print the completion of commands, flags and values for a shell.",
  args: "bash | zsh | fish",
  count: [1, 1],
  completes: [Object.keys(SHELLS), []],
  flags: {},
  examples: [
    "completion bash > ~/.local/share/bash-completion/completions/lineup",
    "completion zsh > ~/.zfunc/_lineup",
    "completion fish > ~/.config/fish/completions/lineup.fish",
  ],
  more:
    `In a shell that runs already, eval "$(lineup completion bash)" loads it; zsh the same, after compinit. For
zsh the folder of the file must be in $fpath. The script knows the flags of this version: print it again
after an update.`,
  exits: [[0, "Printed."], [141, "Standard output is closed."]],
  async run([shell], _flags, program) {
    if (!Object.hasOwn(SHELLS, shell)) {
      throw new UsageError(
        `There is no completion for ${shell}${nearest(shell, Object.keys(SHELLS))}`,
      );
    }
    print(SHELLS[shell](await wordsOf(program)));
    return 0;
  },
};
