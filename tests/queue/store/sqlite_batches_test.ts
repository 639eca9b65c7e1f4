// For any cut of changes into batches, a file has the same content as a store in memory that gets the changes one by
// one.

import { memoryStore, sqliteStore } from "@lineup/lineup/queue";
import type { Change, Store, StoredJob } from "@lineup/lineup/queue";
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { job } from "../../../queue/store/conformance/samples.ts";
import { withDirectory } from "../../temporary_directory.ts";
import { LONG } from "../../seeded_random.ts";

/** A change and its job: 0 is a new job, other numbers choose among the earlier ones. */
const step = fc.record({
  what: fc.constantFrom<Change["kind"]>("put", "put", "put", "move", "move", "finish", "drop"),
  which: fc.nat(),
  reason: fc.constantFrom("", "why"),
});
/** The batches. `again` repeats a batch together with the next one, as after an error. */
const batches = fc.array(
  fc.record({ steps: fc.array(step, { minLength: 1, maxLength: 60 }), again: fc.boolean() }),
  { minLength: 1, maxLength: 4 },
);

type Given = typeof batches extends fc.Arbitrary<infer T> ? T : never;

/**
 * The changes of a possible queue: ids go up. Some changes come after the end of their job. In batches that are not
 * repeated, some come before their job: a repetition would change the result, because the job exists by then.
 */
function history(all: Given): Change[][] {
  let last = 0;
  let attempt = 0;
  return all.map(({ steps, again }) =>
    steps.map(({ what: drawn, which, reason }): Change => {
      const what = again && last === 0 ? "put" : drawn;
      const id = last === 0 ? 1 : 1 + which % last;
      const progress = {
        ...job(id),
        state: "taken" as const,
        attempt: ++attempt,
        endsAt: 9,
        reason,
      };
      if (what === "move") return { kind: what, id, progress };
      if (what === "finish") {
        return {
          kind: what,
          id,
          progress: { ...progress, state: "done" },
          result: new Uint8Array(which % 5).fill(attempt),
        };
      }
      if (what === "drop") return { kind: what, id };
      const body = new Uint8Array(which % 7).fill(++last);
      const given = which % 3 === 0 ? { attempt: ++attempt, reason } : {};
      return { kind: "put", job: { ...job(last), size: body.length, ...given }, body };
    })
  );
}

async function all(store: Store): Promise<[StoredJob, Uint8Array | undefined][]> {
  const jobs = await Array.fromAsync(store.load());
  const bodies = await store.bodies(jobs.map(({ id }) => id));
  return jobs.map((each, at) => [each, bodies[at]]);
}

Deno.test("sqliteStore gets the same content from any batches as from single changes", () =>
  withDirectory(async (directory) => {
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(batches, async (given) => {
        const plain = memoryStore();
        const file = await sqliteStore(`${directory}/${++runs}.db`);
        try {
          let before: Change[] = [];
          for (const [at, changes] of history(given).entries()) {
            for (const change of changes) await plain.commit([change]);
            await file.commit([...before, ...changes]);
            before = given[at].again ? [...before, ...changes] : [];
          }
          assertEquals(await all(file), await all(plain));
          assertEquals(await file.lastId(), await plain.lastId());
        } finally {
          await file.close();
        }
      }),
      { numRuns: 12 * LONG },
    );
  }));
