// A client of a server that will be killed: its requests, and its record of the answers.

import type { Caps } from "./caps.ts";
import { BRIEF, type Ledger, LONG_LEASE, type Operation, placeOf } from "./ledger.ts";
import type { RawClient } from "../../raw_client.ts";

/** Draws a whole number from 0 up to, and without, the limit. */
export type Random = (below: number) => number;

/** The queue without caps: it always has a job to take. */
export const FREE = "work";
/** The queue with caps, for itself and for all but one of its keys. */
export const CAPPED = "rare";
/** The scopes with caps, and their first caps. */
export const CAPS: Readonly<Record<string, number>> = {
  [CAPPED]: 8,
  [`${CAPPED}/k0`]: 2,
  [`${CAPPED}/k1`]: 2,
};
const MOST_CAP = 12;
const SCOPES = Object.keys(CAPS);

/** A client. It sends batches of requests, each after the answers to the last. */
export class Client {
  /** The unanswered requests of the last batch. */
  unanswered: Operation[] = [];
  readonly #ledger: Ledger;
  readonly #caps: Caps;
  readonly #below: Random;
  readonly #name: string;
  /** The requests of 100 that change a cap. */
  readonly #changes: number;
  #held: { id: number; attempt: number }[] = [];
  #puts = 0;

  constructor(ledger: Ledger, caps: Caps, below: Random, name: string, changes: number) {
    this.#ledger = ledger;
    this.#caps = caps;
    this.#below = below;
    this.#name = name;
    this.#changes = changes;
  }

  /** Goes on with jobs that were taken before the server was killed. */
  hold(id: number, attempt: number): void {
    this.#held.push({ id, attempt });
  }

  /**
   * Works until the connection ends; with `isFragile`, until the store of the server fails: then it is unknown whether the
   * request was done.
   */
  async work(session: RawClient, onAnswer: () => void, isFragile: boolean): Promise<void> {
    for (;;) {
      const batch = Array.from({ length: 1 + this.#below(16) }, () => this.#next());
      this.unanswered = [...batch];
      for (const each of batch) this.#asks(each);
      try {
        await session.send(batch.map((each) => line(each)).join(""));
        for (const each of batch) {
          const reply = await session.reply();
          if (isFragile && hasFailed(reply)) return;
          this.unanswered.shift();
          this.#answered(each, reply);
          onAnswer();
        }
      } catch (error) {
        if (isLost(error)) return;
        throw error;
      }
    }
  }

  /** Puts enough jobs of each key, and takes as many as the caps allow. */
  async fill(session: RawClient): Promise<void> {
    const puts = Array.from({ length: 3 * MOST_CAP }, (_, at) => {
      const body = `${CAPPED}.${this.#name}-${at % 3}f${at}-1`;
      return { kind: "put", body, delayed: false, attempts: 1 } as const;
    });
    const take = {
      kind: "take",
      queue: CAPPED,
      max: MOST_CAP,
      lease: LONG_LEASE,
      wait: 0,
      sent: Date.now(),
    } as const;
    for (const each of [...puts, take]) {
      this.#answered(each, await insist(session, line(each).trim()));
    }
  }

  #next(): Operation {
    if (this.#below(100) < this.#changes) {
      const scope = SCOPES[this.#below(SCOPES.length)];
      return { kind: "limit", scope, running: this.#below(1 + MOST_CAP) };
    }
    const chance = this.#below(100);
    if (this.#held.length > 0 && chance < 55) {
      const [{ id, attempt }] = this.#held.splice(this.#below(this.#held.length), 1);
      if (chance < 35) return { kind: "done", id, attempt };
      if (chance < 50) {
        const way = (["ready", "ready", "delayed", "dead"] as const)[this.#below(4)];
        return { kind: "fail", id, attempt, way };
      }
      return {
        kind: "extend",
        id,
        attempt,
        lease: LONG_LEASE + this.#below(1e6),
        sent: Date.now(),
      };
    }
    if (chance < 78) {
      const lease = this.#below(5) === 0 ? BRIEF : LONG_LEASE;
      const queue = this.#below(2) === 0 ? CAPPED : FREE;
      const wait = this.#below(4) === 0 ? 10 : 0;
      return { kind: "take", queue, max: 1 + this.#below(4), lease, wait, sent: Date.now() };
    }
    const attempts = 1 + this.#below(4);
    const queue = this.#below(3) === 0 ? CAPPED : FREE;
    const body = `${queue}.${this.#name}-${++this.#puts}-${
      "x".repeat(this.#below(300))
    }-${attempts}`;
    return { kind: "put", body, delayed: this.#below(8) === 0, attempts };
  }

  /** Records the possible effects of a request, from before it is sent. */
  #asks(asked: Operation): void {
    if (asked.kind === "limit") this.#caps.asked(asked.scope, asked.running);
    else if (asked.kind === "done" || asked.kind === "fail") {
      this.#caps.letGo(this.#ledger.counted(asked.id));
    }
  }

  #answered(asked: Operation, reply: string): void {
    const ledger = this.#ledger;
    if (isShed(reply)) {
      if ("id" in asked) this.#keep(asked.id, asked.attempt);
      return;
    }
    const wrong = new Error(`${line(asked).trim()} was answered ${reply}`);
    switch (asked.kind) {
      case "put": {
        const id = /^OK id=(\d+)$/.exec(reply)?.[1];
        if (id === undefined) throw wrong;
        return ledger.put(Number(id), asked);
      }
      case "take": {
        if (!/(^|\n)OK count=\d+$/.test(reply)) throw wrong;
        for (const [, id, attempt, body] of reply.matchAll(ITEM)) {
          ledger.given(Number(id), Number(attempt), body, asked);
          if (asked.lease !== BRIEF) this.#keep(Number(id), Number(attempt));
        }
        return;
      }
      case "done":
        if (reply !== "OK") throw wrong;
        return ledger.done(asked);
      case "fail": {
        const state = /^OK state=(\w+)$/.exec(reply)?.[1];
        if (state === undefined) throw wrong;
        return ledger.failed(asked, state);
      }
      case "extend":
        if (!reply.startsWith("OK lease=")) throw wrong;
        ledger.extended(asked);
        this.hold(asked.id, asked.attempt);
        return;
      case "limit": {
        const { scope, running } = asked;
        if (reply !== (running === 0 ? "OK" : `OK running=${running}`)) throw wrong;
        this.#caps.set(scope, running);
      }
    }
  }

  /** Records a held job, which counts towards caps. */
  #keep(id: number, attempt: number): void {
    this.#caps.hold(this.#ledger.counted(id));
    this.hold(id, attempt);
  }
}

const ITEM = /\* id=(\d+) queue=\w+ (?:key=\w+ )?attempt=(\d+) lease=\w+ \{\d+\}\n(.*)(?=\n)/g;

function line(asked: Operation): string {
  switch (asked.kind) {
    case "put": {
      const { body, delayed, attempts } = asked;
      const { queue, key } = placeOf(body);
      return `PUT ${queue} ${body} key=${key} attempts=${attempts}${delayed ? " delay=1d" : ""}\n`;
    }
    case "take":
      return `TAKE ${asked.queue} max=${asked.max} lease=${asked.lease}ms wait=${asked.wait}ms\n`;
    case "done":
      return `DONE ${asked.id} attempt=${asked.attempt}\n`;
    case "fail": {
      const how = { ready: "", delayed: " retry=1d", dead: " dead=yes" }[asked.way];
      return `FAIL ${asked.id} reason="no luck" attempt=${asked.attempt}${how}\n`;
    }
    case "extend":
      return `EXTEND ${asked.id} attempt=${asked.attempt} lease=${asked.lease}ms\n`;
    case "limit":
      return limitLine(asked.scope, asked.running);
  }
}

/** The request that sets a cap. */
export function limitLine(scope: string, running: number): string {
  const [queue, key] = scope.split("/");
  return `LIMIT ${queue}${key === undefined ? "" : ` key=${key}`} running=${running}\n`;
}

/** Whether a request was refused without execution because this machine is too slow. */
export function isShed(reply: string): boolean {
  return reply.startsWith("ERR busy ");
}

/** Whether the store of a server fails. */
function hasFailed(reply: string): boolean {
  return reply.startsWith("ERR internal ") || reply.startsWith("ERR read-only ");
}

/** Repeats a request until the server does not refuse it for its load. */
export async function insist(session: RawClient, request: string): Promise<string> {
  for (;;) {
    const reply = await session.ask(request);
    if (!isShed(reply)) return reply;
  }
}

function isLost(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.Interrupted || error instanceof Deno.errors.BadResource ||
    (error instanceof Error && error.message.startsWith("the server ended the stream"));
}
