// `lineup call`: sends one request and prints its answer.

import type { CallSpans } from "../../admin/open_telemetry/mod.ts";
import { openSession, type Outgoing, Refusal, type Session } from "../../client/mod.ts";
import { request } from "../../client/request.ts";
import type { Frame } from "../../dialects/lineup1/frame.ts";
import { formatLine } from "../../dialects/lineup1/line.ts";
import { after } from "../../net/timer.ts";
import type { CompiledCommand } from "../../protocol/compile.ts";
import { destination } from "../destination.ts";
import { dialFlags } from "../dial.ts";
import type { Subcommand } from "../flags.ts";
import { showLine } from "../connect/reply.ts";
import { callSpans } from "../open_telemetry.ts";
import { print } from "../output.ts";
import { readSpec } from "../remote_spec.ts";
import { painter } from "../style.ts";
import { toJson } from "./json.ts";
import { needsSpec, readRequestArgs, toOutgoing } from "./request_args.ts";

const OK = 0, ERR = 1, INTERRUPTED = 128 + 2;
/** How long closing waits for a cancelled request. */
const CANCEL_MS = 200;

/** `lineup call`. */
export const call: Subcommand = {
  summary: "Send one request and print its answer.",
  args: "VERB [WORD | NAME=VALUE ...]",
  count: [1, Infinity],
  address: "ADDRESS",
  isRequest: true,
  flags: {
    ...dialFlags,
    json: {
      summary: "Print each item and the reply as a line of JSON, typed by the server's SPEC.",
    },
    body: { value: "TEXT", summary: "The body of the request." },
    "body-file": {
      value: "FILE",
      summary: "Read the body from a file, or from standard input for -.",
    },
    timeout: {
      value: "DURATION",
      type: { type: "duration", min: 1, max: 2_147_483_647 },
      summary: "Give up after this time. The server knows it too (within=).",
    },
  },
  examples: [
    "call PUT mail hello priority=1",
    "call 127.0.0.1:5463 TAKE mail --json --timeout 2s",
    "call PUT photos @cat.jpg",
    'call PUT mail priority=1 -- "$text"',
  ],
  more:
    `A first word with a ":" is ADDRESS. NAME=VALUE is an option of the request. The words after -- are
arguments, whatever they look like: put -- before a word that comes from a variable. If the command takes
a body, a last word @FILE names the body's file (@- is standard input; after -- it is text). A body that is
needed and missing is read from standard input, unless that is a terminal.

--json prints {"item": {...}} for each item as it comes, then {"reply": {...}} or
{"error": {"code": ..., "message": ...}}. Durations are milliseconds, sizes are bytes, and a body that is
not text is {"base64": ...}. A line that is not what the SPEC promises is an error that names the field.`,
  exits: [
    [0, "OK."],
    [1, "ERR, also when the time is over."],
    [2, "There is no connection, or an answer breaks the protocol."],
    [130, "Ctrl-C, which cancels the request."],
    [141, "Standard output is closed."],
  ],
  async run(words, flags) {
    const args = readRequestArgs(words, flags);
    const { address, dial } = destination(flags);
    const overAt = performance.now() + (flags.timeout ?? Infinity);
    const end = new AbortController();
    const { signal } = end;
    const onInterrupt = (): void => end.abort();
    let command: CompiledCommand | undefined;
    const printFrame = (frame: Frame): void =>
      flags.json ? print(toJson(frame, command) + "\n") : printReply(frame, command);
    Deno.addSignalListener("SIGINT", onInterrupt);
    let stopTimer = (): void => {};
    let session: Session | undefined;
    try {
      session = await openSession(address, { timeout: flags.timeout, signal, dial });
      session.introduce();
      stopTimer = after(Math.max(1, overAt - performance.now()), () => {
        end.abort(new Refusal("expired", "No answer in time.", { executed: "maybe" }));
      });
      const needs = flags.json || needsSpec(args);
      if (needs || Deno.stdout.isTerminal()) {
        command = await commandOf(args.verb, session, signal).catch((error) => {
          // Without it a person sees durations as they come.
          if (needs || signal.aborted) throw error;
          return undefined;
        });
      }
      const outgoing = await toOutgoing(args, command);
      // A request with a traceparent of its own carries on that trace.
      const spans = args.options.has("trace") ? undefined : await callSpans(session.greeting.name);
      const send = (traced: Outgoing): Promise<Frame> =>
        request(session!, traced, { item: printFrame, signal });
      printFrame(await inSpan(spans, outgoing, send));
      return OK;
    } catch (error) {
      if (signal.aborted && !(signal.reason instanceof Refusal)) return INTERRUPTED;
      // A greeting that refuses the client is no answer: there is no connection.
      if (!(error instanceof Refusal) || (session === undefined && error.code !== "expired")) {
        throw error;
      }
      printFrame(toFrame(error));
      return ERR;
    } finally {
      Deno.removeSignalListener("SIGINT", onInterrupt);
      stopTimer();
      await close(session);
    }
  },
};

/** Sends a request within a span if that is wanted. */
async function inSpan(
  spans: CallSpans | undefined,
  outgoing: Outgoing,
  send: (outgoing: Outgoing) => Promise<Frame>,
): Promise<Frame> {
  if (spans === undefined) return await send(outgoing);
  const trace = spans.trace(outgoing.head);
  try {
    const frame = await send({ ...outgoing, text: `${outgoing.text} trace=${trace}` });
    spans.onReply({ trace, address: undefined, error: undefined });
    return frame;
  } catch (error) {
    spans.onReply({ trace, address: undefined, error: error as Error });
    throw error;
  }
}

/** Closes the session. A cancelled request has a short time to end. */
async function close(session: Session | undefined): Promise<void> {
  if (session === undefined) return;
  const timer = Promise.withResolvers<void>();
  const id = setTimeout(timer.resolve, CANCEL_MS);
  await Promise.race([session.close(), timer.promise]);
  clearTimeout(id);
}

/** The ERR line of a refusal. */
function toFrame({ code, message, retry, executed, details }: Refusal): Frame {
  const options = new Map(Object.entries(details));
  if (executed !== undefined) options.set("executed", executed);
  if (retry !== undefined) options.set("retry", String(retry));
  const words = [code, message];
  return { kind: "frame", tag: undefined, head: "ERR", words, options, body: undefined };
}

/** The command of a verb, by the server's SPEC. */
async function commandOf(
  verb: string,
  session: Session,
  signal: AbortSignal,
): Promise<CompiledCommand | undefined> {
  const { body } = await request(session, { head: "SPEC", text: "" }, { signal });
  return readSpec(body).commands.get(verb);
}

/** Prints a line without its tag, and its body below it. A person sees durations in their largest units. */
function printReply(frame: Frame, command: CompiledCommand | undefined): void {
  const { body } = frame;
  if (Deno.stdout.isTerminal()) print(showLine(frame, undefined, painter(false), command));
  else print(formatLine({ ...frame, tag: undefined }, body?.length) + "\n");
  if (body === undefined) return;
  print(body);
  if (body.at(-1) !== 0x0a) print("\n");
}
