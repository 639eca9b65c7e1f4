// The attacks of tests/attacks, on each example that speaks another dialect.

import type { Protocol } from "@lineup/lineup/protocol";
import { type Handlers, type LogEntry, serve, type ServeOptions } from "@lineup/lineup/server";
import { assert, assertEquals } from "@std/assert";
import { dialect as dict } from "../../examples/dict.ts";
import {
  handlers as dictionaryHandlers,
  protocol as dictionary,
} from "../../examples/dictionary.ts";
import { dialect as finger, protocol as people } from "../../examples/finger.ts";
import { createCache } from "../../examples/memcached/cache.ts";
import { protocol as cache } from "../../examples/memcached/protocol.ts";
import { options as memcached } from "../../examples/memcached.ts";
import { redisService } from "../../examples/redis/handlers.ts";
import { protocol as keys } from "../../examples/redis/protocol.ts";
import { options as redis } from "../../examples/redis.ts";
import { protocol as mail } from "../../examples/smtp.ts";
import { type Attack, attacks } from "../attacks/attacks.ts";
import { RawClient } from "../raw_client.ts";
import { PeerListener, settle } from "../streams.ts";
import { VirtualClock } from "../../testing/virtual_clock.ts";
import { keepingHandlers, options as smtp, type Taken } from "./receiver.ts";

/** As many connections of one attack are enough: what more of them do is the same in every dialect. */
const MOST_CONNECTIONS = 20;
/** Longer than any attack and any time-out. */
const SECONDS = 400;

const taken: Taken[] = [];

/** A dialect under attack. */
interface Attacked<P extends Protocol> {
  readonly protocol: P;
  readonly handlers: Handlers<P>;
  readonly options: ServeOptions;
  /** A request of a polite client, and the end of its answer. */
  readonly asks: readonly [request: string, answer: string];
  /** What all answers of a connection look like. */
  readonly answers: RegExp;
}

function attacked<const P extends Protocol>(of: Attacked<P>): Attacked<P> {
  return of;
}

const ATTACKED = [
  attacked({
    protocol: mail,
    handlers: keepingHandlers(taken),
    options: smtp,
    asks: ["NOOP\r\n", "250 2.0.0 Nothing is done.\r\n"],
    answers: /^(?:[2-5][0-9]{2}[ -][^\r\n]*\r\n)+$/,
  }),
  attacked({
    protocol: dictionary,
    handlers: dictionaryHandlers,
    options: { dialect: dict, timeouts: { idle: 300_000 } },
    asks: ["CLIENT x\r\n", "250 ok\r\n"],
    answers: /^(?:[1-5][0-9]{2} [^\r\n]*\r\n)+$/,
  }),
  attacked({
    protocol: people,
    handlers: { FINGER: () => ({ text: "Nobody." }) },
    options: { dialect: finger },
    asks: ["\r\n", "Nobody.\r\n"],
    answers: /^(?:[^\r\n]*\r\n)?$/,
  }),
  attacked({
    protocol: cache,
    handlers: createCache(1 << 20).handlers,
    options: { ...memcached, timeouts: { idle: 300_000 } },
    asks: ["mn\r\n", "MN\r\n"],
    answers: /^(?:(?:CLIENT_|SERVER_)?ERROR[^\r\n]*\r\n|MN\r\n|VERSION [^\r\n]*\r\n)*$/,
  }),
  attacked({
    protocol: keys,
    handlers: redisService(1 << 20).handlers,
    options: { ...redis, timeouts: { idle: 300_000 } },
    asks: ["*1\r\n$4\r\nPING\r\n", "+PONG\r\n"],
    answers: /^(?:-[A-Z]+ [^\r\n]*\r\n|\+[A-Z]+\r\n|\$[0-9]+\r\n[^\r\n]*\r\n)*$/,
  }),
];

for (const { protocol, handlers, options, asks: [request, answer], answers } of ATTACKED) {
  Deno.test(`${options.dialect!.name} answers every attack in its grammar or closes, and polite clients as always`, async () => {
    const listener = new PeerListener();
    const clock = new VirtualClock();
    const entries: LogEntry[] = [];
    await using _ = await serve({ protocol, handlers }, {
      ...options,
      listen: [listener],
      clock,
      log: (entry) => entries.push(entry),
    });
    const polite = async (): Promise<void> => {
      using client = new RawClient(listener.connect("198.51.100.1:1")).listen();
      await client.send(request);
      await client.seen(answer);
    };
    await polite();
    let host = 0;
    const strikes = attacks.flatMap((attack) =>
      Array.from({ length: Math.min(attack.connections ?? 1, MOST_CONNECTIONS) }, () => {
        const peer = `203.0.${host >> 8}.${host++ & 255}:1`;
        const client = new RawClient(listener.connect(peer));
        return { attack, client: attack.reads === false ? client : client.listen() };
      })
    );
    for (const { attack, client } of strikes) client.post(attack.sent);
    await settle({ clock });
    await polite();
    for (let second = 0; second < SECONDS; second++) {
      for (const { attack: { dribble }, client } of strikes) {
        if (second < (dribble?.seconds ?? 0)) client.post(dribble!.sent);
      }
      await clock.elapse(1000);
    }
    await polite();
    const staying = strikes.filter(({ attack, client }) => attack.reads !== false && !client.ended);
    for (const { client } of strikes) client.close();
    assertEquals(staying.map(({ attack }) => attack.name), []);
    for (const { attack, client } of strikes) {
      if (attack.reads !== false) judge(attack, client, answers);
    }
    await settle({ clock });
    await polite();
    assertEquals(taken, []);
    const errors = entries.filter(({ level, message }) =>
      level === "error" && !/dropped/.test(message)
    );
    assertEquals(errors, []);
  });
}

function judge({ name }: Attack, client: RawClient, answers: RegExp): void {
  const answer = client.take();
  assert(answers.test(answer), `${name}: ${JSON.stringify(answer.slice(0, 200))}`);
}
