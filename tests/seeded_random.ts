/** The seed of this run: `LINEUP_SEED`, or 1, so that a run repeats the last one by default. */
export const SEED = Number(Deno.env.get("LINEUP_SEED") ?? 1);

/** The factor by which tests run longer than usual: `LINEUP_LONG`, or 1. */
export const LONG = Number(Deno.env.get("LINEUP_LONG") ?? 1);

/** Numbers from 0 to 1, 1 excluded, the same for the same seed (mulberry32, Tommy Ettinger). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Draws from the exponential distribution with this mean. */
export function exponential(random: () => number, mean: number): number {
  return -mean * Math.log(1 - random());
}

/** Runs `body` with the seed. Names the seed where `body` fails, so that the failure can be repeated. */
export function withSeed(body: (random: () => number) => void, seed: number = SEED): void {
  try {
    body(seededRandom(seed));
  } catch (error) {
    console.error(`failed with LINEUP_SEED=${seed} LINEUP_LONG=${LONG}`);
    throw error;
  }
}
