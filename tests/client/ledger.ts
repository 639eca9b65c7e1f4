// A service whose requests can be told from each other, and which keeps count of what it has done.

import type { Frame, Protocol } from "../../protocol/mod.ts";
import type { Answer } from "./proxy.ts";

export const ledger = {
  name: "ledger",
  version: "1.0",
  summary: "Remembers what was done how often.",
  commands: {
    LOOK: {
      summary: "May be done again.",
      args: { id: "integer" },
      reply: { id: "integer" },
      idempotent: true,
    },
    ADD: { summary: "Must not be done again.", args: { id: "integer" }, reply: { id: "integer" } },
    LIST: {
      summary: "Items, then the reply.",
      args: { id: "integer" },
      items: { id: "integer", n: "integer" },
      reply: { id: "integer" },
      idempotent: true,
    },
  },
} as const satisfies Protocol;

/** Counts what is done. */
export class Ledger {
  /** How often, by id. */
  readonly done = new Map<number, number>();

  /** Does what a request says. */
  do({ head, words: [id] }: Frame): Answer {
    if (head === "CANCEL") return { lines: [{ head: "OK" }] };
    if (head === "PING") return { lines: [{ head: "OK", words: ["pong"] }] };
    this.done.set(Number(id), (this.done.get(Number(id)) ?? 0) + 1);
    const options = new Map([["id", id]]);
    const final = { head: "OK", options };
    if (head !== "LIST") return { lines: [final] };
    const item = (n: number) => ({ head: "*", options: new Map([["id", id], ["n", String(n)]]) });
    return { lines: [item(1), item(2), item(3), final] };
  }
}
