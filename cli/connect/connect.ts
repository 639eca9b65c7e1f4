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
    raw: { summary: "Show the bytes both ways. Into a pipe: exactly the bytes that come." },
  },
  examples: [
    "connect",
    "connect unix:/run/lineup.sock < requests.txt",
  ],
  more:
    `At a terminal: Tab completes, /help explains, Ctrl-C cancels a request, Ctrl-D leaves. NO_COLOR turns
colours off.

Otherwise standard input is a script with a request a line, which is sent as it stands. Replies go to
standard output in the order of the protocol. The run ends when the server closes the connection, or
a second after the last answer.`,
  exits: [
    [0, "The last reply of a script was OK; a person left."],
    [1, "The last reply of a script was ERR."],
    [2, "There is no connection, or it was lost before all requests were answered."],
    [141, "Standard output is closed."],
  ],
  async run(_args, flags) {
    const isTerminal = Deno.stdin.isTerminal() && Deno.stdout.isTerminal() &&
      Deno.env.get("TERM") !== "dumb";
    const history = openHistory(flags);
    const { address, dial } = destination(flags);
    if (!isTerminal) return await runScript(address, { raw: flags.raw, dial });
    return await runInTerminal((device, suspend) =>
      new Terminal({
        address,
        dial,
        device,
        suspend,
        history: history(),
        paint: painter(!Deno.noColor),
        raw: flags.raw,
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
