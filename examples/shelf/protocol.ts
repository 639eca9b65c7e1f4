/**
 * The protocol of the shelf: documents by name, kept for a team.
 *
 * @module
 */

import type { Protocol } from "@lineup/lineup";

const name = { type: "word", max: 100, summary: "The name of a document." } as const;
const kind = { type: "enum", values: ["text", "data"], summary: "What it is." } as const;
const NOT_FOUND = { summary: "There is no document of this name." } as const;

/** The protocol of the shelf. */
export const protocol = {
  name: "shelf",
  version: "1.0",
  summary: "Documents by name, kept for a team.",
  commands: {
    SIGNIN: {
      summary: "Become an editor on this connection.",
      args: { token: { type: "text", max: 200 } },
      examples: [{ request: "SIGNIN wrong", reply: 'ERR forbidden "This is not the token."' }],
    },
    STORE: {
      summary: "Store a document, in the place of the one that has its name.",
      args: { name, body: { type: "bytes", max: 1 << 20 } },
      options: {
        title: { type: "text", max: 200, summary: "Its title." },
        kind: { ...kind, default: "text" },
        ttl: { type: "duration", min: 1, summary: "How long it is kept. Default: for ever." },
        labels: { type: "json", summary: "Labels of your own: any JSON." },
      },
      reply: { replaced: "boolean" },
      errors: {
        full: { summary: "There is no room for it now.", retry: true },
      },
      idempotent: true,
    },
    FETCH: {
      summary: "A document.",
      args: { name },
      reply: { title: "text?", kind, labels: "json?", age: "duration", body: "bytes" },
      errors: { "not-found": NOT_FOUND },
      class: "interactive",
      idempotent: true,
      examples: [
        { request: "FETCH nothing", reply: 'ERR not-found "There is no document nothing."' },
      ],
    },
    REMOVE: {
      summary: "Remove documents. Names that no document has are left out of the count.",
      args: { names: { ...name, many: true } },
      reply: { count: "integer" },
    },
    LIST: {
      summary: "All documents, by name.",
      options: { kind },
      items: {
        name: { type: "word", positional: true },
        kind,
        size: "size",
        share: { type: "number", summary: "Its part of all bytes, from 0 to 1." },
      },
      reply: { count: "integer" },
      idempotent: true,
      examples: [{ request: "LIST kind=data", reply: "…OK count=…" }],
    },
    SEARCH: {
      summary: "The lines of text documents that contain a text.",
      args: { text: { type: "text", min: 1, max: 200 } },
      options: { most: { type: "integer", min: 1, max: 10_000, default: "100" } },
      items: { name: "word", line: "integer", text: { type: "text", positional: true } },
      reply: { count: "integer", more: "boolean" },
      class: "bulk",
      idempotent: true,
    },
    WATCH: {
      summary: "Each change as it happens, until CANCEL.",
      items: { change: { type: "enum", values: ["stored", "removed"] }, name: "word" },
    },
  },
} as const satisfies Protocol;
