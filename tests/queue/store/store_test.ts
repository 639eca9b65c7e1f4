import { memoryStore, sqliteStore } from "@lineup/lineup/queue";
import { testStore } from "./store_conformance.ts";
import { withDirectory } from "../../temporary_directory.ts";

testStore(
  "memoryStore",
  (test) => test({ open: () => Promise.resolve(memoryStore()), lasts: false }),
);

testStore(
  "sqliteStore",
  (test) =>
    withDirectory((directory) =>
      test({ open: () => sqliteStore(`${directory}/queue.db`), lasts: true })
    ),
);
