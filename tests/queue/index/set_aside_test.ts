import { assertEquals } from "@std/assert";
import { JobTable } from "../../../queue/index/job_table.ts";
import { Queue } from "../../../queue/index/queue.ts";
import { SetAside } from "../../../queue/index/set_aside.ts";
import { job as stored } from "../../../queue/store/conformance/samples.ts";
import { LONG, SEED, seededRandom } from "../../seeded_random.ts";

Deno.test("SetAside knows the delayed job that is due first, and the job that has been dead for longest", () => {
  for (let seed = SEED; seed < SEED + 50 * LONG; seed++) {
    const random = seededRandom(seed);
    const below = (limit: number): number => Math.floor(random() * limit);
    const table = new JobTable();
    const queue = new Queue("mail", table);
    const aside = new SetAside(table);
    let delayed: { id: number; slot: number; due: number }[] = [];
    let dead: number[] = [];
    for (let id = 1; id <= 200; id++) {
      const state = random() < 0.5 ? "delayed" : "dead";
      const readyAt = below(50);
      const { slot } = table.add(
        stored(id, { state, readyAt }),
        queue.key("").share(stored(id)),
      );
      aside.add(slot, state);
      if (state === "dead") dead.push(slot);
      else delayed.push({ id, slot, due: readyAt });
      if (random() < 0.4 && dead.length > 0) {
        const gone = dead[below(dead.length)];
        aside.remove(gone, "dead");
        dead = dead.filter((slot) => slot !== gone);
      }
      if (random() < 0.4 && delayed.length > 0) {
        const { slot: gone } = delayed[below(delayed.length)];
        aside.remove(gone, "delayed");
        delayed = delayed.filter(({ slot }) => slot !== gone);
      }
      const [soonest] = [...delayed].sort((a, b) => a.due - b.due || a.id - b.id);
      assertEquals([aside.delayed, aside.dead], [soonest?.slot, dead[0]], `LINEUP_SEED=${seed}`);
    }
  }
});
