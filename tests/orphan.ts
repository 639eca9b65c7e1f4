/** A flag of `deno run` for servers that a test starts: without it, a test that is killed leaves them behind. */
export const NO_ORPHAN = `--preload=${new URL("orphan_exit.ts", import.meta.url).href}`;
