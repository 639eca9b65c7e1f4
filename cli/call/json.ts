// Replies as JSON, typed by the server's SPEC.

import type { CompiledCommand } from "../../protocol/compile.ts";
import type { NamedField } from "../../protocol/fields.ts";
import type { Frame } from "../../dialects/lineup1/frame.ts";
import type { Shape } from "../../protocol/shape.ts";
import { parseBody, parseValue } from "../../protocol/values.ts";

/**
 * `{"item": {…}}` for an item, `{"reply": {…}}` for the OK line, `{"error": {"code", "message", …}}` for ERR. A value that
 * the SPEC does not describe, or that has another type, is text. Words that the SPEC does not name are in `words`. A body
 * that is not text is `{"base64": "…"}`.
 */
export function toJson(frame: Frame, command: CompiledCommand | undefined): string {
  const { head, words, options } = frame;
  if (head === "ERR") {
    const [code, message] = words;
    const details = Object.fromEntries(
      [...options].map(([name, value]) => name === "retry" ? [name, Number(value)] : [name, value]),
    );
    return stringify({ error: { ...details, code, message } });
  }
  const [name, shape] = head === "*" ? ["item", command?.items] : ["reply", command?.reply];
  try {
    return stringify({ [name]: values(frame, shape) });
  } catch (error) {
    // A JSON body that is nested too deep for JSON.stringify stays text.
    if (!(error instanceof RangeError)) throw error;
    return stringify({ [name]: values(frame, shape && { ...shape, body: undefined }) });
  }
}

function values({ words, options, body }: Frame, shape: Shape | undefined): object {
  const all = new Map<string, unknown>();
  const extra: string[] = [];
  const positional = shape?.positional ?? [];
  words.forEach((word, index) => {
    const field = positional[index] ?? (positional.at(-1)?.many ? positional.at(-1) : undefined);
    if (field === undefined) extra.push(word);
    else if (!field.many) all.set(field.name, read(field, word));
    else if (all.has(field.name)) (all.get(field.name) as unknown[]).push(read(field, word));
    else all.set(field.name, [read(field, word)]);
  });
  if (extra.length > 0) all.set("words", extra);
  for (const [name, value] of options) all.set(name, read(shape?.named.get(name), value));
  if (body !== undefined) all.set("body", readBody(body, shape?.body));
  return Object.fromEntries(all);
}

function read(field: NamedField | undefined, word: string): unknown {
  if (field === undefined) return word;
  try {
    return parseValue(word, field);
  } catch {
    return word;
  }
}

function readBody(body: Uint8Array, field: NamedField | undefined): unknown {
  if (field?.type === "json") {
    try {
      return parseBody(body, field);
    } catch {
      // A body that is not JSON stays text.
    }
  }
  return body;
}

function stringify(value: object): string {
  return JSON.stringify(value, (_, each) => each instanceof Uint8Array ? textOf(each) : each);
}

function textOf(bytes: Uint8Array): unknown {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { base64: bytes.toBase64() };
  }
}
