// Large queues for the tests of cost: many jobs, keys, queues, limits and schedules.

import { sqliteStore, type StoredJob } from "@lineup/lineup/queue";
import { job, put } from "../../../queue/store/conformance/samples.ts";
import type { Known } from "./cost_requests.ts";
import type { Costed } from "./costed.ts";

const FAR = 30 * 86_400_000;

/** Makes the file of a large queue. */
export async function makeFixture(path: string, known: Known): Promise<void> {
  const { jobs, queues, keys, schedules } = known;
  const store = await sqliteStore(path);
  const now = Date.now();
  // Half of all jobs are in the first queue.
  const stored = (id: number): StoredJob => {
    const at = { enqueuedAt: now - FAR, readyAt: now - FAR };
    const some = {
      queue: `q${id % 2 === 0 ? 0 : id % queues}`,
      key: `k${id % keys}`,
      priority: id % 3 + 4,
    };
    switch (id % 10) {
      case 1:
        return job(id, { ...at, ...some, state: "delayed", readyAt: now + FAR });
      case 2:
      case 3:
        return job(id, { ...at, ...some, state: "dead", attempt: 10, reason: `failed ${id}` });
      case 4:
        return job(id, { ...at, ...some, state: "taken", attempt: 1, endsAt: now + FAR });
      case 5:
        return job(id, { ...at, ...some, unique: `n${id}`, expiresAt: now + FAR });
      default:
        return job(id, { ...at, ...some });
    }
  };
  const BATCH = 10_000;
  for (let first = 1; first <= jobs; first += BATCH) {
    await store.commit(Array.from({ length: BATCH }, (_, at) => put(stored(first + at))));
  }
  await store.commit(Array.from({ length: schedules }, (_, n) => ({
    kind: "schedule",
    schedule: {
      ...{ name: `s${n}`, queue: `q${n % queues}`, key: `k${n % keys}`, priority: 5, attempts: 10 },
      ...{
        lease: 60_000,
        backoff: 0,
        keep: false,
        paused: false,
        cron: n % 2 === 0 ? "0 3 * * 1" : "",
        expires: 0,
      },
      ...{ zone: n % 2 === 0 ? "UTC" : "", interval: n % 2 === 0 ? 0 : FAR, next: now + FAR },
      body: new Uint8Array(n % 100),
    },
  })));
  const rules = { paused: false, running: 0, rate: 0, weight: 2, depth: 0 };
  await store.commit(Array.from({ length: queues }, (_, n) => ({
    kind: "limits",
    limits: { ...rules, queue: n % 2 === 0 ? "q0" : `q${n}`, key: n % 2 === 0 ? `k${n}` : "" },
  })));
  await store.close();
}

const AT_ONCE = 200;

/** Fills a server in memory by requests, with a smaller queue of the same kind. */
export async function fillFixture(server: Costed, known: Known): Promise<void> {
  const { jobs, queues, keys, schedules } = known;
  const request = (n: number): string => {
    const some = `key=k${n % keys} priority=${n % 3 + 4}`;
    const rest = n % 10 === 1 ? " delay=30d" : n % 10 === 5 ? ` id=n${n} expires=30d` : "";
    return `PUT q${n % 2 === 0 ? 0 : n % queues} x ${some}${rest}`;
  };
  const lines = [
    ...Array.from({ length: jobs }, (_, at) => request(at + 1)),
    ...Array.from({ length: schedules }, (_, n) => `EVERY s${n} q${n % queues} x interval=30d`),
    ...Array.from({ length: queues }, (_, n) => `LIMIT q0 key=k${n} weight=2`),
  ];
  using attacker = await server.attacker();
  for (let at = 0; at < lines.length; at += AT_ONCE) {
    attacker.answered.clear();
    const batch = lines.slice(at, at + AT_ONCE).map((line, n) => `#g${n} ${line}\n`);
    await attacker.send(new TextEncoder().encode(batch.join("")));
    await attacker.answers(batch.length);
  }
}
