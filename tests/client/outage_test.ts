// 200 clients of a server that fails for 10 s, on a virtual clock: they must not become its second problem.

import { assert } from "@std/assert";
import { type ClientEvent, connect, type ReplyInfo } from "../../client/mod.ts";
import { exponential, SEED, seededRandom } from "../seeded_random.ts";
import { VirtualClock } from "../virtual_clock.ts";
import { Ledger, ledger } from "./ledger.ts";
import { type Answer, Proxy, run, settle } from "./proxy.ts";

const CLIENTS = 200;
const RATE = 10; // A second and client.
const CAPACITY = 1.5 * CLIENTS * RATE;
const WARM = 20_000, OUTAGE = 10_000, AFTER = 4000;

type Trouble = "busy" | "internal" | "refused";

interface Figures {
  /** Requests that reached the server in the outage, dials included, beside as much time before it. */
  readonly sent: number;
  /** Answers in time in each second after the outage, beside the rate before it. */
  readonly goodput: readonly number[];
  readonly events: ReadonlyMap<ClientEvent["type"], number>;
}

/** A server of a capacity, which answers `busy` where requests would wait for more than 100 ms. */
function capacity(
  clock: VirtualClock,
  serve: Ledger,
): (frame: Parameters<Ledger["do"]>[0]) => Answer {
  let freeAt = 0;
  return (frame) => {
    const now = clock.now();
    freeAt = Math.max(freeAt, now) + 1000 / CAPACITY;
    if (freeAt - now > 100) {
      freeAt -= 1000 / CAPACITY;
      return refusal("busy", 100);
    }
    return { ...serve.do(frame), ms: freeAt - now + 5 };
  };
}

function refusal(code: string, retry: number): Answer {
  const options = new Map([["retry", String(retry)]]);
  return { lines: [{ head: "ERR", words: [code, "No."], options }], ms: 1 };
}

async function outage(trouble: Trouble): Promise<Figures> {
  const random = seededRandom(SEED);
  const clock = new VirtualClock(0);
  const works = capacity(clock, new Ledger());
  const inOutage = (): boolean => clock.now() >= WARM && clock.now() < WARM + OUTAGE;
  let sent = 0, sentBefore = 0;
  const count = (): void => {
    if (inOutage()) sent++;
    else if (clock.now() >= WARM - OUTAGE && clock.now() < WARM) sentBefore++;
  };
  const proxy = new Proxy(clock, (frame) => {
    count();
    return inOutage() ? refusal(trouble, 50) : works(frame);
  }, () => {
    count();
    return trouble === "refused" && inOutage() ? { dial: "refused" } : {};
  });
  if (trouble === "refused") clock.after(WARM, () => proxy.reset());

  const good = new Array<number>((WARM + OUTAGE + AFTER) / 1000 + 2).fill(0);
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
      client.LOOK({ id: ++id }, { within: 1000 }).catch(() => {});
      clock.after(exponential(random, 1000 / RATE), arrive);
    };
    clock.after(exponential(random, 1000 / RATE), arrive);
  }
  do await settle(14); while (clock.step(WARM + OUTAGE + AFTER));
  await run(clock, Promise.all(clients.map((client) => client.close(2000))));

  const before = good.slice(WARM / 1000 - 10, WARM / 1000).reduce((a, b) => a + b) / 10;
  const after = good.slice((WARM + OUTAGE) / 1000, (WARM + OUTAGE + AFTER) / 1000);
  return { sent: sent / sentBefore, goodput: after.map((each) => each / before), events };
}

for (const trouble of ["busy", "internal", "refused"] as const) {
  Deno.test(`200 clients of a server that fails (${trouble}) neither flood it nor stay away from it`, async () => {
    const { sent, goodput, events } = await outage(trouble);
    const shown = `sent ${sent.toFixed(2)}, goodput ${goodput.map((each) => each.toFixed(2))}`;
    assert(sent < 1.3, shown);
    assert(goodput[2] >= 0.95, shown);
    if (trouble === "refused") assert(events.get("disconnected")! > CLIENTS, shown);
    else assert(events.get("retry")! > CLIENTS, shown);
    if (Deno.env.has("LINEUP_SHOW")) console.log(trouble, shown, events);
  });
}

Deno.test("A client of a server that fails for long throttles itself, and comes back", async () => {
  const clock = new VirtualClock(0);
  const works = new Ledger();
  let failing = true;
  let sent = 0, throttled = 0;
  const proxy = new Proxy(clock, (frame) => {
    sent++;
    return failing ? refusal("busy", 0) : works.do(frame);
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
  // At most 75 % are held back, or nobody would learn that the trouble is over.
  assert(sent < 0.4 * 600 && sent > 0.2 * 600, `${sent} of 600 were sent`);
  assert(throttled > 300, `${throttled} were held back`);
  failing = false;
  await ask(2600);
  assert(await ask(100) === 100, "all are sent again once the window is past");
  await run(clock, client.close());
});
