// A queue in a process of its own that compares counted and real memory: `deno run --v8-flags=--expose-gc
// measured.ts`. It prints a line of JSON for each of `KINDS`.

import {
  memoryStore,
  type OpenQueue,
  openQueue,
  queueProtocol,
  sqliteStore,
} from "@lineup/lineup/queue";
import { listenMemory, serve } from "@lineup/lineup/server";
import { collectGarbage } from "../../garbage.ts";
import { LONG } from "../../seeded_random.ts";
import { unhurried } from "../../unhurried.ts";
import { withDirectory } from "../../temporary_directory.ts";
import { RawClient } from "../../raw_client.ts";

/** The counted and the real memory of a kind, in bytes for each thing. */
export interface Found {
  readonly kind: string;
  readonly count: number;
  readonly counted: number;
  /** Growth of the heap and of buffers beside it, after a collection of garbage. */
  readonly taken: number;
  /** The same after a restart; `undefined` for a store in memory. */
  readonly again?: { readonly counted: number; readonly taken: number };
}

interface Kind {
  readonly kind: string;
  readonly memory?: boolean;
  readonly count?: number;
  /** The requests that make one thing. */
  readonly requests: (n: number) => string;
}

const long = (n: number): string => `n${n}`.padEnd(128, "x");
/** The longest word, of characters with two bytes each. */
const wide = (n: number): string => `"${`${n}`.padStart(40, "Ж")}"`;
const escaped = (n: number): string => `"${n}${"\\x21".repeat(1000)}"`;
const failed = (n: number, reason: string): string =>
  `PUT mail x\nTAKE mail\nFAIL ${n} dead=yes reason=${reason}\n`;

const KINDS: readonly Kind[] = [
  { kind: "a job", requests: () => "PUT mail x\n" },
  { kind: "a held job", requests: () => "PUT mail x\nTAKE mail lease=1d hold=connection\n" },
  { kind: "a long name", requests: (n) => `PUT mail x id=${long(n)}\n` },
  { kind: "a wide name", requests: (n) => `PUT mail x id=${wide(n)}\n` },
  { kind: "an expiry", requests: () => "PUT mail x expires=1d\n" },
  { kind: "own terms", requests: (n) => `PUT mail x lease=${1000 + n}ms\n` },
  { kind: "a reason", requests: (n) => failed(n, `r${n}`) },
  { kind: "a long reason", count: 1_000, requests: (n) => failed(n, long(n).repeat(7)) },
  { kind: "an escaped reason", count: 1_000, requests: (n) => failed(n, escaped(n)) },
  { kind: "a long key", requests: (n) => `PUT mail x key=${long(n)}\n` },
  {
    kind: "a key in ten priorities",
    count: 1_000,
    requests: (n) =>
      Array.from({ length: 10 }, (_, p) => `PUT mail x key=${n} priority=${p}\n`).join(""),
  },
  {
    kind: "a key whose job is gone",
    requests: (n) => `PUT mail x key=${n}\nTAKE mail\nDONE ${n}\n`,
  },
  { kind: "a queue with a long name", count: 1_000, requests: (n) => `PUT ${long(n)} x\n` },
  {
    kind: "a queue with two keys",
    count: 1_000,
    requests: (n) => `PUT q${n} x\nPUT q${n} x key=a\n`,
  },
  { kind: "limits of a key", count: 1_000, requests: (n) => `LIMIT mail key=${n} rate=1\n` },
  {
    kind: "a kept result",
    requests: (n) => `PUT mail x result=keep\nTAKE mail\nDONE ${n} result=y\n`,
  },
  {
    kind: "a schedule with a body",
    count: 1_000,
    requests: (n) => `EVERY ${n} mail interval=1d {10000}\n${"x".repeat(10_000)}\n`,
  },
  { kind: "a job in memory", memory: true, requests: () => "PUT mail x\n" },
  {
    kind: "a job in memory, with a body",
    memory: true,
    count: 1_000,
    requests: () => `PUT mail {1000}\n${"x".repeat(1000)}\n`,
  },
];

async function memory(): Promise<number> {
  await collectGarbage();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

/** Sends the requests for `count` things, and waits until all are answered. */
async function make(
  session: RawClient,
  { requests }: Kind,
  from: number,
  to: number,
): Promise<void> {
  for (let n = from; n <= to;) {
    let text = "";
    for (const end = Math.min(to, n + 49); n <= end; n++) text += requests(n);
    await session.send(`${text}PING end\n`);
    while (await session.reply() !== "OK end");
  }
}

const WARM = 250;

async function measure(each: Kind, path: string): Promise<Found> {
  const { kind } = each;
  const count = (each.count ?? 2_000) / (LONG > 1 ? 1 : 2);
  const open = async (): Promise<OpenQueue> =>
    await openQueue({ store: each.memory ? memoryStore() : await sqliteStore(path) });
  const heldBy = (queue: OpenQueue): number =>
    Number(new Map(queue.stats()).get("queue-held-bytes"));
  const found = { kind, count, counted: 0, taken: 0 };
  {
    await using queue = await open();
    const held = (): number => heldBy(queue);
    const listener = listenMemory();
    await using _server = await serve(queueProtocol, queue.handlers, {
      listen: [listener],
      // No request may be refused because the machine is slow.
      ...unhurried,
      log: () => {},
    });
    const session = new RawClient(listener.connect());
    await session.reply();
    await make(session, each, 1, WARM);
    const [before, counted] = [await memory(), held()];
    await make(session, each, WARM + 1, WARM + count);
    found.taken = Math.round((await memory() - before) / count);
    found.counted = Math.round((held() - counted) / count);
    session.close();
  }
  if (each.memory) return found;
  const before = await memory();
  await using queue = await open();
  const taken = Math.round((await memory() - before) / (WARM + count));
  return { ...found, again: { taken, counted: Math.round(heldBy(queue) / (WARM + count)) } };
}

if (import.meta.main) {
  await withDirectory(async (directory) => {
    for (const [at, each] of KINDS.entries()) {
      console.log(JSON.stringify(await measure(each, `${directory}/${at}.db`)));
    }
  });
  Deno.exit(0);
}
