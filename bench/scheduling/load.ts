// The load of the scheduling bench: the same one for Lineup and its peers.

/** How many jobs run at once. */
export const AT_ONCE = 16;
/** The backlogs to measure. */
export const BACKLOGS = (Deno.env.get("LINEUP_BACKLOGS") ?? "1000,100000,1000000").split(",").map(
  Number,
);
/** The largest backlog, and the largest one to hold. */
export const LARGEST = Math.max(...BACKLOGS, 100_000);

/** The random numbers for class and flow of each request. */
export const draws = Uint32Array.from({ length: LARGEST }, () => Math.random() * 2 ** 32);

/** The rank of the class of a request, 0 to 3. */
export function rankOf(i: number): number {
  return draws[i] >>> 30;
}

/** A job that does nothing. */
export async function job(): Promise<void> {}

/** Submits a backlog of requests. Resolves when all are done. */
export type Contender = (backlog: number) => Promise<void>;
