import { assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { hintFor } from "../../../cli/connect/hint.ts";
import { readRequestLine } from "../../../cli/connect/request_line.ts";
import { Framer, readRequest, Refusal } from "../../../protocol/mod.ts";
import { compiled } from "./shop.ts";
import { LONG } from "../../seeded_random.ts";

/** Wrong lines and their errors. `^` stands below the wrong place; a missing part has its place at the end. */
const WRONG: readonly { line: string; place: string; says: string }[] = [
  { line: "FROB x", place: "^^^^  ", says: "There is no command FROB" },
  { line: "buy", place: "   ^", says: "BUY needs colour: one of red, green, grey" },
  {
    line: "BUY blue 1 speed=fast",
    place: "    ^^^^",
    says: "colour must be one of red, green, grey, not",
  },
  {
    line: "BUY red 10 speed=fast",
    place: "        ^^",
    says: "amount must be an integer, 1 to 9, not",
  },
  { line: "BUY red 1 2 speed=fast", place: "          ^", says: "one argument too many" },
  { line: "BUY red 1", place: "         ^", says: "BUY needs speed=: one of fast, slow" },
  {
    line: "BUY red 1 speed=quick",
    place: "          ^^^^^^^^^^^",
    says: "speed must be one of fast, slow",
  },
  { line: "BUY red 1 sped=fast", place: "          ^^^^^^^^^", says: "BUY has no option sped" },
  {
    line: "BUY red 1 speed=fast speed=slow",
    place: "                     ^^^^^^^^^^",
    says: "given twice",
  },
  { line: '#a BUY red 1 speed="slow', place: "             ^^^^^^^^^^^", says: "closing quote" },
  { line: "#a:b PING", place: "^^^^", says: "A tag is" },
  { line: "5 PING", place: "^", says: "begins with a verb" },
  { line: "PING {5}", place: "     ^^^", says: "PING takes no body" },
  { line: "WRITE me {05}", place: "         ^^^^", says: "A body's length is {n}" },
  {
    line: "WRITE me",
    place: "        ^",
    says: "WRITE needs body: text of at most 20 characters, as the last word, @FILE, or",
  },
  {
    line: 'WRITE me "a note of more than 20"',
    place: "         ^^^^^^^^^^^^^^^^^^^^^^^^",
    says: "body must be text of at most 20",
  },
  { line: "CANCEL", place: "      ^", says: "CANCEL needs tag" },
];

Deno.test("readRequestLine reports an error at its place", () => {
  for (const { line, place, says } of WRONG) {
    const { mistakes, missing } = readRequestLine(line, compiled);
    const mistake = mistakes[0] ?? missing;
    assertStringIncludes(mistake?.message ?? "nothing", says, line);
    const start = place.indexOf("^");
    assertEquals([
      mistake?.start,
      mistake?.start === mistake?.end ? 1 : mistake!.end - mistake!.start,
    ], [
      start,
      place.trim().length,
    ], line);
  }
});

const RIGHT = [
  "ping",
  '#a PING "are you there"',
  "BUY red 1 speed=fast",
  'BUY speed=fast gift=yes red 9 wait=1.5s within=5s class=bulk giro="a=b"',
  "WRITE me hello",
  'WRITE me "hello \\"you\\"" key=x',
  "WRITE me @notes.txt key=x",
  "WRITE me <<END",
  "WRITE me {5}",
  'WRITE me "@notes"',
  "FETCH a b c",
  "FETCH a b @file.json",
  "",
  "   ",
];

Deno.test("readRequestLine reports no error for lines that the protocol allows", () => {
  for (const line of RIGHT) {
    const { mistakes, missing } = readRequestLine(line, compiled);
    assertEquals([mistakes, missing], [[], undefined], line);
  }
});

Deno.test("readRequestLine tells the source of a body", () => {
  const source = (line: string): unknown => {
    const { body } = readRequestLine(line, compiled);
    return body && { ...body, token: line.slice(body.token.start, body.token.end) };
  };
  assertEquals(source("WRITE me @a/b.txt key=x"), {
    from: "file",
    path: "a/b.txt",
    token: "@a/b.txt",
  });
  assertEquals(source("WRITE me <<E"), { from: "lines", mark: "E", token: "<<E", skipped: false });
  assertEquals(source('WRITE "me <<E'), { from: "lines", mark: "E", token: "<<E", skipped: true });
  assertEquals(source("PING <<E"), { from: "lines", mark: "E", token: "<<E", skipped: false });
  assertEquals(source("PING << E"), { from: "unclear", token: "<<" });
  assertEquals(source("WRITE me {12}"), { from: "counted", length: 12, token: "{12}" });
  assertEquals(source('WRITE me "@a"'), undefined);
  assertEquals(source("PING @a"), undefined);
});

Deno.test("readRequestLine agrees with the server on any line of words", () => {
  const word = fc.constantFrom(
    ...'BUY buy WRITE FETCH PING PONG red 1 11 speed=fast gift=maybe key=x a=b=c "" "a\\q" "a b" #t {3 é wait=5s'
      .split(" "),
  );
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), (words) => {
      const text = words.join(" ");
      const { mistakes, missing, body } = readRequestLine(text, compiled);
      if (body !== undefined) return;
      const framer = new Framer("request");
      framer.push(new TextEncoder().encode(text + "\n"));
      const framed = framer.next();
      if (framed?.kind !== "frame") return;
      const command = compiled.commands.get(framed.head);
      let allowed = command !== undefined;
      try {
        if (command !== undefined) readRequest(command, framed);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        allowed = false;
      }
      assertEquals(mistakes.length === 0 && missing === undefined, allowed, text);
    }),
    { numRuns: 600 * LONG },
  );
});

const HINTS: readonly { line: string; rest: string; detail?: string }[] = [
  { line: "BUY", rest: " colour amount [gift=] speed= [giro=] [wait=]", detail: "Buy something." },
  {
    line: "BUY ",
    rest: "colour amount [gift=] speed= [giro=] [wait=]",
    detail: "colour: One of red, green, grey.",
  },
  { line: "BUY re", rest: " amount [gift=] speed= [giro=] [wait=]", detail: "colour: One of red" },
  {
    line: "BUY red ",
    rest: "amount [gift=] speed= [giro=] [wait=]",
    detail: "amount: An integer, 1 to 9.",
  },
  {
    line: "BUY red 1 gift=",
    rest: " speed= [giro=] [wait=]",
    detail: "gift=: Whether to wrap it. Yes or no.",
  },
  { line: "BUY red 1 wait=", rest: " [gift=] speed= [giro=]", detail: "Default 5s." },
  {
    line: "WRITE me ",
    rest: "body [key=]",
    detail: "The note. Text of at most 20 characters (the last word, @FILE",
  },
  { line: "WRITE me @x ", rest: "[key=]", detail: "" },
  { line: "FETCH a ", rest: "name... [@file]", detail: "name: A word" },
  { line: "BUG", rest: "", detail: "Report." },
  { line: "FR", rest: "", detail: "" },
  { line: "", rest: "", detail: "" },
];

Deno.test("hintFor tells the next argument, and its allowed values", () => {
  for (const { line, rest, detail } of HINTS) {
    const hint = hintFor(readRequestLine(line, compiled));
    assertEquals(hint.rest, rest, line);
    assertStringIncludes(hint.detail, detail ?? "", line);
    if (detail === "") assertEquals(hint.detail, "", line);
  }
});

Deno.test("readRequestLine never throws, and its tokens are the line's", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme-composite" }), (text) => {
    const { tag, verb, rest } = readRequestLine(`BUY ${text}`, compiled);
    let at = 0;
    for (const token of [tag, verb, ...rest].filter((each) => each !== undefined)) {
      assertEquals(token.start >= at && token.end > token.start, true);
      at = token.end;
    }
    hintFor(readRequestLine(text, compiled));
  }));
});
