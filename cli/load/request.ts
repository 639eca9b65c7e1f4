// A request of a load: words with templates, and the bytes they become.

import { encodeFrame, type FrameInit } from "../../dialects/lineup1/frame.ts";
import { formatWord } from "../../protocol/quoting.ts";
import type { OutBytes } from "./out_bytes.ts";
import { readTemplate, type Template, type ValueSource } from "./template.ts";

/** One kind of request, as plain data: it is sent to the threads. */
export interface RequestPlan {
  /** How often it is sent, relative to the weights of the other requests. */
  readonly weight: number;
  readonly verb: string;
  /** Arguments, unquoted, with templates. */
  readonly words: readonly string[];
  /** Options by name, unquoted, with templates. */
  readonly options: readonly (readonly [name: string, text: string])[];
  /** A text with templates, or a number of bytes. */
  readonly body: string | number | undefined;
}

/** Adds one request without its tag. */
export type WriteRequest = (out: OutBytes, source: ValueSource) => void;

interface Templates {
  readonly words: readonly Template[];
  readonly options: readonly (readonly [string, Template])[];
  readonly body: Template | undefined;
}

const encoder = new TextEncoder();

function templatesOf({ words, options, body }: RequestPlan): Templates {
  return {
    words: words.map(readTemplate),
    options: options.map(([name, text]) => [name, readTemplate(text)]),
    body: typeof body === "string" ? readTemplate(body) : undefined,
  };
}

function fill(size: number): Uint8Array {
  return new Uint8Array(size).fill("x".charCodeAt(0));
}

/** Requests that together hold each kind of value that the templates make. Throws `UsageError` for a wrong template. */
export function exampleFrames(plan: RequestPlan): FrameInit[] {
  const { words, options, body } = templatesOf(plan);
  const all = [...words, ...options.map(([, text]) => text), ...(body === undefined ? [] : [body])];
  const count = Math.max(1, ...all.map(({ examples }) => examples.length));
  const pick = ({ examples }: Template, i: number): string => examples[i % examples.length];
  return Array.from({ length: count }, (_, i) => ({
    head: plan.verb,
    words: words.map((word) => pick(word, i)),
    options: new Map(options.map(([name, text]) => [name, pick(text, i)])),
    body: body !== undefined
      ? encoder.encode(pick(body, i))
      : plan.body === undefined
      ? undefined
      : fill(Number(plan.body)),
  }));
}

/** A function that writes a request. A request without templates is encoded once. */
export function requestWriter(plan: RequestPlan): WriteRequest {
  const { words, options, body } = templatesOf(plan);
  const all = [...words, ...options.map(([, text]) => text), ...(body === undefined ? [] : [body])];
  if (all.every(({ fixed }) => fixed !== undefined)) {
    const bytes = encodeFrame(exampleFrames(plan)[0]);
    return (out) => out.add(bytes);
  }
  const filled = typeof plan.body === "number" ? fill(plan.body) : undefined;
  return (out, source) => {
    let line = plan.verb;
    for (const word of words) line += " " + formatWord(word.draw(source));
    for (const [name, text] of options) line += ` ${name}=${formatWord(text.draw(source))}`;
    const bytes = body === undefined ? filled : encoder.encode(body.draw(source));
    if (bytes === undefined) return out.addText(line + "\n");
    out.addText(`${line} {${bytes.length}}\n`);
    out.add(bytes);
    out.addText("\n");
  };
}

/** A request as a person types it, for reports. */
export function showRequest({ verb, words, options, body }: RequestPlan): string {
  const show = (text: string): string => text.includes("{{") ? text : formatWord(text);
  const size = typeof body === "number"
    ? ` {${body}}`
    : body === undefined
    ? ""
    : ` {${readTemplate(body).fixed === undefined ? "..." : encoder.encode(body).length}}`;
  return [verb, ...words.map(show), ...options.map(([name, text]) => `${name}=${show(text)}`)]
    .join(" ") + size;
}
