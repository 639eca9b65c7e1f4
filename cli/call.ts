import {
  ConnectionLost,
  openSession,
  type Outgoing,
  Refusal,
  type Session,
} from "../client/mod.ts";
import type { Frame } from "../protocol/frame.ts";
import { formatLine, formatWord, isOptionName, isVerb } from "../protocol/line.ts";
import { formatValue } from "../protocol/values.ts";
import { type Flags, type Subcommand, UsageError } from "./flags.ts";

const OK = 0, ERR = 1, NO_CONNECTION = 2;

/** `lineup call`. */
export const call: Subcommand = {
  summary: "Send one request and print its answer.",
  args: "ADDRESS VERB [WORD | NAME=VALUE ...]",
  count: [2, Infinity],
  stopEarly: true,
  flags: {
    json: { summary: "Print a JSON object for each item and for the reply." },
    body: { value: "TEXT", summary: "The body of the request." },
    "body-file": { value: "FILE", summary: "Read the body from a file; - is standard input." },
    timeout: {
      value: "DURATION",
      type: { type: "duration", min: 1, max: 2_147_483_647 },
      summary: "Give up after this long; the server is told.",
    },
  },
  more:
    `Flags come before ADDRESS: all that follows it belongs to the request. NAME=VALUE is an option of
the request, but behind -- it is an argument. Exit code: 0 for OK, 1 for ERR, 2 for no connection.`,
  async run([address, ...words], flags) {
    const outgoing = await toRequest(words, flags);
    const print = flags.json ? printJson : printLine;
    try {
      await using session = await openSession(address, { timeout: flags.timeout });
      await exchange(session, outgoing, print, flags.timeout);
      return OK;
    } catch (error) {
      if (error instanceof Refusal) {
        print(fromRefusal(error));
        return ERR;
      }
      if (!(error instanceof ConnectionLost)) throw error;
      console.error(`lineup: ${error.message}`);
      return NO_CONNECTION;
    }
  },
};

async function toRequest([verb, ...rest]: readonly string[], flags: Flags): Promise<Outgoing> {
  const head = verb.toUpperCase();
  if (!isVerb(head)) {
    throw new UsageError(`${verb} is no verb: a letter, then letters, digits, "-".`);
  }
  const { verbatim, timeout } = flags;
  const options = new Map<string, string>();
  if (timeout !== undefined) options.set("within", formatValue(timeout, { type: "duration" }));
  const words: string[] = [];
  for (const word of rest) {
    const equals = word.indexOf("=");
    const name = word.slice(0, equals);
    if (equals > 0 && isOptionName(name)) options.set(name, word.slice(equals + 1));
    else words.push(word);
  }
  const text = [...words, ...verbatim].map((word) => " " + formatWord(word)).join("") +
    [...options].map(([name, value]) => ` ${name}=${formatWord(value)}`).join("");
  return { head, text, body: await readBody(flags) };
}

async function readBody({ body, "body-file": file }: Flags): Promise<Uint8Array | undefined> {
  if (body !== undefined && file !== undefined) {
    throw new UsageError("--body and --body-file exclude each other.");
  }
  if (body !== undefined) return new TextEncoder().encode(body);
  if (file === undefined) return undefined;
  if (file === "-") return new Uint8Array(await new Response(Deno.stdin.readable).arrayBuffer());
  return await Deno.readFile(file);
}

type Print = (frame: Frame) => void;

/** Sends a request and prints what comes. Rejects with what ended it, the `ERR` line included. */
function exchange(
  session: Session,
  outgoing: Outgoing,
  print: Print,
  timeout: number | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = session.send(outgoing, {
      item(frame) {
        print(frame);
        return true;
      },
      final(frame) {
        clearTimeout(timer);
        print(frame);
        resolve();
      },
      failed(error) {
        clearTimeout(timer);
        reject(error);
      },
    });
    const timer = timeout === undefined ? undefined : setTimeout(() => {
      sent.cancel();
      reject(new Refusal("expired", "No answer in time.", { executed: "maybe" }));
    }, timeout);
  });
}

function fromRefusal({ code, message, retry, executed, details }: Refusal): Frame {
  const options = new Map(Object.entries(details));
  if (executed !== undefined) options.set("executed", executed);
  if (retry !== undefined) options.set("retry", String(retry));
  const words = [code, message];
  return { kind: "frame", tag: undefined, head: "ERR", words, options, body: undefined };
}

const encoder = new TextEncoder();

function write(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

/** The line as it came, without its tag, and the body below it. */
function printLine(frame: Frame): void {
  write(encoder.encode(formatLine({ ...frame, tag: undefined }, frame.body?.length) + "\n"));
  if (frame.body === undefined) return;
  write(frame.body);
  if (frame.body.at(-1) !== 0x0a) write(encoder.encode("\n"));
}

/** `{"status": "*", "words": [], "id": "1", "body": "hello"}`: bodies that are not UTF-8 are `bodyBase64`. */
function printJson({ head, words, options, body }: Frame): void {
  const object: Record<string, unknown> = { status: head };
  if (head === "ERR") [object.code, object.message] = words;
  else if (words.length > 0) object.words = words;
  for (const [name, value] of options) object[name] = value;
  if (body !== undefined) {
    try {
      object.body = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    } catch {
      object.bodyBase64 = body.toBase64();
    }
  }
  write(encoder.encode(JSON.stringify(object) + "\n"));
}
