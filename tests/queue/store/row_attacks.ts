// Attacks that fill a store with other rows than new jobs, and the work that must go on meanwhile.

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { RawClient } from "../../raw_client.ts";

const JOBS = 100;
const FULL =
  /^ERR busy "The disk, or the size that the queue's file may have, leaves room for the end of jobs only; DONE without a result, DROP and PURGE make room\." retry=1000$/;

/** Sends many requests at once. Resolves with their replies. */
async function askAll(session: RawClient, requests: readonly string[]): Promise<string[]> {
  const sending = session.send(requests.map((each) => `${each}\n`).join(""));
  const replies: string[] = [];
  for (let at = 0; at < requests.length; at++) replies.push(await session.reply());
  await sending;
  return replies;
}

/** Puts at most `most` jobs of 20 bytes, each with a backoff of an hour. Resolves with their number. */
export async function putSmall(session: RawClient, most: number): Promise<number> {
  const request = `PUT mail ${"x".repeat(20)} backoff=1h`;
  for (let puts = 0;;) {
    const replies = await askAll(session, Array(JOBS).fill(request));
    puts += replies.filter((reply) => /^OK id=/.test(reply)).length;
    if (puts >= most || replies.some((reply) => /^ERR busy/.test(reply))) return puts;
  }
}

async function failAll(session: RawClient, fail: (ids: readonly string[]) => string[]) {
  for (;;) {
    const taken = await session.ask(`TAKE mail max=${JOBS} lease=1h`);
    if (!/OK count=\d+$/.test(taken)) return assertMatch(taken, FULL);
    const ids = [...taken.matchAll(/^\* id=(\d+)/gm)].map(([, id]) => id);
    if (ids.length === 0) return;
    for (const reply of await askAll(session, fail(ids))) assertEquals(reply, "OK state=delayed");
  }
}

/** The attacks. Each adds rows until there are no more, or until it is refused as `busy`. */
export const rowAttacks: Readonly<Record<string, (session: RawClient) => Promise<void>>> = {
  "FAIL": (session) => failAll(session, (ids) => [`FAIL ${ids.join(" ")}`]),
  "FAIL with reasons": (session) =>
    failAll(session, (ids) => ids.map((id) => `FAIL ${id} reason=${"y".repeat(1000)}`)),
  "TAKE alone": (session) => failAll(session, () => []),
  "LIMIT": async (session) => {
    const keys = (at: number): string => String(at).padStart(120, "k");
    for (let at = 0; at < 100_000; at += JOBS) {
      const replies = await askAll(
        session,
        Array.from({ length: JOBS }, (_, i) => `LIMIT mail key=${keys(at + i)} weight=2`),
      );
      const refused = replies.find((reply) => reply !== "OK weight=2");
      if (refused === undefined) continue;
      assertMatch(refused, FULL);
      const pauses = (from: number) =>
        Array.from({ length: JOBS }, (_, i) => `PAUSE queue-${from + i}`);
      for (let name = 0;; name += JOBS) {
        const refused = (await askAll(session, pauses(name))).find((reply) => reply !== "OK");
        if (refused !== undefined) return assertMatch(refused, FULL);
      }
    }
    throw new Error("LIMIT is never refused");
  },
};

/** The work that must go on without any room: removes every third job, one by one. Resolves with their number. */
export async function removesSome(session: RawClient, some: number): Promise<number> {
  const found = await session.ask("LIST mail max=1000");
  const ids = [...found.matchAll(/^\* id=(\d+) .*state=(\w+)/gm)];
  assert(ids.length > some * 3, found.slice(-200));
  let gone = 0;
  for (let at = 0; at < some * 3; at += 3, gone++) {
    const [, id, state] = ids[at];
    const end = state === "taken" ? `DONE ${id} attempt=1` : `DROP ${id}`;
    assertEquals(await session.ask(end), "OK", end);
  }
  assertEquals(/ read-only=yes$/.test(await session.ask("QUEUES")), false);
  return gone;
}
