// The body of a job as text, as JSON, or as bytes.

import { bytes } from "./figures.ts";
import { type Drawn, html } from "./html.ts";

/** So much of a body is shown. */
const MOST_BYTES = 65_536;
const MOST_HEX = 2048;

/** A body that somebody asked to see. */
export function BodyView({ body }: { body: Uint8Array }): Drawn {
  const shown = body.subarray(0, MOST_BYTES);
  const text = textOf(shown);
  const content = text === undefined ? hexOf(shown.subarray(0, MOST_HEX)) : prettyJson(text);
  const most = text === undefined ? MOST_HEX : MOST_BYTES;
  return html`
    ${text === undefined && html`<p class="hint">These bytes are no text.</p>`}
    <pre tabindex="0" aria-label="The body">${content}</pre>
    ${body.length > most &&
      html`<p class="hint">The first ${bytes(most)} of ${bytes(body.length)}.</p>`}
  `;
}

function textOf(body: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body, { stream: true });
    // deno-lint-ignore no-control-regex
    return /[\x00-\x08\x0e-\x1f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function prettyJson(text: string): string {
  if (!/^\s*[{[]/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function hexOf(body: Uint8Array): string {
  const rows: string[] = [];
  for (let at = 0; at < body.length; at += 16) {
    const row = body.subarray(at, at + 16);
    const hex = [...row].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const ascii = [...row].map((byte) => byte > 31 && byte < 127 ? String.fromCharCode(byte) : "·");
    rows.push(`${at.toString(16).padStart(6, "0")}  ${hex.padEnd(47)}  ${ascii.join("")}`);
  }
  return rows.join("\n");
}
