import { Terminal } from "./terminal.ts";
import { History, historyPath } from "./history.ts";
import { runScript } from "./script.ts";
import { painter } from "../style.ts";
import { runInTerminal } from "../raw_terminal.ts";
import { dialer, dialFlags, readAuthority } from "../dial.ts";
import { type Flags, type Subcommand, UsageError } from "../flags.ts";
import { complain } from "../output.ts";

/** `lineup connect`. */
export const connectCommand: Subcommand = {
  summary: "Talk to a server: a terminal for people, a pipe for scripts.",
  args: "ADDRESS",
  count: [1, 1],
  flags: {
    ...dialFlags,
    history: {
      value: "FILE",
      summary: "Where to keep the lines entered. Default $XDG_STATE_HOME/lineup/history.",
    },
    "no-history": { summary: "Keep no lines, and read none of earlier runs." },
    raw: { summary: "Show the bytes both ways; into a pipe: exactly those that come." },
  },
  examples: [
    "connect 127.0.0.1:5463",
    "connect unix:/run/lineup.sock < requests.txt",
  ],
  more:
    `At a terminal: Tab completes, /help explains, Ctrl-C cancels a request, Ctrl-D leaves. NO_COLOR
turns colours off. The exit code is 0, or 2 for no connection.

Otherwise standard input is a script, a request a line, sent as it stands, and replies go to standard
output in the order of the protocol. It ends once the server closes the connection, which it does when
all is answered, or has not done so a second later. The exit code is 0 if the last reply was OK, 1 if it was ERR, 2
if there was no connection or it was lost before all was answered, 141 where nobody reads the
output.`,
  async run([address], flags) {
    const isTerminal = Deno.stdin.isTerminal() && Deno.stdout.isTerminal() &&
      Deno.env.get("TERM") !== "dumb";
    const history = openHistory(flags);
    const dial = dialer(readAuthority(flags));
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

/** Checks the flags at once; the file is opened for a terminal only. */
function openHistory(flags: Flags): () => History {
  const { history } = flags;
  if (history !== undefined && flags["no-history"]) {
    throw new UsageError("--history and --no-history exclude each other.");
  }
  return () => {
    const path = flags["no-history"] ? undefined : history ?? historyPath(Deno.env);
    return new History(path, complain);
  };
}
