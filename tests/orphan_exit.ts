// Ends a process that a test has started when the test is gone, also one that was killed. `orphan.ts` loads it there.

/** The time between two looks in ms. */
const EVERY_MS = 1000;

const parent = Deno.ppid;
Deno.unrefTimer(setInterval(() => {
  if (Deno.ppid !== parent) Deno.exit();
}, EVERY_MS));
