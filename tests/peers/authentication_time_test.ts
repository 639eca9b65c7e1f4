// The time of a failed proof must not tell what is wrong with it. A measurement, so it is not among the tests of
// `deno task test`.

import { assert } from "@std/assert";
import { hashOfToken, identitiesFile, newToken } from "@lineup/lineup/server";

const TRIES = 100_000;

Deno.test("the time of a proof tells no wrong name from a wrong token or one whose time is over", () => {
  const path = Deno.makeTempFileSync();
  try {
    const names = Array.from({ length: 1000 }, (_, i) => `client-${1000 + i}`);
    const expired = names.map(newToken);
    const until = "2020-01-01T00:00:00Z";
    const lines = [
      ...names.map((name, i) => ({ name, tokens: [hashOfToken(expired[i])], until })),
      ...names.map((name) => ({ name: `${name}.b`, tokens: [hashOfToken(newToken(name))] })),
    ];
    Deno.writeTextFileSync(path, lines.map((line) => JSON.stringify(line)).join("\n"));
    using identities = identitiesFile(path, { log: () => {} });
    // All of one length: the time to hash a text tells only what its sender knows.
    const kinds: Readonly<Record<string, readonly string[]>> = {
      "a name that is not there": names.map((name) => newToken(name.replace("client", "nobody"))),
      "a wrong token of a name that is": names.map(newToken),
      "a token whose time is over": expired,
      "a text that is no token": names.map((name) => newToken(name).replaceAll("_", "-")),
    };
    const times = new Map(Object.keys(kinds).map((kind) => [kind, [] as number[]]));
    for (let i = 0; i < TRIES; i++) {
      // In turns, so that a busy machine meets all alike.
      for (const [kind, all] of Object.entries(kinds)) {
        const token = all[i % all.length];
        const before = performance.now();
        const found = identities.authenticate(token);
        times.get(kind)!.push(performance.now() - before);
        assert(!("identity" in found));
      }
    }
    const medians = [...times].map(([kind, each]) => {
      each.sort((a, b) => a - b);
      return [kind, each[each.length / 2] * 1000] as const;
    });
    const [[, usual]] = medians;
    const told = medians.map(([kind, us]) => `${kind}: ${us.toFixed(2)} us`).join(", ");
    console.log(told);
    // The hash alone varies by as much.
    for (const [, us] of medians) assert(Math.abs(us - usual) <= Math.max(0.1 * usual, 0.3), told);
  } finally {
    Deno.removeSync(path);
  }
});
