// `lineup connect`: a terminal for people, a pipe for scripts.

import { Terminal } from "./terminal.ts";
import { ownFile } from "../own_files.ts";
import { History } from "./history.ts";
import { runScript } from "./script.ts";
import { painter } from "../style.ts";
import { runInTerminal } from "../raw_terminal.ts";
import { destination } from "../destination.ts";
import { dialFlags } from "../dial.ts";
import { type Flags, type Subcommand, UsageError } from "../flags.ts";
import { complain } from "../output.ts";

/** `lineup connect`. */
export const connectCommand: Subcommand = {
  summary: "Talk to a server: a terminal for people, a pipe for scripts.",
  args: "",
  count: [0, 0],
  address: "ADDRESS",
  flags: {
    ...dialFlags,
    history: {
      value: "FILE",
      summary: "The file for the lines entered. Default $XDG_STATE_HOME/lineup/history.",
    },
    "no-history": { summary: "Keep no lines, and read no lines of earlier runs." },
    raw: {
      summary:
        "Show the bytes both ways. A script is sent as it stands, and into a pipe go exactly the bytes that come.",
    },
    "stop-on-error": {
      summary:
        "In a script, send a request when the one before is answered, and stop at the first ERR.",
    },
    quiet: { summary: "Of a script, print the ERR replies only." },
  },
  examples: [
    "connect",
    "connect unix:/run/lineup.sock < requests.txt",
    "connect --stop-on-error --quiet < seed.txt",
  ],
  more:
    `At a terminal: Tab completes, /help explains, Ctrl-C cancels a request, Ctrl-D leaves. NO_COLOR turns
colours off.

Otherwise standard input is a script with a request a line. A last word @FILE or <<END gives a body, as at
the terminal: the bytes of a file, or the lines up to a line that says END. A body may also follow its
length {N}, as on the wire. Whatever the line says, the lines up to END are never run as requests: if the
request takes no body, the server refuses it. Text that begins with << needs quotes. A line that begins with # and a space is a comment. Replies go to standard
output in the order of the protocol. The run ends when the server closes the connection, or a second after
the last answer.`,
  exits: [
    [0, "The last reply of a script was OK; a person left."],
    [1, "The last reply of a script was ERR, or a line of it is wrong."],
    [2, "There is no connection, or it was lost before all requests were answered."],
    [141, "Standard output is closed."],
  ],
  async run(_args, flags) {
    const isTerminal = Deno.stdin.isTerminal() && Deno.stdout.isTerminal() &&
      Deno.env.get("TERM") !== "dumb";
    const history = openHistory(flags);
    const { address, dial } = destination(flags);
    const { raw, quiet, "stop-on-error": stopOnError } = flags;
    if (raw && quiet) throw new UsageError("--raw and --quiet exclude each other.");
    if (raw && stopOnError) throw new UsageError("--raw and --stop-on-error exclude each other.");
    if (!isTerminal) return await runScript(address, { raw, quiet, stopOnError, dial });
    for (const name of ["quiet", "stop-on-error"]) {
      if (flags[name]) throw new UsageError(`--${name} needs a script on standard input.`);
    }
    return await runInTerminal((device, suspend) =>
      new Terminal({
        address,
        dial,
        device,
        suspend,
        history: history(),
        paint: painter(!Deno.noColor),
        raw,
      })
    );
  },
};

/** Checks the flags now; the function opens the file, which only a terminal needs. */
function openHistory(flags: Flags): () => History {
  const { history } = flags;
  if (history !== undefined && flags["no-history"]) {
    throw new UsageError("--history and --no-history exclude each other.");
  }
  return () => {
    const path = flags["no-history"] ? undefined : history ?? ownFile("state", "history", Deno.env);
    return new History(path, complain);
  };
}
