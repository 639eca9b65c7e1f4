// Generators of strangers' protocols: any name that the rules allow, and any text where text is allowed.

import fc, { codePoint } from "fast-check";
import type { Command, FieldSpec, Protocol } from "../../protocol/spec.ts";

const FRAGMENTS = [
  ..."|`*_[]()<>#-+=!~&\\\"'/@ \t\n\r$\0\x1b\x9b\u2028\u2029\u202e\u200b\ud800",
  ..."é漢👍",
  "```",
  "~~~",
  "*/",
  "/*",
  "//",
  "${x}",
  "\n\n",
  "\r\n",
  "\n    ",
  "\n# ",
  "\n- ",
  "\n1. ",
  "\n> ",
  "\n---\n",
  "\n===\n",
  "\n| a | b |\n| --- | --- |\n",
  "\n```\n",
  "[a]: http://x",
  "[a](javascript:x)",
  "![](http://x)",
  "<script>",
  "</script>",
  "<!--",
  "<http://x>",
  "&lt;",
  "&#60;",
  "@ts-expect-error",
  "@ts-nocheck",
  "@deno-types",
  "__proto__",
  "constructor",
  "word",
  "1. ",
  "\\|",
];

/** Any text, often with characters that Markdown, TypeScript and terminals act upon. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.array(fc.constantFrom(...FRAGMENTS), { minLength: 1, maxLength: 8 }).map((all) =>
    all.join("")
  ),
  fc.string({ unit: codePoint, minLength: 1, maxLength: 12 }),
);

/** Any summary: it must not be empty. */
const summary = hostileText.map((text) => text.trim() === "" ? `x${text}` : text);

const WORDS = [
  "GIVEN",
  "RECEIVED",
  "CONSTRUCTOR",
  "DELETE",
  "CLASS",
  "PROTOCOL",
  "DEFAULT",
  "AWAIT",
];
const verb = fc.oneof(
  fc.constantFrom(...WORDS),
  fc.stringMatching(/^[A-Z][A-Z0-9-]{0,8}$/),
).filter((each) =>
  !["OK", "ERR", "HELLO", "HELP", "SPEC", "PING", "STATS", "CANCEL", "QUIT"].includes(each)
);
const name = fc.oneof(
  fc.constantFrom("class-", "new", "default", "await", "then", "type", "function"),
  fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/),
).filter((each) =>
  !(each in {}) && !["body", "within", "class", "trace", "waited", "took"].includes(each)
);

const field: fc.Arbitrary<FieldSpec> = fc.oneof(
  fc.record({ type: fc.constant("text" as const), summary }, {
    requiredKeys: ["type"],
  }),
  fc.record({
    type: fc.constant("enum" as const),
    values: fc.array(hostileText, { minLength: 1, maxLength: 4 }),
    summary,
  }, { requiredKeys: ["type", "values"] }),
  fc.record({ type: fc.constant("integer" as const), min: fc.integer(), summary }, {
    requiredKeys: ["type"],
  }),
);
const fields = fc.dictionary(name, field, { maxKeys: 3 });

const command: fc.Arbitrary<Command> = fc.record({
  summary,
  description: hostileText,
  args: fields,
  reply: fields,
  items: fields,
  errors: fc.dictionary(
    name.filter((each) => each !== "constructor").map((each) => `x-${each}`),
    fc.record({ summary, ends: hostileText, retry: fc.boolean() }, { requiredKeys: ["summary"] }),
    { maxKeys: 2 },
  ),
  role: hostileText,
  examples: fc.array(
    fc.record({ request: summary, reply: summary, summary: hostileText }, {
      requiredKeys: ["request", "reply"],
    }),
    { maxLength: 2 },
  ),
}, { requiredKeys: ["summary"] }).map((each): Command => ({
  ...each,
  // Only an option has a default here: `fields` makes replies too, where a field with a default is still required.
  options: {
    "z-option": {
      type: "text",
      default: each.description?.toWellFormed() ?? "|",
      summary: each.summary,
    },
  },
}));

/** Any protocol that `compile` accepts. */
export const hostileProtocol: fc.Arbitrary<Protocol> = fc.record({
  name: fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/),
  version: fc.constantFrom("1", "1.0"),
  summary,
  description: hostileText,
  commands: fc.dictionary(verb, command, { maxKeys: 4 }),
}, { requiredKeys: ["name", "version", "summary", "commands"] });
