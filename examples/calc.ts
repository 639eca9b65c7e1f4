/**
 * A calculator on a line.
 *
 *     deno run --allow-net examples/calc.ts --port 5463
 *     telnet 127.0.0.1 5463
 *
 * @module
 */

import { type Handlers, type Protocol, Refusal, serve } from "@lineup/lineup";
import { readFlags, untilFinished } from "./listen.ts";

const TOO_LARGE = { summary: "The result is larger than any number here." } as const;

/** The protocol of the calculator. */
export const protocol = {
  name: "calc",
  version: "1.0",
  summary: "A calculator on a line.",
  commands: {
    ADD: {
      summary: "Add two numbers.",
      args: { a: "number", b: "number" },
      reply: { sum: "number" },
      errors: { "too-large": TOO_LARGE },
      idempotent: true,
      examples: [{ request: "ADD 1 2", reply: "OK sum=3" }],
    },
    DIVIDE: {
      summary: "Divide a number by another.",
      args: { dividend: "number", divisor: "number" },
      reply: { quotient: "number" },
      errors: { "divided-by-zero": { summary: "The divisor is 0." }, "too-large": TOO_LARGE },
      idempotent: true,
      examples: [
        { request: "DIVIDE 7 2", reply: "OK quotient=3.5" },
        { request: "DIVIDE 7 0", reply: 'ERR divided-by-zero "7 cannot be divided by 0."' },
      ],
    },
    COUNT: {
      summary: "Count from one number to another, a line each.",
      args: { from: "integer", to: "integer" },
      items: { n: "integer" },
      reply: { count: "integer" },
      idempotent: true,
      examples: [{ request: "COUNT 1 3", reply: "* n=1\n* n=2\n* n=3\nOK count=3" }],
    },
    SLEEP: {
      summary: "Answer after a while; holds no seat meanwhile.",
      args: { ms: { type: "integer", min: 0, max: 60_000 } },
      idempotent: true,
      examples: [{ request: "SLEEP 1", reply: "OK" }],
    },
  },
} as const satisfies Protocol;

function finite(result: number): number {
  if (Number.isFinite(result)) return result;
  throw new Refusal("too-large", "The result is too large.");
}

const handlers: Handlers<typeof protocol> = {
  ADD: ({ a, b }) => ({ sum: finite(a + b) }),

  DIVIDE({ dividend, divisor }) {
    if (divisor === 0) throw new Refusal("divided-by-zero", `${dividend} cannot be divided by 0.`);
    return { quotient: finite(dividend / divisor) };
  },

  *COUNT({ from, to }) {
    for (let n = from; n <= to; n++) yield { n };
    return { count: Math.max(0, to - from + 1) };
  },

  async SLEEP({ ms }, { park, signal }) {
    const timer = Promise.withResolvers<void>();
    const id = setTimeout(timer.resolve, ms);
    signal.addEventListener("abort", () => clearTimeout(id));
    await park(timer.promise);
  },
};

export default { protocol, handlers };

if (import.meta.main) {
  const { port } = readFlags({ port: "5463" });
  await untilFinished("calc", serve(protocol, handlers, { port: Number(port), signals: true }));
}
