// Cases that look at a session alone: its input in any split, its bounds, its output.

import { standardErrors } from "../../protocol/errors.ts";
import { matches } from "../answer_pattern.ts";
import {
  type Correlated,
  type Decoded,
  type DialectSession,
  type Failure,
  NOBODY,
  type Served,
  type Sink,
} from "../dialect.ts";
import type { DialectCase, DialectSubject, WireSample } from "./subject.ts";
import { bytesOf, need, show } from "./check.ts";

/** The memory that a session may use beside a line and a body. */
const SLACK = 65_536;
const CHUNK = 4096;

/** The cases of the sessions. */
export function sessionCases(subject: DialectSubject): DialectCase[] {
  const { dialect, protocol, limits, greeting } = subject;
  const served: Served = { compiled: dialect.compile(protocol), limits };
  const open = (): DialectSession => dialect.open("memory", served);
  const inputs = [...subject.requests, ...subject.invalid, ...subject.unfinished];
  return [
    {
      name: "session: greets",
      run(): void {
        const text = written((out) => open().greet(out));
        need(matches(text, greeting), `greets with ${show(text)}`);
      },
    },
    ...inputs.map((sample): DialectCase => ({
      name: `session: the same in any split: ${show(sample.send)}`,
      run: () => splits(open, served, bytesOf(sample)),
    })),
    ...subject.requests.map((sample): DialectCase => ({
      name: `session: is between requests behind ${show(sample.send)}`,
      async run(): Promise<void> {
        const session = open();
        await decodeAll(session, served, [bytesOf(sample)]);
        need(!session.midRequest, "midRequest is true");
      },
    })),
    ...subject.unfinished.map((sample): DialectCase => ({
      name: `session: is within a request behind ${show(sample.send)}`,
      async run(): Promise<void> {
        const session = open();
        await decodeAll(session, served, [bytesOf(sample)]);
        need(session.midRequest, "midRequest is false");
      },
    })),
    ...subject.overlong.map((sample): DialectCase => ({
      name: `session: holds no more than its limits: ${show(sample.send)}`,
      run: () => holdsLittle(open(), sample, limits.maxLine + limits.maxBody + SLACK),
    })),
    {
      name: "session: writes a failure of every standard code",
      run(): void {
        for (const code of Object.keys(standardErrors)) {
          const failure = { code, message: "Because.", retry: 100, executed: "maybe" } as const;
          written((out) => open().writeFailure(NOBODY, failure, out));
        }
      },
    },
    {
      name: "session: the message of a failure adds no line",
      run(): void {
        const lines = (message: string): number =>
          failureText(open(), NOBODY, { code: "internal", message }).split("\n").length;
        need(lines("a\nb\r\nc\0") === lines("a"), "a line end in a message reaches the client");
      },
    },
    {
      name: "session: a request that has forgotten its arguments is answered as before",
      run: () => forgets(open(), subject.requests[0]),
    },
    {
      name: "session: a reply that cannot be written adds nothing",
      run(): void {
        for (const { send } of subject.requests) wrongReply(open(), served, bytesOf({ send }));
      },
    },
    {
      name: "dialect: refuses a connection",
      run(): void {
        const failure = { code: "busy", message: "There are too many connections.", retry: 1000 };
        const text = new TextDecoder().decode(dialect.refuseConnection(failure));
        need(matches(text, subject.refused), `sends ${show(text)}`);
      },
    },
  ];
}

async function splits(
  open: () => DialectSession,
  served: Served,
  input: Uint8Array,
): Promise<void> {
  const whole = await decodeAll(open(), served, [input]);
  for (let at = 1; at < input.length; at++) {
    const parts = [input.slice(0, at), input.slice(at)];
    const split = await decodeAll(open(), served, parts);
    need(split === whole, `split behind byte ${at}: ${split} instead of ${whole}`);
  }
  const bytes = await decodeAll(open(), served, [...input].map((byte) => Uint8Array.of(byte)));
  need(bytes === whole, `byte by byte: ${bytes} instead of ${whole}`);
}

/** All units of input in the chunks, as text. Each chunk is overwritten once `next` has returned `undefined`. */
async function decodeAll(
  session: DialectSession,
  served: Served,
  chunks: readonly Uint8Array[],
): Promise<string> {
  const all: Decoded[] = [];
  for (const chunk of chunks) {
    const bytes = chunk.slice();
    session.push(bytes);
    for (let decoded; (decoded = session.next()) !== undefined;) {
      all.push(decoded);
      if (session.awaitsAnswers) answer(session, served, decoded);
    }
    bytes.fill(0xff);
  }
  const told: unknown[] = [];
  for (const decoded of all) told.push(await tell(session, served, decoded));
  return JSON.stringify(told, (_, value) => value instanceof Uint8Array ? [...value] : value);
}

/** Answers a unit of input, with a failure where a reply needs values. */
function answer(session: DialectSession, { compiled }: Served, decoded: Decoded): void {
  if (decoded.kind === "control") return;
  written((out) => {
    if (decoded.kind === "invalid") return session.writeFailure(decoded, decoded.failure, out);
    const command = compiled.commands.get(decoded.verb);
    try {
      session.writeReply(decoded, command!, undefined, out);
    } catch {
      session.writeFailure(decoded, { code: "internal", message: "Because." }, out);
    }
  });
}

async function tell(session: DialectSession, served: Served, decoded: Decoded): Promise<unknown> {
  if (decoded.kind !== "request") return decoded;
  const { kind, verb, correlation, plain } = decoded;
  const command = served.compiled.commands.get(verb);
  if (command === undefined) return { kind, verb, correlation };
  try {
    const args = await session.readArguments(decoded, command);
    const { timeout, class: name, trace } = decoded;
    return { kind, verb, correlation, plain, args, timeout, name, trace };
  } catch (error) {
    return { kind, verb, correlation, plain, error: (error as Error).message };
  }
}

function holdsLittle(session: DialectSession, sample: WireSample, most: number): void {
  const input = bytesOf(sample);
  for (let at = 0; at < input.length; at += CHUNK) {
    session.push(input.subarray(at, at + CHUNK));
    while (session.next() !== undefined);
    need(session.held <= most, `holds ${session.held} bytes, its limits allow ${most}`);
  }
}

function forgets(session: DialectSession, sample: WireSample): void {
  session.push(bytesOf(sample));
  const request = session.next();
  if (request?.kind !== "request") throw new Error("the first sample makes up no request");
  const failure = { code: "internal", message: "Because." };
  const before = failureText(session, request, failure);
  const { bytes } = request;
  request.forget();
  need(request.bytes <= bytes, `weighs ${request.bytes} bytes instead of ${bytes}`);
  const after = failureText(session, request, failure);
  need(after === before, `answers ${show(after)} instead of ${show(before)}`);
}

function wrongReply(session: DialectSession, { compiled }: Served, input: Uint8Array): void {
  session.push(input);
  for (let decoded; (decoded = session.next()) !== undefined;) {
    const command = decoded.kind === "request" && compiled.commands.get(decoded.verb);
    if (!command || decoded.kind !== "request") continue;
    const names = [...command.reply.positional, ...command.reply.named.values()];
    const wrong = Object.fromEntries(names.map(({ name }) => [name, Symbol()]));
    let text = "";
    try {
      session.writeReply(decoded, command, wrong, { add: (more) => void (text += more) });
    } catch {
      need(text === "", `adds ${show(text)} and throws`);
    }
  }
}

function failureText(session: DialectSession, to: Correlated, failure: Failure): string {
  return written((out) => session.writeFailure(to, failure, out));
}

function written(write: (out: Sink) => void): string {
  let all = "";
  write({
    add(text: string, bytes: Uint8Array = new Uint8Array(0)): void {
      all += text + new TextDecoder().decode(bytes);
    },
  });
  return all;
}
