// Cases that look at a server through its connections.

import { ClientEnd } from "./client_end.ts";
import { bytesOf, show } from "./check.ts";
import type { DialectCase, DialectSubject, ServedDialect, WireSample } from "./subject.ts";

/** The cases of the server. */
export function serverCases(subject: DialectSubject): DialectCase[] {
  const { requests, greeting } = subject;
  const lasting = requests.filter(({ ends }) => !ends);

  async function open(server: ServedDialect): Promise<ClientEnd> {
    const client = new ClientEnd(await server.connect());
    await client.expect(greeting);
    return client;
  }

  function onConnection(
    name: string,
    run: (client: ClientEnd) => Promise<void>,
  ): DialectCase {
    return {
      name: `server: ${name}`,
      async run(): Promise<void> {
        await using server = await subject.serve({});
        using client = await open(server);
        await run(client);
      },
    };
  }

  /** Checks that the connection goes on or ends, as the sample says. */
  async function goesOn(client: ClientEnd, { ends }: WireSample): Promise<void> {
    if (ends) return await client.ended();
    const [next] = requests;
    await client.send(bytesOf(next));
    await client.expect(next.expect);
  }

  const answered = (sample: WireSample): DialectCase =>
    onConnection(`answers ${show(sample.send)}`, async (client) => {
      await client.send(bytesOf(sample));
      await client.expect(sample.expect);
      await goesOn(client, sample);
    });

  return [
    ...requests.map(answered),
    ...subject.invalid.map(answered),
    ...subject.overlong.map(answered),
    ...requests.map((sample) =>
      onConnection(`answers byte by byte ${show(sample.send)}`, async (client) => {
        await client.sendSlowly(bytesOf(sample));
        await client.expect(sample.expect);
        await goesOn(client, sample);
      })
    ),
    onConnection("answers requests of one packet in their order", async (client) => {
      await client.send(joined(lasting));
      await client.expect(lasting.map(({ expect }) => expect).join(""));
    }),
    onConnection("answers what came before the end of the input", async (client) => {
      await client.send(joined(lasting));
      await client.half();
      await client.expect(lasting.map(({ expect }) => expect).join(""));
      await client.ended();
    }),
    onConnection("ends with a client that says nothing", async (client) => {
      await client.half();
      await client.ended();
    }),
    ...subject.unfinished.map((sample) =>
      onConnection(`does not run what is unfinished: ${show(sample.send)}`, async (client) => {
        await client.send(bytesOf(sample));
        await client.half();
        await client.expect(sample.expect);
        await client.ended();
      })
    ),
    {
      name: "server: goes on without a client that is lost within a request",
      async run(): Promise<void> {
        await using server = await subject.serve({});
        for (const sample of subject.unfinished) {
          using lost = await open(server);
          await lost.send(bytesOf(sample));
        }
        using client = await open(server);
        await goesOn(client, {} as WireSample);
      },
    },
    {
      name: "server: refuses a connection too many",
      async run(): Promise<void> {
        await using server = await subject.serve({ connections: 1 });
        using first = await open(server);
        using second = new ClientEnd(await server.connect());
        await second.expect(subject.refused);
        await second.ended();
        await goesOn(first, {} as WireSample);
      },
    },
    {
      name: "server: a drain answers what runs, then ends the connections",
      async run(): Promise<void> {
        await using server = await subject.serve({});
        let down: Promise<void>;
        {
          using idle = await open(server);
          using busy = await open(server);
          await busy.send(bytesOf(subject.slow));
          await server.started;
          down = server.shutdown();
          await idle.expect(subject.drained ?? "");
          await idle.ended();
          server.release();
          await busy.expect(subject.slow.expect + (subject.drained ?? ""));
          await busy.ended();
        }
        // The server waits a second for clients that do not close.
        await down;
      },
    },
  ];
}

function joined(samples: readonly WireSample[]): Uint8Array {
  return Uint8Array.from(samples.flatMap((sample) => [...bytesOf(sample)]));
}
