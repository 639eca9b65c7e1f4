// Cases of clients that prove an identity.

import { bytesOf, need, show } from "./check.ts";
import { ClientEnd } from "./client_end.ts";
import type { DialectCase, DialectSubject, ProofSamples, WireSample } from "./subject.ts";

/** A token as servers make them, and another one. */
const TOKEN = `lineup_acme_${"a".repeat(49)}`;
const OTHER = `lineup_acme_${"b".repeat(49)}`;

/** The cases of proofs; none where the dialect has no way to prove an identity. */
export function proofCases(subject: DialectSubject): readonly DialectCase[] {
  const { proof } = subject;
  return proof === undefined ? [] : casesOf(subject, proof);
}

function casesOf(subject: DialectSubject, proof: ProofSamples): readonly DialectCase[] {
  const { request, refused } = proof;
  const unproved: WireSample = { send: request.send, expect: refused };

  function onConnection(name: string, run: (client: ClientEnd) => Promise<void>): DialectCase {
    return {
      name: `proof: ${name}`,
      async run(): Promise<void> {
        await using server = await subject.serve({ token: TOKEN });
        using client = new ClientEnd(await server.connect());
        await client.expect(proof.greeting ?? subject.greeting);
        await run(client);
      },
    };
  }

  async function ask(client: ClientEnd, sample: WireSample): Promise<void> {
    await client.send(bytesOf(sample));
    await client.expect(sample.expect);
  }

  return [
    ...proof.right(TOKEN).flatMap((right, i) => [
      onConnection(`way ${i + 1}: a client gets an identity`, async (client) => {
        await ask(client, unproved);
        await ask(client, right);
        await ask(client, request);
      }),
      onConnection(`way ${i + 1}: it holds for requests of the same packet`, async (client) => {
        const parts = [unproved, right, request];
        await client.send(Uint8Array.from(parts.flatMap((part) => [...bytesOf(part)])));
        await client.expect(parts.map(({ expect }) => expect).join(""));
      }),
    ]),
    onConnection("byte by byte", async (client) => {
      const [right] = proof.right(TOKEN);
      await client.sendSlowly(bytesOf(right));
      await client.expect(right.expect);
      await ask(client, request);
    }),
    ...proof.right(OTHER).map((wrong, i) =>
      onConnection(`way ${i + 1}: another token is none`, async (client) => {
        await ask(client, { ...wrong, expect: proof.wrongToken });
        await ask(client, unproved);
      })
    ),
    ...proof.wrong(TOKEN).map((wrong) =>
      onConnection(`is none: ${show(wrong.send)}`, async (client) => {
        need(!wrong.expect.includes(TOKEN), `the answer has the token: ${show(wrong.expect)}`);
        await ask(client, wrong);
        await ask(client, unproved);
      })
    ),
  ];
}
