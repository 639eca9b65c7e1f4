/** The lines of `jobs` jobs without ids, each of about 550 bytes. */
export function* jobLines(jobs: number): Generator<string, void, void> {
  for (let at = 1; at <= jobs; at++) {
    yield JSON.stringify({ queue: "mail", body: `${at}-${"x".repeat(500)}` });
  }
}
