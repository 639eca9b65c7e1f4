// A service that counts how often it has done each request. Requests differ by their ids.

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

/** The service, and its counts. */
export class Ledger {
  /** The number of times that each id was done. */
  readonly done = new Map<number, number>();

  /** Does a request. Returns the answer. */
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
