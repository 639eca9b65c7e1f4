// What quoting.ts is for browsers: what it writes means the same, and may be longer.

const BARE = /^[\w.-]+$/;

/** A word or a value as it may stand on a line. */
export function formatWord(text: string): string {
  if (BARE.test(text)) return text;
  const escaped = text.replace(/["\\]/g, "\\$&").replace(
    /\p{Cc}/gu,
    (control) => `\\u{${control.charCodeAt(0).toString(16)}}`,
  );
  return `"${escaped}"`;
}

/** A piece of any text, short and safe to show in a message. */
export function show(text: string): string {
  return JSON.stringify(text.replace(/^(.{40}).+$/su, "$1..."));
}
