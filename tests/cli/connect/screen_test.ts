import { assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { Screen, type View } from "../../../cli/connect/screen.ts";
import type { StyledText } from "../../../cli/styled_text.ts";
import { painter } from "../../../cli/style.ts";
import { printableBody } from "../../../cli/printable_body.ts";
import { fit, width, wrap } from "../../../cli/text_width.ts";
import { printable } from "../../../protocol/printable.ts";
import { VirtualTerminal } from "./virtual_terminal.ts";

const plain = (text: string): StyledText => ({ text, style: "plain" });

function view(before: string, after = "", below: string[] = [], rest = ""): View {
  return {
    before: [plain("> "), plain(before)],
    after: [plain(after)],
    rest,
    below: below.map((text) => [plain(text)]),
  };
}

Deno.test("Screen shows the line, its hint, the rows below, and output above", () => {
  const device = new VirtualTerminal(20, 10);
  const screen = new Screen(device, painter(true));
  screen.draw(view("PUT ", "", ["queue: a word"], "queue body"));
  assertEquals(device.text, "> PUT queue body\nqueue: a word");
  assertEquals([device.row, device.column], [0, 6]);
  screen.print("OK id=1\n");
  screen.draw(view("PUT mail", "", [], " a hint that is far too long"));
  assertEquals(device.text, "OK id=1\n> PUT mail a hint …");
  assertEquals([device.row, device.column], [1, 10]);
  screen.leave();
  assertEquals(device.text, "OK id=1");
});

Deno.test("Screen leaves the cursor where the next character goes, at any width and with any text", () => {
  const text = fc.string({
    unit: fc.constantFrom("a", " ", "漢", "é", "👍", "e\u0301"),
    maxLength: 60,
  });
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          before: text,
          after: text,
          output: text,
          below: fc.array(text, { maxLength: 3 }),
        }),
        {
          minLength: 1,
          maxLength: 6,
        },
      ),
      fc.integer({ min: 8, max: 30 }),
      (steps, columns) => {
        const device = new VirtualTerminal(columns, 100);
        const screen = new Screen(device, painter(false));
        const printed = new VirtualTerminal(columns, 100);
        for (const { before, after, output, below } of steps) {
          screen.print(output + "\n");
          printed.write(output + "\r\n");
          screen.draw(view(before, after, below));
          // The same text, written plainly, has the expected rows and cursor.
          const expected = new VirtualTerminal(columns, 100);
          expected.rows = printed.rows.map((row) => [...row]);
          expected.row = printed.row;
          expected.write("> " + before);
          const { row, column } = expected;
          expected.write(after);
          if (expected.column === columns) expected.write("\r\n");
          for (const each of below) expected.write(`\r\n${fit(each, columns - 1)}`);
          assertEquals(device.text, expected.text);
          assertEquals(
            [device.row, device.column],
            column === columns ? [row + 1, 0] : [row, column],
          );
        }
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("Screen shows the part around the cursor of a line that is longer than the terminal", () => {
  const device = new VirtualTerminal(20, 5);
  const screen = new Screen(device, painter(false));
  screen.draw(view("x".repeat(500) + "HERE", "THERE" + "y".repeat(500), ["below"]));
  assertStringIncludes(device.text.replaceAll("\n", ""), "xHERE");
  assertEquals(device.rows.length <= 5, true, device.text);
  screen.print("OK\n");
  screen.draw(view("short"));
  assertEquals(device.text, "OK\n> short");
});

Deno.test("Screen finds its rows again after a resize", () => {
  const device = new VirtualTerminal(40, 10);
  const screen = new Screen(device, painter(false));
  screen.draw(view("x".repeat(50)));
  // The resize of a terminal that wraps its rows anew.
  device.columns = 20;
  device.rows = [[..."> " + "x".repeat(18)], [..."x".repeat(20)], [..."x".repeat(12)]];
  [device.row, device.column] = [2, 12];
  screen.draw(view("x".repeat(50)));
  assertEquals(device.text, `> ${"x".repeat(18)}\n${"x".repeat(20)}\n${"x".repeat(12)}`);
  assertEquals([device.row, device.column], [2, 12]);
});

Deno.test("painter leaves text as it is without colours", () => {
  assertEquals(painter(false)("bad", "x"), "x");
  assertEquals(painter(true)("bad", "x"), "\x1b[1m\x1b[31mx\x1b[39m\x1b[22m");
  assertEquals(painter(true)("plain", "x"), "x");
});

Deno.test("printable escapes every character that a terminal would act upon", () => {
  assertEquals(printable("a\x1b[2Jb\x07\x9b\r\n\x7f"), "a\\x1b[2Jb\\x07\\x9b\\x0d\\x0a\\x7f");
  assertEquals(printable("a\u202eb\u2066\ud800"), "a\\u{202e}b\\u{2066}\\u{d800}");
  assertEquals(printable("é漢👍👨‍👩‍👧"), "é漢👍👨‍👩‍👧");
  assertEquals(
    printableBody(new TextEncoder().encode("a\tb\n\x1b]0;x\x07")),
    "a\tb\n\\x1b]0;x\\x07",
  );
  assertEquals(printableBody(Uint8Array.of(0xff, 0x41, 0x0a)), "\\xffA\n");
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    // deno-lint-ignore no-control-regex
    assertEquals(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(printableBody(bytes)), false);
  }));
});

Deno.test("wrap breaks at spaces, and inside words that are too long", () => {
  assertEquals(wrap("one two three", 8), ["one two", "three"]);
  assertEquals(wrap("漢字漢字 a", 5), ["漢字", "漢字", "a"]);
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom("a", " ", "漢") }), (text) => {
    for (const row of wrap(text, 4)) assertEquals(width(row) <= 4, true);
  }));
});
