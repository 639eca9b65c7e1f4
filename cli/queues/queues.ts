// `lineup queues`: shows the queues of a server, once or again and again.

import { type Client, connect } from "../../client/mod.ts";
import { ConnectionLost } from "../../client/mod.ts";
import { needProtocol } from "../../client/greeting.ts";
import { queueProtocol } from "../../queue/protocol/mod.ts";
import { printable } from "../../protocol/printable.ts";
import { align } from "../columns.ts";
import { destination } from "../destination.ts";
import { dialFlags } from "../dial.ts";
import { counted } from "../figures.ts";
import { type Flags, type Subcommand, UsageError } from "../flags.ts";
import { canShowPage, showPage } from "../live_page.ts";
import { note, print, printStyled } from "../output.ts";
import { type PageRow, plain, table } from "../page_layout.ts";
import { pause, polled } from "../polled.ts";
import { remoteSpec } from "../remote_spec.ts";
import { inOrder, ORDERS, type QueueState, queueTable } from "./queue_table.ts";

type QueueServer = Client<typeof queueProtocol>;

/** From so many columns on a page has all columns of the table. */
const WIDE = 100;
/** The time for an answer, in ms. */
const TIMEOUT_MS = 60_000;

/** `lineup queues`. */
export const queues: Subcommand = {
  summary: "Show the queues: their jobs, how long the oldest waits, their rates and limits.",
  args: "",
  count: [0, 0],
  address: "ADDRESS",
  flags: {
    ...dialFlags,
    match: {
      value: "PATTERN",
      summary: "Only queues of such names: * stands for any characters, ? for one.",
    },
    sort: {
      value: "ORDER",
      type: { type: "enum", values: ORDERS },
      summary:
        "By name; by a column, the highest first; or by urgency: the oldest job, then the takes.",
      default: "name",
    },
    limit: {
      value: "N",
      type: { type: "integer", min: 1, max: 100_000 },
      summary: "Show N queues at most.",
    },
    after: {
      value: "NAME",
      summary: "Only queues whose names are behind this one: the next page.",
    },
    watch: { summary: "Show them again and again." },
    interval: {
      value: "DURATION",
      type: { type: "duration", min: 100, max: 3_600_000 },
      summary: "With --watch: the time from one answer of the server to the next. Default 2s.",
    },
    json: { summary: "Print each queue as a line of JSON. Durations are milliseconds." },
    names: { summary: "Print the names only." },
  },
  examples: [
    "queues",
    "queues --watch --sort urgency",
    "queues --match 'mail.*' --limit 20 127.0.0.1:5463",
    "queues --json 127.0.0.1:5463 | jq 'select(.dead > 0)'",
  ],
  more:
    `ready: jobs that can be taken now. oldest: how long the first of them has been ready. delayed: jobs that
wait for their time, or for another try. taken: jobs in work. dead: jobs that failed too often. done: kept
results. takers: requests that wait for a job. Rates are averages of the last minute or so. limits: as LIMIT
and PAUSE have set them.

With --watch at a terminal it updates one page: q quits, the space bar updates at once, and a lost
connection is made again. Into a pipe it prints table after table until Ctrl-C.`,
  exits: [
    [0, "Printed."],
    [2, "There is no connection, or the server is no queue."],
    [130, "Ctrl-C while tables are printed."],
    [141, "Standard output is closed."],
  ],
  async run(_args, flags) {
    const { watch, interval = 2000, names, json } = flags;
    if (names && json) throw new UsageError("--names and --json exclude each other.");
    if (flags.interval !== undefined && !watch) {
      throw new UsageError("--interval needs --watch as well.");
    }
    const { address, dial } = destination(flags);
    // Fails with the message of the other commands if there is no server.
    const { greeting } = await remoteSpec(address, dial, { ask: false });
    needProtocol(greeting, queueProtocol);
    await using client = await connect(queueProtocol, address, { agent: "lineup-queues", dial });
    const show = names ? showNames : json ? showJson : showTable;
    if (!watch) {
      show(await ask(client, flags, TIMEOUT_MS), flags);
      return 0;
    }
    const read = (within: number): Promise<Queues> => ask(client, flags, within);
    if (!json && !names && canShowPage()) {
      const name = `queues at ${address}`;
      const code = await showPage<Queues>({
        name,
        interval,
        read,
        page: (all, columns) => page(all, name, columns),
      });
      // Do not wait for the answer to the last QUEUES.
      await client.close(0);
      return code;
    }
    let isFirst = true;
    for await (const all of polled(read, { interval, pause })) {
      if (all instanceof Error) {
        throw all instanceof ConnectionLost ? all : new ConnectionLost(all.message, "no");
      }
      if (!isFirst && !json && !names) print("\n");
      isFirst = false;
      show(all, flags);
    }
    return 0;
  },
};

/** The queues to be shown. */
interface Queues {
  readonly shown: readonly QueueState[];
  /** How many there are beside them; `undefined` if only the server knows. */
  readonly left: number | undefined;
}

/** Asks for the queues that the flags mean. */
async function ask(
  client: QueueServer,
  { match, after, sort, limit = Infinity }: Flags,
  within: number,
): Promise<Queues> {
  // The server pages by name. For another order all must be known.
  const max = sort === "name" && limit < Infinity ? limit : undefined;
  const answer = client.QUEUES({ match, after, max, details: true }, { within });
  const all: QueueState[] = await answer.all();
  const next = (await answer.reply).after;
  if (sort !== "name") all.sort(inOrder(sort));
  const shown = all.slice(0, limit);
  return { shown, left: next === undefined ? all.length - shown.length : undefined };
}

function showNames({ shown }: Queues): void {
  for (const { queue } of shown) print(`${queue}\n`);
}

function showJson({ shown }: Queues): void {
  for (const each of shown) print(JSON.stringify(each) + "\n");
}

function showTable(all: Queues, { match, after }: Flags): void {
  const { shown } = all;
  if (shown.length === 0) {
    const some = match !== undefined || after !== undefined;
    note(some ? "There is no such queue." : "There is no queue: PUT makes one.");
    return;
  }
  const { head: heads, rows } = queueTable(shown, false);
  const numbers = heads.map((_, at) => at).slice(1, -1);
  const [head, ...lines] = align([heads, ...rows], numbers)
    .map((cells) => cells.join("  ").trimEnd() + "\n");
  printStyled("bold", head);
  print(lines.join(""));
  const more = leftOver(all);
  if (more !== undefined) note(more);
}

/** A sentence about the queues that are not shown. */
function leftOver({ shown, left }: Queues): string | undefined {
  if (left === 0) return undefined;
  if (left !== undefined) {
    return `${left === 1 ? "There is" : "There are"} ${counted(left, "more queue")}.`;
  }
  return `There are more queues: --after ${
    printable(shown[shown.length - 1].queue)
  } shows the next ones.`;
}

function page(all: Queues, name: string, columns: number): PageRow[] {
  const time = new Date().toLocaleTimeString("sv");
  const more = leftOver(all);
  const { head, rows } = queueTable(all.shown, columns < WIDE);
  return [
    [{ text: printable(name), style: "bold" }, { text: `   ${time}`, style: "dim" }],
    ...table({ head, words: 1, endsInWords: true }, rows),
    ...all.shown.length === 0 ? [[], [plain("There is no such queue.")]] : [],
    ...more === undefined ? [] : [[{ text: more, style: "dim" as const }]],
  ];
}
