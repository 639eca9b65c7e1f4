import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { lexer, type Token, type Tokens } from "npm:marked@18.2.1";
import { compile } from "@lineup/lineup/protocol";
import { printable } from "../../protocol/printable.ts";
import { markdown } from "../../protocol/reference.ts";
import { builtin } from "../../dialects/lineup1/builtin_protocol.ts";
import { hostileProtocol, hostileText } from "./hostile_protocols.ts";
import { LONG } from "../seeded_random.ts";

/** All tokens, nested ones included. */
function* all(tokens: readonly Token[]): Generator<Token> {
  for (const token of tokens) {
    yield token;
    if ("tokens" in token && token.tokens !== undefined) yield* all(token.tokens);
    if (token.type === "table") {
      const { header, rows } = token as Tokens.Table;
      for (const cell of [...header, ...rows.flat()]) yield* all(cell.tokens);
    }
    if (token.type === "list") yield* all((token as Tokens.List).items);
  }
}

/** The text of inline tokens as a reader sees it. */
function seen(tokens: readonly Token[]): string {
  return tokens.map((token) =>
    "tokens" in token && token.tokens !== undefined
      ? seen(token.tokens)
      : "text" in token
      ? token.text
      : ""
  ).join("");
}

/** The text as a reader should see it: in one line, code without its marks. */
function plain(text: string): string {
  return printable(text.replace(/\s+/gu, " ").trim())
    .replace(/(?<!`)`([^`|\\\s](?:[^`|\\]*[^`|\\\s])?)`(?!`)/g, "$1");
}

const OWN = ["h1", "heading", "paragraph", "table", "code", "space", "text", "escape", "codespan"];

Deno.test("markdown keeps its shape for any names and texts of a protocol", () => {
  fc.assert(
    fc.property(hostileProtocol, (protocol) => {
      const text = markdown(compile(protocol));
      const tokens = lexer(text);
      const verbs = Object.keys(protocol.commands);
      assertEquals(
        tokens.filter(({ type }) => type === "heading").map((each) =>
          (each as Tokens.Heading).text
        ),
        [
          `${protocol.name} ${protocol.version}`,
          ...verbs,
          "What every server answers",
          ...Object.keys(builtin.commands),
          "Options of every command",
          "Errors of every command",
        ],
      );
      for (const token of all(tokens)) {
        // No foreign text became a list, a quotation, HTML, an image, emphasis, a rule or a link.
        if (token.type === "link") assert(token.href.startsWith("#"), token.raw);
        else assert(OWN.includes(token.type), `${token.type} ${token.raw}`);
        if (token.type === "table") {
          const { header, rows } = token as Tokens.Table;
          for (const row of rows) assertEquals(row.length, header.length);
        }
      }
      const [overview] = tokens.filter(({ type }) => type === "table") as Tokens.Table[];
      assertEquals(
        overview.rows.map(([verb, what]) => [seen(verb.tokens), seen(what.tokens).trim()]),
        Object.entries(protocol.commands).map(([verb, { summary }]) => [verb, plain(summary)]),
      );
      // deno-lint-ignore no-control-regex
      assertEquals(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]/.test(text), false);
    }),
    { numRuns: 150 * LONG },
  );
});

Deno.test("markdown shows an example as it is, in a fence of its own", () => {
  fc.assert(fc.property(hostileText.filter((text) => text !== ""), (request) => {
    const protocol = {
      name: "x",
      version: "1",
      summary: "x",
      commands: { A: { summary: "a", examples: [{ request, reply: "OK" }] } },
    };
    const codes = lexer(markdown(compile(protocol))).filter(({ type }) =>
      type === "code"
    ) as Tokens.Code[];
    assertEquals(codes[0].text, "A");
    assert(codes[1].text.endsWith("\nOK") || codes[1].text === "OK", codes[1].raw);
    assertStringIncludes(codes[2].text, "HELLO version ");
  }));
});
