import { assertEquals } from "@std/assert";
import fc, { codePoint } from "fast-check";
import { type Key, KeyDecoder } from "../../cli/keys.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

const text = (text: string): Key => ({ kind: "text", text });
const press = (name: string): Key => ({ kind: "press", name });
const paste = (text: string): Key => ({ kind: "paste", text });

const CASES: readonly { name: string; bytes: string; keys: readonly Key[] }[] = [
  { name: "text", bytes: "PUT é漢👍", keys: [text("PUT é漢👍")] },
  { name: "a byte order mark", bytes: "\ufeffPUT", keys: [text("\ufeffPUT")] },
  { name: "Enter", bytes: "\r", keys: [press("enter")] },
  { name: "line feed", bytes: "\n", keys: [press("enter")] },
  {
    name: "control keys",
    bytes: "\x01\x03\x04\x12\x1f",
    keys: ["C-a", "C-c", "C-d", "C-r", "C-_"].map(press),
  },
  { name: "Tab and Shift-Tab", bytes: "\t\x1b[Z", keys: [press("tab"), press("S-tab")] },
  {
    name: "arrows",
    bytes: "\x1b[A\x1b[B\x1bOC\x1bOD",
    keys: ["up", "down", "right", "left"].map(press),
  },
  {
    name: "Home, End, Delete",
    bytes: "\x1b[H\x1b[F\x1b[1~\x1b[4~\x1b[3~",
    keys: ["home", "end", "home", "end", "delete"].map(press),
  },
  {
    name: "arrows with modifiers",
    bytes: "\x1b[1;5D\x1b[1;3C",
    keys: [press("C-left"), press("M-right")],
  },
  { name: "Alt", bytes: "\x1bb\x1b\x7f\x1bé", keys: ["M-b", "M-backspace", "M-é"].map(press) },
  { name: "backspace", bytes: "\x7f\x08", keys: [press("backspace"), press("backspace")] },
  {
    name: "a bracketed paste",
    bytes: "\x1b[200~a\tb\r\nc\rd\x1b[201~e",
    keys: [paste("a b\nc\nd"), text("e")],
  },
  {
    name: "a paste with sequences in it",
    bytes: "\x1b[200~x\x1b[31my\x1b[201~",
    keys: [paste("x[31my")],
  },
  {
    name: "answers of a terminal",
    bytes: "\x1b]11;rgb:0/0/0\x07\x1b[5;2R\x1b[?1;2c\x1bP1$r0m\x1b\\a",
    keys: [text("a")],
  },
  { name: "keys that mean nothing here", bytes: "\x1b[I\x1b[15~\x00a", keys: [text("a")] },
];

function decode(chunks: readonly Uint8Array[]): Key[] {
  const decoder = new KeyDecoder();
  return join([...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.flush()]);
}

/** Joins pieces of text. */
function join(keys: readonly Key[]): Key[] {
  const joined: Key[] = [];
  for (const key of keys) {
    const last = joined.at(-1);
    if (last !== undefined && last.kind !== "press" && last.kind === key.kind) {
      joined[joined.length - 1] = { kind: last.kind, text: last.text + (key as typeof last).text };
    } else joined.push(key);
  }
  return joined;
}

for (const { name, bytes, keys } of CASES) {
  Deno.test(`KeyDecoder reads ${name}, split at any byte`, () => {
    const all = encode(bytes);
    assertEquals(decode([all]), keys);
    for (let at = 1; at < all.length; at++) {
      assertEquals(decode([all.subarray(0, at), all.subarray(at)]), keys, `split at ${at}`);
    }
    assertEquals(decode(Array.from(all, (byte) => Uint8Array.of(byte))), keys);
  });
}

Deno.test("KeyDecoder takes a single ESC as the Escape key once no byte follows", () => {
  const decoder = new KeyDecoder();
  assertEquals(decoder.push(encode("\x1b")), []);
  assertEquals(decoder.waits, true);
  assertEquals(decoder.flush(), [press("escape")]);
  assertEquals(decoder.waits, false);
  assertEquals(decoder.push(encode("\x1b\x1b[A")), [press("escape"), press("up")]);
});

Deno.test("KeyDecoder takes several lines at once as a paste, with and without brackets", () => {
  assertEquals(new KeyDecoder().push(encode("PING\rPING\rPI")), [paste("PING\nPING\nPI")]);
  assertEquals(new KeyDecoder().push(encode("PING\r")), [text("PING"), press("enter")]);
});

Deno.test("KeyDecoder yields no controls, for any bytes", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "\x1b[200~",
      "\x1b[201~",
      "\x1b",
      "\x1b[",
      "\x1b]",
      "\r",
      "\t",
      "\x7f",
      "a",
      "漢",
      "[",
      "~",
    ),
    fc.string({ unit: codePoint, maxLength: 4 }),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }),
      fc.infiniteStream(fc.nat(5)),
      (pieces, sizes) => {
        const bytes = encode(pieces.join(""));
        const chunks: Uint8Array[] = [];
        for (let at = 0; at < bytes.length;) {
          const size = 1 + sizes.next().value!;
          chunks.push(bytes.subarray(at, at += size));
        }
        for (const key of decode(chunks)) {
          // deno-lint-ignore no-control-regex
          if (key.kind === "text") assertEquals(/[\x00-\x1f\x7f]/.test(key.text), false);
          // deno-lint-ignore no-control-regex
          if (key.kind === "paste") assertEquals(/[\x00-\x09\x0b-\x1f\x7f]/.test(key.text), false);
        }
      },
    ),
  );
});
