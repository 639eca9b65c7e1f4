// Many clients of a server that fails for 10 s, on a virtual clock. They must not flood it while it recovers.
// LINEUP_SHOW=1 shows the figures.

import { assert, assertEquals } from "@std/assert";
import { type ClientEvent, connect, type ReplyInfo } from "../../client/mod.ts";
import type { Frame } from "../../protocol/mod.ts";
import { exponential, LONG, SEED, seededRandom } from "../seeded_random.ts";
import { VirtualClock } from "../../testing/virtual_clock.ts";
import { Ledger, ledger } from "./ledger.ts";
import { type Answer, type Faults, FaultyProxy, run, settle } from "./proxy.ts";

const CLIENTS = LONG > 1 ? 200 : 40;
const RATE = 10; // A second and client.
const CAPACITY = 1.5 * CLIENTS * RATE;
const WARM = 12_000, OUTAGE = 10_000, AFTER = 4000;

/** The server without the failure. */
type Serve = (frame: Frame) => Answer;

/** A failure that lasts for `OUTAGE`. */
interface Failure {
  /** Whether all connections are lost at its beginning. */
  readonly resets?: boolean;
  /** The faults of a new connection. `left` returns the ms until the end of the failure. */
  readonly faults?: (left: () => number) => Faults;
  /** The answer to a request during the failure. `serve` is the server without it. */
  readonly answer?: (frame: Frame, serve: Serve, left: number) => Answer;
}

const failures: Record<string, Failure> = {
  "answers busy": { answer: () => refusal("busy", 50) },
  "answers busy without a hint": { answer: () => refusal("busy", undefined) },
  "answers internal": { answer: () => refusal("internal", undefined) },
  "refuses connections": { resets: true, faults: () => ({ dial: "refused" }) },
  "resets connections at the first request": {
    resets: true,
    faults: () => ({ requests: { after: 0, how: "reset" } }),
  },
  "ends connections at the first request": {
    resets: true,
    faults: () => ({ requests: { after: 0, how: "end" } }),
  },
  // The server stops and goes on later: then it answers the requests that came meanwhile, most of them too late.
  "hangs": { answer: afterwards },
  "hangs, and new connections are accepted only": {
    resets: true,
    faults: (left) => ({ delay: left }),
    answer: afterwards,
  },
};

function afterwards(frame: Frame, serve: Serve, left: number): Answer {
  const within = /^([0-9]+)(ms|s)$/.exec(frame.options.get("within") ?? "");
  const ms = within === null ? Infinity : Number(within[1]) * (within[2] === "s" ? 1000 : 1);
  const answer = left > ms ? refusal("expired", undefined) : serve(frame);
  return { ...answer, ms: left + (answer.ms ?? 0) };
}

interface Figures {
  /** The lines and connections of the clients during the outage, relative to an equal time before it. */
  readonly sent: number;
  /** The answers in time in each second after the outage, relative to the calls of that second. */
  readonly goodput: readonly number[];
  readonly events: ReadonlyMap<ClientEvent["type"], number>;
}

/** A server with CAPACITY requests a second. It answers `busy` where a request would wait for more than 100 ms. */
function capacity(clock: VirtualClock, service: Ledger): Serve {
  let freeAt = 0;
  return (frame) => {
    const now = clock.now();
    freeAt = Math.max(freeAt, now) + 1000 / CAPACITY;
    if (freeAt - now > 100) {
      freeAt -= 1000 / CAPACITY;
      return refusal("busy", 100);
    }
    return { ...service.do(frame), ms: freeAt - now + 5 };
  };
}

function refusal(code: string, retry: number | undefined): Answer {
  const options = retry === undefined ? undefined : new Map([["retry", String(retry)]]);
  return { lines: [{ head: "ERR", words: [code, "No."], options }], ms: 1 };
}

async function outage(failure: Failure): Promise<Figures> {
  const random = seededRandom(SEED);
  const clock = new VirtualClock(0);
  const serve = capacity(clock, new Ledger());
  /** The ms until the end of the outage; 0 before and after it. */
  const left = (): number => clock.now() < WARM ? 0 : Math.max(0, WARM + OUTAGE - clock.now());
  const proxy = new FaultyProxy(
    clock,
    (frame) =>
      left() > 0 && failure.answer !== undefined
        ? failure.answer(frame, serve, left())
        : serve(frame),
    () => left() > 0 ? failure.faults?.(left) ?? {} : {},
  );
  if (failure.resets) clock.after(WARM, () => proxy.reset());
  const marks: number[] = [];
  for (const at of [WARM - OUTAGE, WARM, WARM + OUTAGE]) {
    clock.after(at, () => marks.push(proxy.lines + proxy.dials));
  }

  /** The answers in time, and the calls, of each second. */
  const good = new Array<number>((WARM + OUTAGE + AFTER) / 1000 + 2).fill(0);
  const calls = [...good];
  const events = new Map<ClientEvent["type"], number>();
  const options = {
    clock,
    random,
    dial: proxy.dial,
    onEvent: ({ type }: ClientEvent) => events.set(type, (events.get(type) ?? 0) + 1),
    onReply: ({ error }: ReplyInfo) => {
      if (error === undefined) good[Math.floor(clock.now() / 1000)]++;
    },
  };
  const clients = await run(
    clock,
    Promise.all(
      Array.from({ length: CLIENTS }, () => connect(ledger, "tcp://10.0.0.1:1", options)),
    ),
  );
  let id = 0;
  for (const client of clients) {
    const arrive = (): void => {
      if (clock.now() > WARM + OUTAGE + AFTER) return;
      calls[Math.floor(clock.now() / 1000)]++;
      client.LOOK({ id: ++id }, { within: 1000 }).catch(() => {});
      clock.after(exponential(random, 1000 / RATE), arrive);
    };
    clock.after(exponential(random, 1000 / RATE), arrive);
  }
  do await settle(14); while (clock.step(WARM + OUTAGE + AFTER));
  await run(clock, Promise.all(clients.map((client) => client.close(2000))));
  // The actions that are left are arrivals after the end.
  clock.run(CLIENTS);
  assertEquals([proxy.open, clock.pending], [0, 0]);

  const [from, to] = [(WARM + OUTAGE) / 1000, (WARM + OUTAGE + AFTER) / 1000];
  return {
    sent: (marks[2] - marks[1]) / (marks[1] - marks[0]),
    goodput: good.slice(from, to).map((each, at) => each / calls[from + at]),
    events,
  };
}

for (const [name, failure] of Object.entries(failures)) {
  Deno.test(`${CLIENTS} clients of a server that ${name} for 10 s neither flood it nor stay away from it`, async () => {
    const { sent, goodput, events } = await outage(failure);
    const shown = `${name.padEnd(45)} sent ${sent.toFixed(2)}, ` +
      `goodput a second after it ${goodput.map((each) => each.toFixed(2)).join(" ")}`;
    if (Deno.env.has("LINEUP_SHOW")) console.log(shown, Object.fromEntries(events));
    assert(sent < 1.3, shown);
    assert(goodput[2] >= 0.95, shown);
  });
}

Deno.test("A client of a server that fails for long throttles itself, and comes back", async () => {
  const clock = new VirtualClock(0);
  const service = new Ledger();
  let failing = true;
  let sent = 0, throttled = 0;
  const proxy = new FaultyProxy(clock, (frame) => {
    sent++;
    return failing ? refusal("busy", undefined) : service.do(frame);
  });
  const client = await run(
    clock,
    connect(ledger, "tcp://10.0.0.1:1", {
      clock,
      random: seededRandom(SEED),
      dial: proxy.dial,
      onEvent: ({ type }) => throttled += type === "throttled" ? 1 : 0,
    }),
  );
  const ask = async (calls: number): Promise<number> => {
    let answered = 0;
    for (let i = 0; i < calls; i++) {
      client.LOOK({ id: i }).then(() => answered++, () => {});
      await run(clock, new Promise<void>((resolve) => clock.after(100, resolve)));
    }
    return answered;
  };
  await ask(600);
  sent = throttled = 0;
  await ask(600);
  // A client holds back at most 75 % of its calls, or it would not learn that the failure is over.
  assert(sent < 0.4 * 600 && sent > 0.2 * 600, `${sent} of 600 were sent`);
  assert(throttled > 300, `${throttled} were held back`);
  failing = false;
  await ask(2600);
  assert(await ask(100) === 100, "all are sent again once the window is past");
  await run(clock, client.close());
});
