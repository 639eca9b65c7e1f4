import { assertEquals } from "@std/assert";
import { LONG_RUNS } from "./long.ts";

Deno.test("each file of the long tests exists", async () => {
  const files = LONG_RUNS.flatMap(({ files }) => files);
  const missing: string[] = [];
  for (const file of files) {
    await Deno.stat(new URL(file, import.meta.url)).catch(() => missing.push(file));
  }
  assertEquals(missing, []);
});
