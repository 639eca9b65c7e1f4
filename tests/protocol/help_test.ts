import { assert, assertArrayIncludes, assertEquals, assertFalse } from "@std/assert";
import {
  builtin,
  commandHelp,
  compile,
  helpText,
  markdown,
  type Protocol,
  specDocument,
  usageLine,
} from "@lineup/lineup/protocol";

const described = {
  name: "notes",
  version: "2.1",
  summary: "Notes by name.",
  description: "A note is text. ".repeat(8).trim(),
  commands: {
    WRITE: {
      summary: "Write a note.",
      description: "The last one wins.",
      args: {
        name: { type: "word", summary: "Its name.", max: 8 },
        body: { type: "text", summary: "The note.", max: 100 },
      },
      options: {
        keep: { type: "duration", summary: "How long it stays.", min: 1000, default: "1h" },
        mode: { type: "enum", values: ["new", "a|b"] },
      },
      reply: { length: { type: "integer", summary: "Its length." } },
      errors: { full: { summary: "There is no room.", retry: true, executed: "no" } },
      examples: [{
        request: "WRITE a hello",
        reply: "OK length=5",
        summary: "A short note.",
      }],
    },
    LIST: {
      summary: "List notes.",
      args: { prefix: "text?", tags: { type: "word", many: true, optional: true } },
      items: { name: { type: "word", positional: true }, size: "size" },
      reply: { count: "integer" },
    },
  },
} as const satisfies Protocol;

const compiled = compile(described);

Deno.test("helpText shows every command in a line, wrapped for a terminal", () => {
  const lines = helpText(compiled).split("\n");
  assertEquals(lines[0], "notes 2.1: Notes by name.");
  assertArrayIncludes(lines, [
    "  WRITE name body          Write a note.",
    "  LIST [prefix] [tags...]  List notes.",
  ]);
  for (const [verb, { summary }] of Object.entries(builtin.commands)) {
    assert(lines.some((line) => line.startsWith(`  ${verb}`) && line.endsWith(summary)), verb);
  }
  for (const line of lines) assert(line.length <= 100 && line === line.trimEnd(), line);
});

Deno.test("helpText of a protocol without commands shows the built-in ones", () => {
  const text = helpText(compile({ name: "n", version: "1", summary: "None.", commands: {} }));
  assert(text.includes("  PING [word]"));
});

Deno.test("commandHelp explains usage, arguments, options, reply, errors and examples", () => {
  assertEquals(
    commandHelp(compiled.commands.get("WRITE")!),
    `WRITE name body [keep=] [mode=]
  Write a note.

  The last one wins.

Arguments:
  name  Its name. A word without white space of at most 8 characters.
  body  The note. Text of at most 100 characters.

Options:
  keep=  How long it stays. A duration such as 500ms, 5s, 1.5m, 2h or 1d, at least 1s. Default 1h.
  mode=  One of new, a|b.

Reply (OK):
  length=  Its length. An integer.

Errors (ERR):
  full  There is no room.

Example:
  WRITE a hello
  OK length=5`,
  );
});

Deno.test("commandHelp explains items and many", () => {
  const text = commandHelp(compiled.commands.get("LIST")!);
  assert(text.includes("LIST [prefix] [tags...]\n"), text);
  assert(text.includes("  tags    A word without white space. One or more.\n"), text);
  assert(text.includes("Each item (*):\n  name   A word"), text);
});

Deno.test("commandHelp explains every built-in command", () => {
  for (const verb of Object.keys(builtin.commands)) {
    const command = compiled.commands.get(verb)!;
    assert(commandHelp(command).startsWith(usageLine(command)));
  }
});

Deno.test("specDocument survives JSON and compiles to the same commands", () => {
  const schema = {
    "~standard": { version: 1, vendor: "t", validate: (value: unknown) => ({ value }) },
  };
  const checked = {
    ...described,
    commands: {
      ...described.commands,
      CHECK: { summary: "Check.", args: { a: { type: "word", schema } } },
    },
  } as unknown as Protocol;
  const document = JSON.parse(JSON.stringify(specDocument(compile(checked))));
  const again = compile(document.protocol);
  assertEquals(JSON.parse(JSON.stringify(specDocument(again))), document);
  assertFalse(JSON.stringify(document).includes("schema"));
  for (const [verb, { request, reply, items }] of compiled.commands) {
    const found = again.commands.get(verb)!;
    assertEquals([found.request, found.reply, found.items], [request, reply, items], verb);
  }
});

Deno.test("specDocument has everything that a client needs", () => {
  const { lineup, protocol, standing: own, options, errors } = specDocument(compiled);
  assertEquals(lineup, "1");
  assertEquals(protocol.commands.LIST.args, {
    prefix: { type: "text", optional: true },
    tags: { type: "word", many: true, optional: true },
  });
  assertEquals(Object.keys(own), Object.keys(builtin.commands));
  assertEquals(Object.keys(options), ["within", "class", "trace"]);
  assert("busy" in errors && errors.busy.retry === true);
});

Deno.test("markdown has a section for every command, and well-formed tables", () => {
  const text = markdown(compiled);
  for (const verb of ["WRITE", "LIST"]) assert(text.includes(`\n## ${verb}\n`), verb);
  for (const verb of Object.keys(builtin.commands)) assert(text.includes(`\n### ${verb}\n`), verb);
  assert(text.startsWith("# notes 2.1\n\nNotes by name.\n"));
  assert(text.includes("[WRITE](#write)"));
  assert(text.includes("```text\nWRITE a hello\nOK length=5\n```"));
  assert(text.includes("| `mode=` | one of new, a\\|b |  |  |"), text);
  assert(
    text.includes("| `keep=` | a duration such as 500ms, 5s, 1.5m, 2h or 1d, at least 1s | 1h |"),
  );
  assert(text.includes("| `full` | There is no room. | no | yes |  |"));
  assert(text.endsWith("\n") && !text.endsWith("\n\n"));
  let columns = 0;
  for (const line of text.split("\n")) {
    const cells = line.startsWith("|") ? line.replaceAll("\\|", "").split("|").length : 0;
    if (columns > 0 && cells > 0) assertEquals(cells, columns, line);
    columns = cells;
  }
});
