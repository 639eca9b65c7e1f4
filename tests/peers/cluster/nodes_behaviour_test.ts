// The queue behaves over three nodes as it does on one: its tests run again.

import { BEHAVIOUR } from "../behaviour_files.ts";
import { useNodes } from "../../test_queue.ts";
import { openNodes } from "../../queue/cluster/nodes.ts";

useNodes((options) => openNodes(options, 3));

/** Left out, by the reason. */
const skipped: Readonly<Record<string, readonly string[]>> = {
  "it counts the timers of one server, and each node has some": [
    "EVERY off ends a schedule: nothing is put any more, and no timer is left, at any time of it",
    "TAKE wait= is answered when its time is over, and leaves no trace",
    "PUT wakes exactly one of 2,000 takers, which wait on one timer",
    "EVERY off of the last schedule of cron ends the watch over the time of day",
  ],
  "a node does not learn whether a client of another one has ended its side": [
    "Takers that have ended their side are served in their order, behind all others",
  ],
};
const names = new Set(Object.values(skipped).flat());
const deno = Deno as { test: (name: string, run: () => Promise<void>) => void };
const { test } = deno;
deno.test = (name, run) => {
  if (!names.delete(name)) test(name, run);
};
for (const file of BEHAVIOUR) await import(`../../queue/${file}_test.ts`);
deno.test = test;
if (names.size > 0) throw new Error(`there are no such tests: ${[...names].join(", ")}`);
