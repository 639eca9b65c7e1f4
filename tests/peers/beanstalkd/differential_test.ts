// The same sessions against Debian's beanstalkd and against this server: the answers are the same, save for ids of
// machines, times, and the differences that tests/queue/beanstalkd/sessions.ts lists.

import { assertEquals } from "@std/assert";
import { playSession } from "../../queue/beanstalkd/player.ts";
import { comparable, randomSession } from "../../queue/beanstalkd/random_sessions.ts";
import { sessions } from "../../queue/beanstalkd/sessions.ts";
import { openStage } from "../../queue/beanstalkd/stage.ts";
import type { RawClient } from "../../raw_client.ts";
import { LONG, SEED, seededRandom } from "../../seeded_random.ts";
import { startBeanstalkd } from "./server.ts";

/** How long beanstalkd is given for what it should not answer, and at most for what it should, in ms. */
const QUIET_MS = 30, MOST_MS = 5000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

for (const session of sessions) {
  if (session.oursOnly !== undefined) continue;
  Deno.test(`beanstalkd itself: ${session.name}`, async () => {
    await using server = await startBeanstalkd();
    await playSession(session, {
      isTheirs: true,
      connect: () => server.connect(),
      elapse: pause,
      async settle(isThere) {
        const end = performance.now() + (isThere === undefined ? QUIET_MS : MOST_MS);
        while (!isThere?.() && performance.now() < end) await pause(2);
      },
    });
  });
}

// LINEUP_LONG=25 makes it 2500 sessions.
const SESSIONS = 100 * LONG;
const COMMANDS = 100;

Deno.test(`random sessions: ${SESSIONS * COMMANDS} commands are answered as by beanstalkd (LINEUP_SEED=${SEED})`, async () => {
  for (let seed = SEED; seed < SEED + SESSIONS; seed++) {
    await using theirs = await startBeanstalkd();
    await using ours = await openStage();
    const pairs: [RawClient, RawClient][] = [];
    const log: string[] = [];
    for (const { client, send } of randomSession(seededRandom(seed), COMMANDS)) {
      const pair = pairs[client] ??= await known([await theirs.connect(), ours.connect()]);
      // No two commands come at the same time: the delays of their jobs end one after the other.
      ours.clock.advance(1);
      await Promise.all(pair.map((each) => each.send(send)));
      if (send === "quit\r\n") {
        assertEquals(await Promise.all(pair.map((each) => each.rest())), ["", ""]);
        pair[0].close();
        pair[1].close();
        delete pairs[client];
        // Both have given its jobs back before the next command.
        await ours.clock.elapse(0);
        continue;
      }
      const [expected, answer] = await Promise.all(pair.map(readAnswer));
      log.push(`${client}: ${JSON.stringify(send)} -> ${JSON.stringify(expected)}`);
      const where = `LINEUP_SEED=${seed}\n${log.slice(-40).join("\n")}\n`;
      assertEquals(comparable(answer), comparable(expected), where);
    }
    for (const pair of pairs) pair?.forEach((each) => each.close());
  }
});

/** Here a connection counts from its first valid command. */
async function known(pair: [RawClient, RawClient]): Promise<[RawClient, RawClient]> {
  for (const each of pair) {
    await each.send("list-tube-used\r\n");
    assertEquals(await each.line(), "USING default");
  }
  return pair;
}

/** One answer: its line, and the body that the line tells of. */
async function readAnswer(client: RawClient): Promise<string> {
  const line = await client.rawLine();
  const size = /^(?:OK|FOUND [0-9]+|RESERVED [0-9]+) ([0-9]+)\r\n$/.exec(line)?.[1];
  if (size === undefined) return line;
  return line + new TextDecoder().decode(await client.bytes(Number(size) + 2));
}
