// `lineup top`: watches a server.

import { connect, ConnectionLost, type DynamicClient } from "../../client/mod.ts";
import { destination } from "../destination.ts";
import { dialFlags } from "../dial.ts";
import type { Subcommand } from "../flags.ts";
import { print } from "../output.ts";
import { remoteSpec } from "../remote_spec.ts";
import { canShowPage, showPage } from "../live_page.ts";
import { pause, polled } from "../polled.ts";
import { page } from "./page.ts";
import { Reading, type Sample, takeSample } from "./sample.ts";

/** The width of a page that is printed. */
const COLUMNS = 80;

/** `lineup top`. */
export const top: Subcommand = {
  summary: "Watch a server: its rates, its waiting requests, its refusals.",
  args: "",
  count: [0, 0],
  address: "ADDRESS",
  flags: {
    ...dialFlags,
    interval: {
      value: "DURATION",
      type: { type: "duration", min: 100, max: 3_600_000 },
      summary: "The time from one reading of the server to the next.",
      default: "1s",
    },
    count: {
      value: "N",
      type: { type: "integer", min: 1, max: 1e9 },
      summary: "Print N pages below each other, then end.",
    },
    json: { summary: "Print a line of JSON for each reading." },
  },
  examples: [
    "top",
    "top --count 1 127.0.0.1:5463",
    "top --json --interval 10s 127.0.0.1:5463 >> figures.jsonl",
  ],
  more:
    `lineup top asks for STATS. It shows rates a second: requests, errors by code, refused connections. For
each class of requests it shows how many wait, run, were shed or expired, and the percentiles of their
waiting time in ms. Then it shows the flows with most requests waiting, and the figures of the service.
Of a queue server it shows the queues as well: those whose oldest job waits longest first, then those in
which most happens (\`lineup queues --watch\` shows them all).

At a terminal it updates one page: q quits, the space bar updates at once, and a lost connection is made
again. Into a pipe, or with --count or --json, it prints page after page until Ctrl-C, the first one
after one interval.

--json prints {"time": ..., "seconds": ..., "figures": {...}, "rates": {...}}: each figure of STATS by
its name, and the growth a second of each figure whose name ends in -total. Of a queue server it has
"queues" too, a list of at most 1,000 answers to QUEUES.`,
  exits: [
    [0, "Its own end, or q at a terminal."],
    [2, "There is no connection, or it is lost while pages are printed."],
    [130, "Ctrl-C while pages are printed."],
    [141, "Standard output is closed."],
  ],
  async run(_args, flags) {
    const { interval, count, json } = flags;
    const { address, dial } = destination(flags);
    // Fails with the message of the other commands if there is no server.
    const { greeting, compiled } = await remoteSpec(address, dial);
    const hasQueues = compiled?.protocol.commands.QUEUES?.options?.details !== undefined;
    await using client = await connect(address, { agent: "lineup-top", dial });
    const name = `${greeting.name}/${greeting.version} at ${address}`;
    const isLive = count === undefined && !json && canShowPage();
    const read = readingsOf(client, hasQueues);
    if (!isLive) {
      await printAll(read, name, { interval, count: count ?? Infinity, json });
      return 0;
    }
    const code = await showPage<Reading>({
      name,
      interval,
      read,
      page: (reading, columns) => page(reading, name, columns),
    });
    // Do not wait for the answer to the last STATS.
    await client.close(0);
    return code;
  },
};

/** Takes readings of a server, the first without rates. */
function readingsOf(
  client: DynamicClient,
  hasQueues: boolean,
): (within: number) => Promise<Reading> {
  let before: Sample | undefined;
  return async (within) => {
    const sample = await takeSample(client, within, hasQueues);
    const reading = new Reading(sample, before);
    before = sample;
    return reading;
  };
}

/** Prints pages, or lines of JSON. Rejects with `ConnectionLost` when a reading fails. */
async function printAll(
  read: (within: number) => Promise<Reading>,
  name: string,
  { interval, count, json }: { interval: number; count: number; json: boolean },
): Promise<void> {
  let printed = 0;
  for await (const reading of polled(read, { interval, pause })) {
    if (reading instanceof Error) {
      const { message } = reading;
      throw reading instanceof ConnectionLost ? reading : new ConnectionLost(message, "no");
    }
    // Rates need two readings.
    if (reading.seconds === undefined) continue;
    if (json) print(JSON.stringify({ time: new Date().toISOString(), ...reading.toJson() }) + "\n");
    else {
      const lines = page(reading, name, COLUMNS)
        .map((row) => row.map(({ text }) => text).join("").trimEnd() + "\n");
      print((printed > 0 ? "\n" : "") + lines.join(""));
    }
    if (++printed === count) return;
  }
}
