// A service whose commands run once at most: each run is a line of a file, which the test reads from outside.

import type { Handlers, Protocol } from "@lineup/lineup";

export const protocol = {
  name: "marks",
  version: "1.0",
  summary: "Writes numbers down.",
  commands: {
    MARK: {
      summary: "Write a number down.",
      args: { n: "integer" },
      reply: { n: "integer" },
      examples: [{ request: "MARK 1", reply: "OK n=1" }],
    },
  },
} as const satisfies Protocol;

const ledger = (): Deno.FsFile => Deno.openSync("ledger", { create: true, append: true });
let file: Deno.FsFile | undefined;

export const handlers: Handlers<typeof protocol> = {
  async MARK({ n }) {
    file ??= ledger();
    file.writeSync(new TextEncoder().encode(`${n}\n`));
    await new Promise((resolve) => setTimeout(resolve, n % 20));
    return { n };
  },
};

export default { protocol, handlers };
