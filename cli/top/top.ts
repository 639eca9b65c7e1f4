import { connect, ConnectionLost, type DynamicClient } from "../../client/mod.ts";
import { dialer, dialFlags, readAuthority } from "../dial.ts";
import type { Subcommand } from "../flags.ts";
import { print } from "../output.ts";
import { remoteSpec } from "../remote_spec.ts";
import { runInTerminal } from "../raw_terminal.ts";
import { painter } from "../style.ts";
import { Live } from "./live.ts";
import { page } from "./page.ts";
import { readings } from "./readings.ts";

/** Columns of a page that goes to no terminal. */
const COLUMNS = 80;

/** `lineup top`. */
export const top: Subcommand = {
  summary: "Watch a server: rates, who waits, what is refused.",
  args: "ADDRESS",
  count: [1, 1],
  flags: {
    ...dialFlags,
    interval: {
      value: "DURATION",
      type: { type: "duration", min: 100, max: 3_600_000 },
      summary: "From one look at the server to the next.",
      default: "1s",
    },
    count: {
      value: "N",
      type: { type: "integer", min: 1, max: 1e9 },
      summary: "Print so many pages below each other, then end.",
    },
    json: { summary: "Print a line of JSON for each look." },
  },
  examples: [
    "top 127.0.0.1:5463",
    "top --count 1 127.0.0.1:5463",
    "top --json --interval 10s 127.0.0.1:5463 >> figures.jsonl",
  ],
  more:
    `It asks for STATS and shows what happens a second: requests, errors by their codes, connections that
were refused; for each class of requests how many wait, run, were shed or came too late, and how long
they waited (half, nine tenths and 99 of a hundred of them at most, in ms); the flows of which most waits; and what the service tells of itself.

At a terminal the page is drawn anew: q leaves, the space bar looks at once, and a lost connection is
made again. Into a pipe, or with --count or --json, pages follow each other, the first after one
interval, until Ctrl-C.

--json prints {"time": ..., "seconds": ..., "figures": {...}, "rates": {...}}: each figure of STATS by
its name, and of those that end in -total how much they grew a second.

Exit code: 0, 2 if there was no connection or, where pages follow each other, it was lost; 130 after
Ctrl-C there, 141 where nobody reads the output.`,
  async run([address], flags) {
    const { interval, count, json } = flags;
    const dial = dialer(readAuthority(flags));
    // Sees that there is a server, in the words of the other commands.
    const { greeting } = await remoteSpec(address, dial);
    await using client = await connect(address, { agent: "lineup-top", dial });
    const name = `${greeting.name}/${greeting.version} at ${address}`;
    const isLive = count === undefined && !json && Deno.stdin.isTerminal() &&
      Deno.stdout.isTerminal() && Deno.env.get("TERM") !== "dumb";
    if (!isLive) {
      await printAll(client, name, { interval, count: count ?? Infinity, json });
      return 0;
    }
    const code = await runInTerminal((device, suspend) =>
      new Live({
        name,
        interval,
        device,
        suspend,
        paint: painter(!Deno.noColor),
        read: (pace) => readings(client, pace),
      })
    );
    // Nobody waits for an answer that is still to come.
    await client.close(0);
    return code;
  },
};

/** Prints pages, or lines of JSON. Throws why there is none. */
async function printAll(
  client: DynamicClient,
  name: string,
  { interval, count, json }: { interval: number; count: number; json: boolean },
): Promise<void> {
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  let printed = 0;
  for await (const reading of readings(client, { interval, pause })) {
    if (reading instanceof Error) {
      const { message } = reading;
      throw reading instanceof ConnectionLost ? reading : new ConnectionLost(message, "no");
    }
    // Rates take two.
    if (reading.seconds === undefined) continue;
    if (json) print(JSON.stringify({ time: new Date().toISOString(), ...reading.toJson() }) + "\n");
    else {
      const rows = page(reading, name, COLUMNS);
      const text = rows.map((row) => row.map(({ text }) => text).join("").trimEnd() + "\n").join(
        "",
      );
      print((printed > 0 ? "\n" : "") + text);
    }
    if (++printed === count) return;
  }
}
