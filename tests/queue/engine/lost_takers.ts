// The tests of clients that wait for a job and are lost. The kernel ends the side of a killed client, just as that of a
// netcat that reads on.

import { assertEquals, assertMatch } from "@std/assert";
import { openQueue, queueProtocol } from "@lineup/lineup/queue";
import { serve } from "@lineup/lineup/server";
import { connectStream, parseAddress } from "../../../net/mod.ts";
import { holdsElsewhere } from "../../elsewhere.ts";
import { identity, trust } from "../../transports/tls.ts";
import { RawClient } from "../../raw_client.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";

import { withDirectory } from "../../temporary_directory.ts";
import { unhurried } from "../../unhurried.ts";

const JOB = "* id=1 queue=mail attempt=1 lease=60s {5}\nhello\nOK count=1";

/** A client that waits for a job. Disposing loses it: it tells the server nothing. */
export interface Taker extends AsyncDisposable {
  /** Ends its reading. */
  stop(): void;
  /** Resolves once the client has read this. */
  saw(text: string): Promise<void>;
}

/** How a client waits: over a whole connection, over one whose side it has ended, or as `work` does. */
export type Way = "whole" | "half-closed" | "work";

/** Starts a client of the server at an address, which sends TAKE. */
export type StartTaker = (address: string, way: Way) => Promise<Taker>;

interface Place extends AsyncDisposable {
  readonly address: string;
  /** Resolves once STATS shows this figure of the queue. */
  shows(figure: string): Promise<void>;
  session(): Promise<RawClient>;
  /** Starts a client. Resolves once it waits for a job. */
  taker(way: Way): Promise<Taker>;
}

async function open(address: string, start: StartTaker, clock?: VirtualClock): Promise<Place> {
  const queue = await openQueue({ log: () => {} });
  const { handlers, stats } = queue;
  const server = await serve(queueProtocol, handlers, {
    listen: address.startsWith("tls:") ? [] : [address],
    ...(address.startsWith("tls:") ? { port: 0, tls: identity, listen: undefined } : {}),
    stats,
    log: () => {},
    ...unhurried,
    ...(clock && { clock }),
  });
  const sessions: RawClient[] = [];
  const connect = () => connectStream(parseAddress(server.address), { tls: trust });
  const session = async (): Promise<RawClient> => {
    const session = new RawClient(await connect());
    sessions.push(session);
    await session.reply();
    return session;
  };
  const administrator = await session();
  const shows = (figure: string): Promise<void> =>
    holdsElsewhere(
      async () => (await administrator.ask("STATS")).includes(`* ${figure}\n`),
      `STATS shows ${figure}`,
    );
  return {
    address: server.address,
    session,
    shows,
    async taker(way) {
      const taker = await start(server.address, way);
      await shows("queue-takers 1");
      return taker;
    },
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.close();
      await server.shutdown();
      await queue.close();
    },
  };
}

/** Resolves once the server has noticed all changes of its connections up to now. */
async function settled(session: RawClient): Promise<void> {
  for (let n = 0; n < 5; n++) await session.ask("PING");
}

/** Registers the tests of a kind of client over a transport, an address to listen on. */
export function testLostTakers(transport: string, start: StartTaker): void {
  const at = <T>(test: (place: Place) => Promise<T>, clock?: VirtualClock): Promise<T> =>
    withDirectory(async (directory) => {
      const address = transport === "unix:" ? `unix:${directory}/s` : transport;
      await using place = await open(address, start, clock);
      return await test(place);
    });
  const name = transport.split(":")[0];

  for (const way of ["whole", "half-closed"] as const) {
    Deno.test(`A job goes to a waiting client, not to a lost ${way} client, over ${name}`, () =>
      at(async (place) => {
        const putter = await place.session();
        {
          await using _ = await place.taker(way);
        }
        await settled(putter);
        const next = await place.session();
        // The reply tells that the TAKE before it waits.
        await next.send("#t TAKE mail wait=10s\nPING\n");
        assertEquals(await next.reply(), "OK pong");
        await putter.ask("PUT mail hello attempts=1");
        assertEquals(await next.reply(), JOB.replace("*", "#t *").replace("OK", "#t OK"));
      }));

    Deno.test(`A job that was given to a lost ${way} client goes back uncounted, over ${name}`, () =>
      at(async (place) => {
        const putter = await place.session();
        {
          await using _ = await place.taker(way);
        }
        await settled(putter);
        await putter.ask("PUT mail hello attempts=1");
        await place.shows("queue-ready 1");
        assertEquals(await putter.ask("TAKE mail"), JOB);
      }));
  }

  Deno.test(`A job that a client has read before it was lost stays taken, over ${name}`, () => {
    const clock = new VirtualClock();
    return at(async (place) => {
      const putter = await place.session();
      {
        await using taker = await place.taker("whole");
        await putter.ask("PUT mail hello");
        await taker.saw("OK count=1");
      }
      await settled(putter);
      // This is twice the wait of the server for a reset.
      await clock.elapse(40);
      await settled(putter);
      assertMatch(await putter.ask("JOB 1"), / state=taken attempt=1 /);
    }, clock);
  });

  // Behind TLS and a WebSocket, the server cannot know which bytes were read.
  if (name === "tcp" || name === "unix") {
    Deno.test(`A job that a lost client had not read goes back uncounted, over ${name}`, () =>
      at(async (place) => {
        const putter = await place.session();
        {
          await using taker = await place.taker("whole");
          taker.stop();
          await putter.ask("PUT mail hello attempts=1");
          await place.shows("queue-taken 1");
          await settled(putter);
        }
        await place.shows("queue-ready 1");
        // The client may have read it all the same: a late DONE of its attempt must end no other.
        assertEquals(await putter.ask("TAKE mail"), JOB.replace("attempt=1", "attempt=2"));
        assertMatch(await putter.ask("DONE 1 attempt=1"), /^ERR not-taken /);
        assertEquals(await putter.ask("DONE 1 attempt=2"), "OK");
      }));

    Deno.test(`A job whose clients are lost again and again is given a bounded number of times, over ${name}`, () =>
      at(async (place) => {
        const putter = await place.session();
        await putter.ask("PUT mail hello attempts=1");
        for (let attempt = 1; attempt <= 4; attempt++) {
          await putter.ask("PAUSE mail");
          {
            await using taker = await place.taker("whole");
            taker.stop();
            await putter.ask("RESUME mail");
            await place.shows("queue-taken 1");
            await settled(putter);
          }
          if (attempt < 4) {
            await place.shows("queue-ready 1");
          }
        }
        await settled(putter);
        assertMatch(await putter.ask("JOB 1"), / state=taken attempt=4 /);
      }));
  }

  Deno.test(`A lost worker waits no longer, over ${name}`, () =>
    at(async (place) => {
      {
        await using _ = await place.taker("work");
      }
      await place.shows("queue-takers 0");
    }));

  Deno.test(`A living client that has ended its side gets its job, over ${name}`, () =>
    at(async (place) => {
      const putter = await place.session();
      const stream = await connectStream(parseAddress(place.address), { tls: trust });
      const taker = new RawClient(stream);
      await taker.reply();
      await taker.send("TAKE mail wait=10s\n");
      await taker.half();
      await place.shows("queue-takers 1");
      await putter.ask("PUT mail hello");
      assertEquals(await taker.reply(), JOB);
      stream.close();
      assertMatch(await putter.ask("JOB 1"), /state=taken/);
    }));
}
