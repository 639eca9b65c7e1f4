// A module that exports several services: two versions of one protocol, and another one.

import { type Service, service } from "@lineup/lineup/server";

const calc2 = {
  name: "calc",
  version: "2.0",
  summary: "A calculator.",
  commands: {
    ADD: {
      summary: "Add all.",
      args: { terms: "integer..." },
      reply: { total: "integer" },
      examples: [{ request: "ADD 1 2 3", reply: "OK total=6" }],
    },
  },
} as const;

const calc1 = {
  name: "calc",
  version: "1.0",
  summary: "A calculator.",
  commands: {
    ADD: { summary: "Add.", args: { a: "integer", b: "integer" }, reply: { sum: "integer" } },
  },
} as const;

const tally = {
  name: "tally",
  version: "1.0",
  summary: "Counts.",
  commands: {
    NEXT: {
      summary: "The next number.",
      reply: { n: "integer" },
      examples: [{ request: "NEXT", reply: "OK n=1" }],
    },
  },
} as const;

const services: readonly Service[] = [
  service(calc2)({
    handlers: { ADD: ({ terms }) => ({ total: terms.reduce((sum, term) => sum + term) }) },
  }),
  service(calc1)({ handlers: { ADD: ({ a, b }) => ({ sum: a + b }) } }),
  service(tally)({
    state: () => ({ n: 0 }),
    handlers: { NEXT: (_, { state }) => ({ n: ++state.n }) },
  }),
];

export default services;
