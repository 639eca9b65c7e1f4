import { assertEquals } from "@std/assert";
import { SortedNames } from "../../../queue/index/sorted_names.ts";
import { SEED, seededRandom } from "../../seeded_random.ts";

Deno.test("SortedNames has the names of a sorted array, for any additions and removals", () => {
  const random = seededRandom(SEED);
  const names = new SortedNames();
  const model = new Set<string>();
  for (let step = 0; step < 20_000; step++) {
    const name = `${Math.floor(random() * 5_000)}`.padStart(Math.floor(random() * 3), "é");
    if (model.delete(name)) names.delete(name);
    else {
      model.add(name);
      names.add(name);
    }
    if (step % 2_000 === 0) assertEquals([...names], [...model].sort());
  }
  for (const name of model) names.delete(name);
  assertEquals([...names], []);
});

Deno.test("SortedNames yields each remaining name once, while others come and go", () => {
  const random = seededRandom(SEED);
  const names = new SortedNames();
  const stay = Array.from({ length: 3_000 }, (_, at) => `s${at}`);
  for (const name of stay) names.add(name);
  const seen: string[] = [];
  const others: string[] = [];
  for (const name of names) {
    seen.push(name);
    const other = `s${Math.floor(random() * 3_000)}x${others.length}`;
    names.add(other);
    if (others.push(other) > 50) names.delete(others.splice(Math.floor(random() * 50), 1)[0]);
  }
  assertEquals(seen.filter((name) => !name.includes("x")), stay.sort());
});
