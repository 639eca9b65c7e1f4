// `lineup queues`: prints the queues of a server, with the numbers of their jobs.

import { connect } from "../../client/mod.ts";
import { needProtocol } from "../../client/greeting.ts";
import { queueProtocol } from "../../queue/protocol/mod.ts";
import { printable } from "../../protocol/printable.ts";
import { align } from "../columns.ts";
import { destination } from "../destination.ts";
import { dialFlags } from "../dial.ts";
import { age, whole } from "../figures.ts";
import type { Subcommand } from "../flags.ts";
import { note, print, printStyled } from "../output.ts";
import { remoteSpec } from "../remote_spec.ts";

const HEAD = ["queue", "ready", "oldest", "delayed", "taken", "dead", "done", "takers", ""];
/** The columns of numbers. */
const NUMBERS = [1, 2, 3, 4, 5, 6, 7];

/** `lineup queues`. */
export const queues: Subcommand = {
  summary: "Show all queues: how many jobs they hold, and how long the oldest waits.",
  args: "",
  count: [0, 0],
  address: "ADDRESS",
  flags: {
    ...dialFlags,
    json: { summary: "Print each queue as a line of JSON. Durations are milliseconds." },
    names: { summary: "Print the names only." },
  },
  examples: ["queues", "queues --json 127.0.0.1:5463 | jq 'select(.dead > 0)'"],
  more:
    `ready: jobs that can be taken now. oldest: how long the first of them has been ready. delayed: jobs that
wait for their time, or for another try. taken: jobs in work. dead: jobs that failed too often. done: kept
results. takers: requests that wait for a job. The last column says if the queue is paused.`,
  exits: [
    [0, "Printed."],
    [2, "There is no connection, or the server is no queue."],
    [141, "Standard output is closed."],
  ],
  async run(_args, flags) {
    const { address, dial } = destination(flags);
    // Fails with the message of the other commands if there is no server.
    const { greeting } = await remoteSpec(address, dial, { ask: false });
    needProtocol(greeting, queueProtocol);
    await using client = await connect(queueProtocol, address, { agent: "lineup-queues", dial });
    const answer = client.QUEUES();
    const rows: string[][] = [];
    for await (const each of answer) {
      if (flags.names) print(`${each.queue}\n`);
      else if (flags.json) print(JSON.stringify(each) + "\n");
      else rows.push(row(each));
    }
    if (flags.names || flags.json) return 0;
    if (rows.length === 0) {
      note("There is no queue: PUT makes one.");
      return 0;
    }
    const [head, ...lines] = align([HEAD, ...rows], NUMBERS)
      .map((cells) => cells.join("  ").trimEnd() + "\n");
    printStyled("bold", head);
    print(lines.join(""));
    return 0;
  },
};

/** The answer about one queue. */
interface QueueCounts {
  readonly queue: string;
  readonly ready: number;
  readonly oldest?: number;
  readonly delayed: number;
  readonly taken: number;
  readonly dead: number;
  readonly done?: number;
  readonly takers: number;
  readonly paused?: boolean;
}

function row({ queue, oldest, done, paused, ...counts }: QueueCounts): string[] {
  const { ready, delayed, taken, dead, takers } = counts;
  return [
    printable(queue),
    whole(ready),
    oldest === undefined ? "-" : age(oldest),
    ...[delayed, taken, dead, done ?? 0, takers].map(whole),
    paused ? "paused" : "",
  ];
}
