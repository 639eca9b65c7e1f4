// The hint below the line: the rest of the usage, and the present argument in words.

import { isOptional, type NamedField } from "../../protocol/fields.ts";
import { commonOptions } from "../../protocol/spec.ts";
import { describe } from "../../protocol/describe.ts";
import { bodyForms, type RequestLine } from "./request_line.ts";
import type { Token } from "./tokens.ts";

/** A hint for the end of a line. */
export interface Hint {
  /** The rest of the usage, to be shown after the line. */
  readonly rest: string;
  /** The present or the next argument, in words. */
  readonly detail: string;
}

const NONE: Hint = { rest: "", detail: "" };

/** The hint for a line whose cursor is at its end. */
export function hintFor(line: RequestLine): Hint {
  const { text, verb, command, rest, fields, body } = line;
  if (verb === undefined || command === undefined) return NONE;
  const { request } = command;
  const typing = rest.at(-1) !== undefined && rest.at(-1)!.end === text.length
    ? rest.length - 1
    : -1;
  const given = new Set(fields.map((field) => field?.name));
  if (body !== undefined) given.add("body");
  const positional = request.positional.filter(({ name, many }) =>
    !given.has(name) || (many && fields.at(-1)?.name === name)
  );
  const parts = positional.map((field) =>
    bracket(field.many ? `${field.name}...` : field.name, field)
  );
  if (request.body !== undefined && !given.has("body")) {
    parts.push(bracket(request.inlineBody ? "body" : "@file", request.body));
  }
  for (const [name, field] of request.named) {
    if (!given.has(name) && !Object.hasOwn(commonOptions, name)) {
      parts.push(bracket(`${name}=`, field));
    }
  }
  const space = text === "" || text.endsWith(" ") ? "" : " ";
  const tail = parts.length === 0 ? "" : space + parts.join(" ");
  if (typing >= 0) return { rest: tail, detail: explain(fields[typing], rest[typing], line) };
  if (verb.end === text.length) return { rest: tail, detail: command.command.summary };
  const next = positional[0] ?? (given.has("body") ? undefined : request.body);
  return { rest: tail, detail: explain(next, undefined, line) };
}

/** In brackets if the field is optional. */
function bracket(text: string, field: NamedField): string {
  return isOptional(field) ? `[${text}]` : text;
}

function explain(
  field: NamedField | undefined,
  token: Token | undefined,
  { command, body }: RequestLine,
): string {
  if (field === undefined) return "";
  const name = token?.kind === "option" ? `${field.name}=` : field.name;
  const what = describe(field);
  const how = field.name === "body" && body === undefined
    ? ` (${bodyForms(command!.request.inlineBody)})`
    : "";
  const more = field.default === undefined ? "" : ` Default ${field.default}.`;
  return `${name}: ${field.summary === undefined ? "" : field.summary + " "}${
    capital(what)
  }${how}.${more}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
