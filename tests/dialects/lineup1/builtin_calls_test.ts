import { assertEquals } from "@std/assert";
import {
  builtin,
  compile,
  type Protocol,
  readCalls,
  specDocument,
  SpecError,
} from "@lineup/lineup/protocol";
import { assertThrows } from "@std/assert";
import type { WireShape } from "../../../dialects/lineup1/message.ts";
import { queueProtocol } from "../../../queue/mod.ts";

const bare = { name: "bare", version: "1.0", summary: "Nothing.", commands: {} } as const;

/** The parts of a shape that decide how a line is written and read. Summaries do not. */
function wire({ positional, named, body }: WireShape) {
  const plain = (field: object): object => ({
    ...field,
    positional: undefined,
    summary: undefined,
  });
  return {
    positional: positional.map(plain),
    named: [...named].map(([name, field]) => [name, plain(field)]),
    body: body === undefined ? undefined : plain(body as object),
  };
}

for (const protocol of [bare, queueProtocol] as readonly Protocol[]) {
  Deno.test(`readCalls and compile write and read the lines of ${protocol.name} alike`, () => {
    const { commands } = compile(protocol);
    // The protocol as it is written, and as SPEC sends it.
    const sent = JSON.parse(JSON.stringify(specDocument(compile(protocol)))).protocol;
    for (const each of [protocol, sent]) {
      const calls = readCalls(each);
      assertEquals([...calls.keys()].sort(), [...commands.keys()].sort());
      for (const [verb, call] of calls) {
        const { request, reply, items, command } = commands.get(verb)!;
        assertEquals(wire(call.request), wire(request), verb);
        assertEquals(wire(call.reply), wire(reply), verb);
        assertEquals(call.items && wire(call.items), items && wire(items), verb);
        assertEquals(call.idempotent, command.idempotent === true, verb);
      }
    }
    assertEquals(Object.keys(builtin.commands).length, 8);
  });
}

const wrong: readonly [unknown, string][] = [
  [{ ...bare, commands: null }, "commands"],
  [{ ...bare, commands: { "A\nQUIT": {} } }, "commands.A"],
  [{ ...bare, commands: { A: "text" } }, "commands.A"],
  [{ ...bare, commands: { A: { options: { "x=1 y": "text" } } } }, "commands.A.options.x=1 y"],
  [{ ...bare, commands: { A: { options: { x: "word\n" } } } }, "commands.A.options.x"],
  [{ ...bare, commands: { A: { args: { x: { type: "toString" } } } } }, "commands.A.args.x"],
  [{ ...bare, commands: { A: { args: { x: null } } } }, "commands.A.args.x"],
  [{ ...bare, commands: { A: { args: [] } } }, "commands.A.args"],
  [{ ...bare, commands: { A: { items: 7 } } }, "commands.A.items"],
];

for (const [protocol, path] of wrong) {
  Deno.test(`readCalls refuses ${JSON.stringify((protocol as Protocol).commands)}`, () => {
    assertEquals(
      assertThrows(() => readCalls(protocol as Protocol), SpecError).path.startsWith(path),
      true,
    );
  });
}
