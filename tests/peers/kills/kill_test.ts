// A kill takes nothing from the operating system, so this tests the process. `synchronous=FULL` is responsible for the disk:
// a change is on it before a client is told.

import { LONG, SEED } from "../../seeded_random.ts";
import { withDirectory } from "../../temporary_directory.ts";
import { killRounds } from "./kill_rounds.ts";

// LINEUP_LONG=60 makes it 300 kills.
const ROUNDS = 5;
// An old file has more to compare, and a new one has its own first moments.
const ROUNDS_A_FILE = Math.min(10, ROUNDS * LONG);

Deno.test(`kill -9 under load, ${ROUNDS * LONG} times: every acknowledged change lasts, and no other; caps hold`, async () => {
  const files = ROUNDS * LONG / ROUNDS_A_FILE;
  for (let file = 0; file < files; file++) {
    await withDirectory((directory) =>
      killRounds(SEED + file, ROUNDS_A_FILE, `${directory}/queue.db`)
    );
  }
});
