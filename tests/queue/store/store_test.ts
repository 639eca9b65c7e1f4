import { memoryStore, sqliteStore } from "@lineup/lineup/queue";
import { testStore } from "@lineup/lineup/queue/conformance";
import { withDirectory } from "../../temporary_directory.ts";

testStore(
  (name, run) => Deno.test(`memoryStore ${name}`, run),
  (use) => use({ open: () => Promise.resolve(memoryStore()), lasts: false }),
);

testStore(
  (name, run) => Deno.test(`sqliteStore ${name}`, run),
  (use) =>
    withDirectory((directory) =>
      use({ open: () => sqliteStore(`${directory}/queue.db`), lasts: true })
    ),
);
