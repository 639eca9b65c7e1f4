import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { complete } from "../../../cli/connect/completion.ts";
import { Editor, type Intent } from "../../../cli/connect/editor.ts";
import { KeyDecoder } from "../../../cli/keys.ts";
import { graphemes } from "../../../cli/text_width.ts";
import { compiled } from "./shop.ts";

function editor(history: readonly string[] = []): Editor {
  return new Editor({
    history: () => history,
    complete: (text, cursor) =>
      complete(text, cursor, {
        protocol: compiled,
        local: {},
        tags: () => [],
        known: () => [],
        files: () => [],
      }),
  });
}

/** Types keys, such as `<C-a>` for a named one. Returns the line, with `|` for the cursor, and the intents. */
function type(edited: Editor, keys: string): { line: string; intents: Intent[] } {
  const intents: Intent[] = [];
  for (const [, name, text] of keys.matchAll(/<([^>]+)>|([^<]+)/g)) {
    const intent = edited.press(name ? { kind: "press", name } : { kind: "text", text });
    if (intent !== undefined) intents.push(intent);
  }
  const { text, cursor } = edited;
  return { line: `${text.slice(0, cursor)}|${text.slice(cursor)}`, intents };
}

const CASES: readonly { keys: string; line: string }[] = [
  { keys: "abc<left>x", line: "abx|c" },
  { keys: "abc<C-a>x<C-e>y", line: "xabcy|" },
  { keys: "漢字<left>é", line: "漢é|字" },
  { keys: "e\u0301x<left><left>", line: "|e\u0301x" },
  { keys: "a👨‍👩‍👧b<left><backspace>", line: "a|b" },
  { keys: "one two<M-b>x", line: "one x|two" },
  { keys: "one two<C-a><M-f>x", line: "onex| two" },
  { keys: "one two-three<C-w>", line: "one |" },
  { keys: "one two-three<M-backspace>", line: "one two-|" },
  { keys: "one two<C-a><M-d>", line: "| two" },
  { keys: "one two<C-u><C-y><C-y>", line: "one twoone two|" },
  { keys: "one two<C-w><C-w><C-y>", line: "one two|" },
  { keys: "one two<C-a><C-k>", line: "|" },
  { keys: "one two<M-b><C-k><C-a><C-y>", line: "two|one " },
  { keys: "abc<C-a><C-d><delete>", line: "|c" },
  { keys: "abc<C-t>", line: "acb|" },
  { keys: "abc<left><C-t>", line: "acb|" },
  { keys: "one<C-u><C-_>", line: "one|" },
  { keys: "one two<C-_>", line: "|" },
  { keys: "one<C-w>two<C-_><C-_>", line: "one|" },
  { keys: "<left><backspace><delete><M-d><C-k><C-y><C-_><C-t>", line: "|" },
];

for (const { keys, line } of CASES) {
  Deno.test(`Editor: ${keys} gives ${line}`, () => assertEquals(type(editor(), keys).line, line));
}

Deno.test("Editor returns finished lines, and the keys of the terminal", () => {
  assertEquals(type(editor(), "PING<enter>x<C-d><C-c>").intents, [
    { kind: "line", text: "PING" },
    { kind: "interrupt" },
  ]);
  assertEquals(type(editor(), "<C-d><C-l><C-z>").intents.map(({ kind }) => kind), [
    "end",
    "clear",
    "suspend",
  ]);
});

Deno.test("Editor moves through the history and keeps the unfinished line", () => {
  const edited = editor(["one", "two"]);
  assertEquals(type(edited, "new<up>").line, "two|");
  assertEquals(type(edited, "<up><up>").line, "one|");
  assertEquals(type(edited, "<C-n><C-n>").line, "new|");
  assertEquals(type(edited, "<M-lt>").line, "new|");
  assertEquals(type(edited, "<up>!<enter>").intents, [{ kind: "line", text: "two!" }]);
});

Deno.test("Editor searches the history at each key", () => {
  const history = ["PUT a", "PING", "PUT b", "PUT b"];
  const edited = editor(history);
  assertEquals(type(edited, "mine<C-r>PUT").line, "mine|");
  assertEquals([edited.search?.found, edited.search?.failed], ["PUT b", false]);
  type(edited, "<C-r>");
  assertEquals(edited.search?.found, "PUT a");
  type(edited, "<C-r>");
  assertEquals([edited.search?.found, edited.search?.failed], ["PUT a", true]);
  type(edited, "<C-s>");
  assertEquals(edited.search?.found, "PUT b");
  assertEquals(type(edited, "<C-g>").line, "mine|");
  assertEquals(type(edited, "<C-r>a<escape>x").line, "PUT xa|".replace("xa|", "x|a"));
  assertEquals(type(edited, "<C-r>PI<enter>").intents, [{ kind: "line", text: "PING" }]);
  assertEquals(type(edited, "<C-r>zzz<backspace><backspace><backspace>PI<C-e>").line, "PING|");
});

Deno.test("Editor completes the common prefix, lists the candidates, and moves through them", () => {
  const edited = editor();
  assertEquals(type(edited, "b<tab>").line, "BU|");
  assertEquals(edited.menu?.chosen, -1);
  assertEquals(type(edited, "<tab>").line, "BUY|");
  assertEquals(type(edited, "<tab>").line, "BUG|");
  assertEquals(type(edited, "<tab>").line, "BU|");
  assertEquals(type(edited, "<S-tab>").line, "BUG|");
  assertEquals(type(edited, "<escape>").line, "BU|");
  assertEquals(edited.menu, undefined);
  assertEquals(type(edited, "<tab><tab> gr<tab>").line, "BUY gre|");
  assertEquals(type(edited, "e<tab>").line, "BUY green |");
  assertEquals(type(edited, "1 sp<tab>f<tab>").line, "BUY green 1 speed=fast |");
  assertEquals(type(editor(), "zz<tab>").line, "zz|");
});

Deno.test("Editor takes a paste as lines and completes nothing in it", () => {
  const edited = editor();
  type(edited, "PI");
  const [key] = new KeyDecoder().push(
    new TextEncoder().encode("\x1b[200~NG\tx\rBU\t\nrest\x1b[201~"),
  );
  assertEquals(edited.press(key), { kind: "lines", texts: ["PING x", "BU "] });
  assertEquals(edited.text, "rest");
});

Deno.test("Editor keeps its cursor between characters, for any keys", () => {
  const names = [
    "left",
    "right",
    "C-left",
    "M-f",
    "C-w",
    "C-k",
    "C-u",
    "C-y",
    "C-_",
    "C-t",
    "up",
    "down",
    "tab",
    "S-tab",
    "escape",
    "C-r",
    "C-g",
    "backspace",
    "delete",
    "home",
    "end",
    "M-d",
    "M-backspace",
    "enter",
  ];
  const key = fc.oneof(
    fc.constantFrom(...names).map((name) => ({ kind: "press", name }) as const),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 3 }).filter((text) =>
      !/\p{C}/u.test(text)
    )
      .map((text) => ({ kind: "text", text }) as const),
  );
  fc.assert(fc.property(fc.array(key, { maxLength: 40 }), (keys) => {
    const edited = editor(["PUT 漢字", "👨‍👩‍👧 e\u0301"]);
    for (const each of keys) {
      edited.press(each);
      const { text, cursor } = edited;
      assertEquals(cursor >= 0 && cursor <= text.length, true);
      assertEquals(
        text.slice(0, cursor).isWellFormed() && text.slice(cursor).isWellFormed(),
        text.isWellFormed(),
      );
      graphemes(text);
    }
  }));
});
