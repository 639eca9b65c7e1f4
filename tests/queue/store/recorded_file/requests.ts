// The requests that made the recorded file, and the requests that read it.

import type { Store } from "../../../../queue/store/store.ts";
import { VirtualClock } from "../../../../testing/virtual_clock.ts";
import { testQueue } from "../../../test_queue.ts";

const MADE = 1_577_836_800_000;
const HOUR = 3_600_000;

/** Requests that make jobs in every state and with every option, limits and schedules. A number lets ms pass. */
const MAKING: readonly (string | number)[] = [
  'PUT mail "ready, with a key" key=acme priority=0',
  'PUT mail "ready, with every option" key=acme priority=9 lease=10m attempts=3 backoff=30s expires=30d id=named result=keep',
  "PUT mail delayed delay=2h",
  "PUT mail taken lease=3h",
  "PUT mail dead attempts=1",
  "PUT mail done result=keep id=done",
  'PUT mail "failed, to be tried again" backoff=1h',
  "PUT mail released",
  'PUT mail ""',
  'PUT mail "forgotten"',
  "PUT video {7}\nzp\u{17e}lu\r",
  "PUT chores revived attempts=1",
  1000.5,
  "TAKE mail max=100",
  "DONE 6 result=result",
  String.raw`FAIL 7 reason="421 try again \"later\""`,
  "RELEASE 8",
  "RELEASE 1",
  "RELEASE 2 delay=90s",
  "RELEASE 9",
  "FAIL 5 reason=broken",
  "DROP 10",
  "TAKE chores",
  "FAIL 12",
  "REVIVE 12",
  "LIMIT mail running=10 rate=2.5 weight=3 depth=1000",
  "LIMIT mail key=acme running=2 rate=0.5 weight=0.25",
  "LIMIT video rate=7",
  "PAUSE video",
  'EVERY report mail "weekly report" cron="0 8 * * 1" tz=Europe/Berlin key=acme priority=3',
  "EVERY cleanup chores interval=90m lease=5s attempts=2 backoff=1s expires=10m result=keep",
  'EVERY secondly ticks cron="*/10 * * * * *" {3}\n\u{20ac}',
  2500,
];

/** Requests that read the file, which is opened an hour later. */
const ASKING: readonly (string | number)[] = [
  "QUEUES",
  "QUEUE mail",
  "LIST mail",
  "LIST video",
  "LIST chores",
  "JOB 1",
  "JOB 2",
  "JOB 4",
  "JOB 5",
  "JOB 6",
  "JOB 7",
  "JOB 8",
  "JOB 9",
  "JOB 11",
  "JOB 12",
  "LIMITS",
  "SCHEDULES",
  "WAIT 6",
  "DONE 4 attempt=1",
  "PUT mail next id=named",
  "PUT mail next",
  "TAKE mail max=10",
  "TAKE video",
  "RESUME video",
  "TAKE video",
];

/** Puts everything into a new store. */
export async function make(store: Store): Promise<void> {
  await ask(MAKING, store, MADE);
}

/** The requests with their replies, for a store that has everything. */
export function replies(store: Store): Promise<string> {
  return ask(ASKING, store, MADE + HOUR);
}

async function ask(
  requests: readonly (string | number)[],
  store: Store,
  time: number,
): Promise<string> {
  const clock = new VirtualClock(time);
  await using queue = await testQueue({ store, clock, random: () => 0.5 });
  const session = await queue.session();
  let text = "";
  for (const each of requests) {
    if (typeof each === "number") await clock.elapse(each);
    else text += `> ${each}\n${await session.ask(each)}\n`;
  }
  return text;
}
