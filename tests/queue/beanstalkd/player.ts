// Plays sessions: against any server, through connections that it is given.

import { assertEquals } from "@std/assert";
import type { RawClient } from "../../raw_client.ts";
import type { SessionStep, WireSession } from "./sessions.ts";

/** A server that sessions are played against. */
export interface PlayedServer {
  connect(): RawClient | Promise<RawClient>;
  /** Lets time pass. */
  elapse(ms: number): Promise<void>;
  /** Resolves once the server has done everything for what was sent, or once `isThere` is true, as far as can be told. */
  settle(isThere?: () => boolean): Promise<void>;
  /** Whether it is beanstalkd itself. */
  readonly isTheirs: boolean;
}

/** Plays a session. Throws where an answer differs from the expected one. */
export async function playSession(
  { name, steps }: WireSession,
  server: PlayedServer,
): Promise<void> {
  const clients = new Map<string, RawClient>();
  for (const [at, step] of steps.entries()) {
    if ("ms" in step) {
      await server.elapse(step.ms);
      continue;
    }
    let client = clients.get(step.as);
    if (client === undefined) {
      client = (await server.connect()).listen();
      clients.set(step.as, client);
    }
    await playStep(step, client, server, `${name}, step ${at + 1}: ${JSON.stringify(step.send)}`);
  }
  const gone = new Set(steps.map((step) => "closes" in step && step.closes ? step.as : ""));
  for (const [name, client] of clients) if (!gone.has(name)) client.close();
}

/** On a virtual clock no time has passed since a job was reserved. */
function withoutTimes(answer: string): string {
  return answer.replace(/^time-left: [0-9]+$/m, "time-left: …");
}

async function playStep(
  { send, get, ends, theirs, halves, closes }: Exclude<SessionStep, { ms: number }>,
  client: RawClient,
  server: PlayedServer,
  where: string,
): Promise<void> {
  if (send !== undefined) await client.send(send);
  if (halves) await client.half();
  if (closes) client.close();
  if (get === undefined) return await server.settle();
  const differs = server.isTheirs && theirs !== undefined;
  const expected = differs ? theirs.get : get;
  await server.settle(expected === "" ? undefined : () => client.waiting >= expected.length);
  assertEquals(withoutTimes(client.take()), withoutTimes(expected), where);
  if (ends && !server.isTheirs) assertEquals(await client.rest(), "", where);
}
