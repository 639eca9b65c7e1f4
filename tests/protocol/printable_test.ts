import { assertEquals } from "@std/assert";
import fc, { codePoint } from "fast-check";
import { printable, printableLines } from "../../protocol/printable.ts";

Deno.test("printable escapes controls and invisible characters", () => {
  for (
    const [text, shown] of [
      ["a\x1b[2Jb\x07\r\n\t\x7f", "a\\x1b[2Jb\\x07\\x0d\\x0a\\x09\\x7f"],
      // C1 controls, which terminals obey in 8-bit mode.
      ["\x9b31m\x90\x85", "\\x9b31m\\x90\\x85"],
      ["\u202eabc\u2066d\u2069\u200e\u061c", "\\u{202e}abc\\u{2066}d\\u{2069}\\u{200e}\\u{61c}"],
      [
        "zero\u200bwidth\u200cand\u200d\u2060\ufeff",
        "zero\\u{200b}width\\u{200c}and\\u{200d}\\u{2060}\\u{feff}",
      ],
      ["soft\xadhyphen\u034f\u3164\u115f", "soft\\xadhyphen\\u{34f}\\u{3164}\\u{115f}"],
      ["\u2028\u2029\ufff9\u{e0041}\u{e0100}", "\\u{2028}\\u{2029}\\u{fff9}\\u{e0041}\\u{e0100}"],
      ["half \ud800 \udc00", "half \\u{d800} \\u{dc00}"],
      ["a\ufe0f 1\ufe0f", "a\\u{fe0f} 1\\u{fe0f}"],
    ]
  ) assertEquals(printable(text), shown);
});

Deno.test("printable leaves ordinary text as it is", () => {
  for (
    const text of [
      "é漢👍👨‍👩‍👧👍🏽",
      "❤️ 1️⃣ 🏴 👩🏽‍🚀",
      // Invisible characters join and part letters in Persian and Hindi.
      "می‌خواهم",
      "क्‍ष",
      "שלום مرحبا \u0600",
    ]
  ) assertEquals(printable(text), text);
});

Deno.test("printable and printableLines leave in no text a character that a terminal acts upon", () => {
  const any = fc.oneof(
    fc.string({ unit: codePoint }),
    fc.array(fc.nat(0xffff).map((code) => String.fromCharCode(code))).map((all) => all.join("")),
  );
  fc.assert(fc.property(any, (text) => {
    assertEquals(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(printable(text)), false);
    assertEquals(
      /(?![\n\t])[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(printableLines(text)),
      false,
    );
    // A second call changes nothing.
    assertEquals(printable(printable(text)), printable(text));
  }));
});

Deno.test("printableLines keeps lines and tabs, and makes CRLF a line feed", () => {
  assertEquals(printableLines("a\tb\r\nc\rd\n\x1b"), "a\tb\nc\\x0dd\n\\x1b");
});
