// deno-lint-ignore-file no-control-regex
// From the bytes of a terminal to keys.
//
// Ours, because Deno's port of node:readline does not know bracketed paste, and takes a terminal's answers (OSC) for
// typed text.

/** A key, or a paste. */
export type Key =
  /** Typed characters, without controls. */
  | { readonly kind: "text"; readonly text: string }
  /** A key with a name: `enter`, `tab`, `left`, `C-a` (Ctrl), `M-b` (Alt), `S-tab`, `C-left`. */
  | { readonly kind: "press"; readonly name: string }
  /** A piece of pasted text, with line feeds as line ends. */
  | { readonly kind: "paste"; readonly text: string };

const ESC = "\x1b";
const PASTE_BEGINS = "\x1b[200~";
const PASTE_ENDS = "\x1b[201~";
/** The most characters of an unfinished sequence; no terminal sends longer ones. */
const LONGEST_SEQUENCE = 64;
const LONGEST_STRING = 4096;

const NAMES: Readonly<Record<string, string>> = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  F: "end",
  H: "home",
  Z: "S-tab",
  "1~": "home",
  "3~": "delete",
  "4~": "end",
  "5~": "page-up",
  "6~": "page-down",
  "7~": "home",
  "8~": "end",
};

const CONTROLS: Readonly<Record<string, string>> = {
  "\r": "enter",
  "\n": "enter",
  "\t": "tab",
  "\x08": "backspace",
  "\x7f": "backspace",
  "\x1b": "escape",
};

const CONTROL = /[\x00-\x1f\x7f-\x9f]/;
const CSI = /^\x1b\[([0-?]*)[ -/]*([@-~])/;
const UNFINISHED_CSI = /^\x1b\[[0-?]*[ -/]*$/;
/** A string of OSC, DCS, APC, PM or SOS, up to BEL or ST. */
const STRING = /^\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)/;
const UNFINISHED_STRING = /^\x1b[\]P_^X][^\x07\x1b]*\x1b?$/;
/** Whether a text has several lines: a paste into a terminal that does not mark pastes. */
function isLinesAtOnce(text: string): boolean {
  const end = text.search(/[\r\n]/);
  return end >= 0 && end < text.length - 1 && !/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(text);
}

/** Decodes bytes, however they are split. */
export class KeyDecoder {
  readonly #utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
  #rest = "";
  #pasting = false;

  /** Whether the bytes so far end in what may be the Escape key or the beginning of a sequence; `flush` decides. */
  get waits(): boolean {
    return !this.#pasting && this.#rest !== "";
  }

  /** Takes bytes. Returns the keys that they complete. */
  push(bytes: Uint8Array): Key[] {
    const text = this.#utf8.decode(bytes, { stream: true });
    if (this.#rest === "" && !this.#pasting && isLinesAtOnce(text)) {
      return [{ kind: "paste", text: lines(text) }];
    }
    this.#rest += text;
    return this.#take(false);
  }

  /** No more bytes follow for now. Returns the keys of an unfinished sequence. */
  flush(): Key[] {
    return this.#pasting ? [] : this.#take(true);
  }

  #take(all: boolean): Key[] {
    const keys: Key[] = [];
    while (this.#rest !== "") {
      const length = this.#pasting ? this.#paste(keys) : this.#key(keys, all);
      if (length === 0) break;
      this.#rest = this.#rest.slice(length);
    }
    return keys;
  }

  /** Reads one key of the rest. Returns its length, or 0 if more bytes must come. */
  #key(keys: Key[], all: boolean): number {
    const rest = this.#rest;
    const at = rest.search(CONTROL);
    if (at !== 0) {
      const text = at < 0 ? rest : rest.slice(0, at);
      keys.push({ kind: "text", text });
      return text.length;
    }
    if (rest[0] === ESC) return this.#escape(keys, all);
    const name = CONTROLS[rest[0]] ?? control(rest[0]);
    if (name !== undefined) keys.push({ kind: "press", name });
    return 1;
  }

  #escape(keys: Key[], all: boolean): number {
    const rest = this.#rest;
    if (rest.startsWith(PASTE_BEGINS)) {
      this.#pasting = true;
      return PASTE_BEGINS.length;
    }
    const sequence = CSI.exec(rest);
    if (sequence !== null) {
      const name = named(sequence[1], sequence[2]);
      if (name !== undefined) keys.push({ kind: "press", name });
      return sequence[0].length;
    }
    const string = STRING.exec(rest);
    if (string !== null) return string[0].length;
    const unfinished = rest === ESC || rest === `${ESC}O` ||
      (UNFINISHED_CSI.test(rest) && rest.length < LONGEST_SEQUENCE) ||
      (UNFINISHED_STRING.test(rest) && rest.length < LONGEST_STRING);
    if (unfinished && !all) return 0;
    if (rest[1] === "O" && rest.length > 2) {
      const name = named("", rest[2]);
      if (name !== undefined) keys.push({ kind: "press", name });
      return 3;
    }
    if (rest.length === 1 || rest[1] === ESC) {
      keys.push({ kind: "press", name: "escape" });
      return 1;
    }
    const character = String.fromCodePoint(rest.codePointAt(1)!);
    const name = CONTROLS[character] ?? control(character) ?? character;
    keys.push({ kind: "press", name: `M-${name}` });
    return 1 + character.length;
  }

  #paste(keys: Key[]): number {
    const rest = this.#rest;
    const end = rest.indexOf(PASTE_ENDS);
    let length = end;
    if (end < 0) {
      length = rest.length;
      // The end mark or a CR LF may be split between two reads.
      const escape = rest.lastIndexOf(ESC);
      if (escape >= 0 && PASTE_ENDS.startsWith(rest.slice(escape))) length = escape;
      else if (rest.endsWith("\r")) length--;
    }
    if (length > 0) keys.push({ kind: "paste", text: lines(rest.slice(0, length)) });
    if (end < 0) return length;
    this.#pasting = false;
    return end + PASTE_ENDS.length;
  }
}

/** Line ends as `\n`, tabs as spaces, and no other controls. */
function lines(text: string): string {
  return text.replace(/\r\n?/g, "\n").replaceAll("\t", " ").replace(
    /[\x00-\x09\x0b-\x1f\x7f-\x9f]/g,
    "",
  );
}

/** `C-a` for 0x01; `undefined` for a control that no key sends. */
function control(character: string): string | undefined {
  const code = character.charCodeAt(0);
  if (code === 0x1f) return "C-_";
  return code >= 1 && code <= 26 ? `C-${String.fromCharCode(code + 96)}` : undefined;
}

/** The key of `ESC [ parameters final`; `undefined` for another sequence, such as a report of the cursor. */
function named(parameters: string, final: string): string | undefined {
  const [code, modifiers] = parameters.split(";");
  const name = final === "~" ? NAMES[`${code}~`] : NAMES[final];
  if (name === undefined || !/^[0-9;]*$/.test(parameters)) return undefined;
  const bits = Number(modifiers ?? 1) - 1;
  if (bits & 4) return `C-${name}`;
  return bits & 2 ? `M-${name}` : name;
}
