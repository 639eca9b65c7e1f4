// The requests of a load as people write them: words of a command line, or lines of a file.

import { isOptionName, isVerb } from "../../protocol/names.ts";
import { faultText } from "../../dialects/lineup1/fault_text.ts";
import { readVerb } from "../../dialects/lineup1/verb.ts";
import { LineParser } from "../../dialects/lineup1/line_parser.ts";
import { encodeText } from "../../protocol/strings.ts";
import { UsageError } from "../flags.ts";
import type { RequestPlan } from "./request.ts";
import { readTemplate, TEMPLATES } from "./template.ts";

const MOST_KINDS = 256;
const MOST_BODY = 1 << 30;

/** `PUT mail key={{n}} {100}`, split into words by a shell. The words in `verbatim` are arguments, `=` or not. */
export function fromWords(
  [verb, ...rest]: readonly string[],
  verbatim: readonly string[],
  body: string | undefined,
): RequestPlan {
  const words: string[] = [];
  const options = new Map<string, string>();
  let size: number | undefined;
  for (const [i, word] of rest.entries()) {
    const length = /^\{([0-9]{1,10})\}$/.exec(word)?.[1];
    const name = /^([^={}]+)=/.exec(word)?.[1];
    if (length !== undefined && i === rest.length - 1) size = Number(length);
    else if (name !== undefined && isOptionName(name)) {
      if (options.has(name)) throw new UsageError(`The option ${name} is given twice.`);
      options.set(name, word.slice(name.length + 1));
    } else words.push(word);
  }
  if (size !== undefined && body !== undefined) {
    throw new UsageError(`--body and {${size}} exclude each other.`);
  }
  return checked({
    weight: 1,
    verb: verb.toUpperCase(),
    words: [...words, ...verbatim],
    options: [...options],
    body: body ?? size,
  });
}

/** `3 PUT mail key={{n}} {100}`: an optional weight, and a request as it stands on the wire. */
export function fromLine(line: string): RequestPlan {
  const [, weight = "1", request] = /^\s*(?:([0-9]+(?:\.[0-9]+)?)\s+)?(.*)$/.exec(line)!;
  if (!(Number(weight) > 0 && Number(weight) <= 1e9)) {
    throw new UsageError(`${line}: a weight must be above 0 and at most 1000000000.`);
  }
  // The grammar knows no templates: placeholders stand for them while the line is parsed.
  const templates: string[] = [];
  const held = request.replace(
    TEMPLATES,
    (template) => MARKS[0] + templates.push(template) + MARKS[1],
  );
  const put = (text: string): string =>
    text.replace(PLACEHOLDER, (_, number) => templates[Number(number) - 1]);
  const bytes = encodeText(held);
  const parser = new LineParser(readVerb);
  const bad = parser.parse(bytes, 0, bytes.length);
  if (bad !== undefined) throw new UsageError(`${line}: ${put(faultText(bad))}`);
  if (parser.tag !== undefined) {
    throw new UsageError(`${line}: a request has no tag here; --tagged adds tags.`);
  }
  return checked({
    weight: Number(weight),
    verb: parser.head,
    words: parser.words.map(put),
    options: [...parser.options].map(([name, text]) => [name, put(text)]),
    body: parser.length < 0 ? undefined : parser.length,
  });
}

// Characters of a private use area, which nobody types.
const MARKS = ["\u{f0000}", "\u{f0001}"];
const PLACEHOLDER = /\u{f0000}([0-9]+)\u{f0001}/gu;

/** The requests of a file, a line each. Empty lines and lines that begin with `#` are skipped. */
export function fromFile(text: string): RequestPlan[] {
  const requests: RequestPlan[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    try {
      requests.push(fromLine(line));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new UsageError(`line ${i + 1}: ${error.message}`);
    }
  }
  if (requests.length === 0) throw new UsageError("it holds no request.");
  if (requests.length > MOST_KINDS) {
    throw new UsageError(
      `it has ${requests.length} requests; the most is ${MOST_KINDS}.`,
    );
  }
  return requests;
}

function checked(request: RequestPlan): RequestPlan {
  const { verb, words, options, body } = request;
  if (!isVerb(verb)) {
    throw new UsageError(`${verb} is not a verb: a letter, then letters, digits, "-".`);
  }
  if (typeof body === "number" && body > MOST_BODY) {
    throw new UsageError(`A body of ${body} bytes is too long: the most is ${MOST_BODY}.`);
  }
  for (const text of [...words, ...options.map(([, text]) => text)]) readTemplate(text);
  if (typeof body === "string") readTemplate(body);
  return request;
}
