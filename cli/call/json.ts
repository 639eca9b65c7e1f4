// Replies as JSON, typed by the server's SPEC.

import { ProtocolError } from "../../client/mod.ts";
import type { Frame } from "../../dialects/lineup1/frame.ts";
import { type AnswerShapes, readAnswer } from "../../dialects/lineup1/message.ts";
import type { CompiledCommand } from "../../protocol/compile.ts";
import { BadValue } from "../../protocol/values.ts";

/**
 * `{"item": {…}}` for an item, `{"reply": {…}}` for the OK line, `{"error": {"code", "message", …}}` for ERR. A value that
 * the SPEC does not describe is text. Words that the SPEC does not name are in `words`. A body that is not text is
 * `{"base64": "…"}`. Throws `ProtocolError` for a line that is not what the SPEC promises.
 */
export function toJson(frame: Frame, command: CompiledCommand | undefined): string {
  const { head, words, options, body } = frame;
  if (head === "ERR") {
    const [code, message] = words;
    const details = Object.fromEntries(
      [...options].map(([name, value]) => name === "retry" ? [name, Number(value)] : [name, value]),
    );
    return stringify({ error: { ...details, code, message } });
  }
  const [name, shape] = head === "*" ? ["item", command?.items] : ["reply", command?.reply];
  const known = command ? readKnown(frame, command) : {};
  const positional = shape?.positional ?? [];
  const extra = positional.at(-1)?.many ? [] : words.slice(positional.length);
  const unknown = [...options].filter(([name]) => !shape?.named.has(name));
  const values = {
    ...known,
    ...(extra.length > 0 && { words: extra }),
    ...Object.fromEntries(unknown),
    ...(body && !("body" in known) && { body }),
  };
  try {
    return stringify({ [name]: values });
  } catch (error) {
    // A JSON body that is nested too deep for JSON.stringify stays text.
    if (!(error instanceof RangeError) || !body) throw error;
    return stringify({ [name]: { ...values, body } });
  }
}

/** The values that the SPEC describes. */
function readKnown(frame: Frame, command: CompiledCommand): Readonly<Record<string, unknown>> {
  try {
    return readFields(frame, command);
  } catch (cause) {
    if (!(cause instanceof BadValue)) throw cause;
    const what = `the answer to ${command.verb} is not what the server's SPEC promises`;
    throw new ProtocolError(`${what}: ${cause.message}`, { cause });
  }
}

function readFields(frame: Frame, shapes: AnswerShapes): Readonly<Record<string, unknown>> {
  try {
    return readAnswer(shapes, frame);
  } catch (error) {
    const { reply, items } = shapes;
    const shape = frame.head === "*" ? items : reply;
    // JSON that is nested too deep to be checked stays text.
    if (shape?.body?.type !== "json" || !isJson(frame.body)) throw error;
    const withoutBody = {
      reply: { ...reply, body: undefined },
      items: items && { ...items, body: undefined },
    };
    return readAnswer(withoutBody, frame);
  }
}

function isJson(body: Uint8Array | undefined): boolean {
  try {
    JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    return true;
  } catch {
    return false;
  }
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
