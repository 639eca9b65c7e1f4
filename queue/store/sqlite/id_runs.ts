/** The runs of numbers that follow each other, sorted. */
export function idRuns(ids: readonly number[]): [first: number, last: number][] {
  const found: [first: number, last: number][] = [];
  for (const id of [...ids].sort((a, b) => a - b)) {
    const run = found.at(-1);
    if (run !== undefined && id <= run[1] + 1) run[1] = id;
    else found.push([id, id]);
  }
  return found;
}
