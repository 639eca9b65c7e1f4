// A protocol with one of every part that a line can have.

import { compile, type CompiledProtocol, type Protocol } from "../../../protocol/mod.ts";

export const shop = {
  name: "shop",
  version: "1.0",
  summary: "Sells.",
  commands: {
    BUY: {
      summary: "Buy something.",
      args: {
        colour: { type: "enum", values: ["red", "green", "grey"] },
        amount: { type: "integer", min: 1, max: 9 },
      },
      options: {
        gift: { type: "boolean", summary: "Whether to wrap it." },
        speed: { type: "enum", values: ["fast", "slow"], required: true },
        giro: { type: "word" },
        wait: { type: "duration", default: "5s" },
      },
    },
    WRITE: {
      summary: "Leave a note.",
      args: { name: "word", body: { type: "text", max: 20, summary: "The note." } },
      options: { key: "word" },
    },
    FETCH: {
      summary: "Fetch notes.",
      args: { name: { type: "word", many: true }, body: { type: "json", optional: true } },
    },
    BUG: { summary: "Report." },
  },
} as const satisfies Protocol;

export const compiled: CompiledProtocol = compile(shop);
