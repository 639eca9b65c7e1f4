// A protocol called: a method for each of its commands.

import { compile, type CompiledCommand } from "../protocol/compile.ts";
import { Refusal } from "../protocol/errors.ts";
import type { Frame } from "../protocol/frame.ts";
import type {
  CallArgs,
  CommandsOf,
  ReceivedItem,
  ReceivedReply,
  Streams,
} from "../protocol/infer.ts";
import { readReply, type Values, writeParts } from "../protocol/message.ts";
import type { ClassName, Command, Protocol } from "../protocol/spec.ts";
import type { ByteStream } from "../net/stream.ts";
import { ProtocolError } from "./errors.ts";
import { Items } from "./items.ts";
import { openSession, type SessionOptions } from "./open_session.ts";
import type { Exchange, Session } from "./session.ts";

/** How to make one call. */
export interface CallOptions {
  /** Milliseconds from now after which the answer is of no use: told to the server and kept to here. */
  within?: number;
  /** Cancels the call, here and at the server. */
  signal?: AbortSignal;
  /** How urgent it is. */
  class?: ClassName;
  /** A W3C traceparent for the server. */
  trace?: string;
}

/** A command as a method: a promise of its reply, or its items. */
export type Method<C extends Command> = (
  ...args: [...CallArgs<C>, options?: CallOptions]
) => Streams<C> extends true ? Items<ReceivedItem<C>, ReceivedReply<C>> : Promise<ReceivedReply<C>>;

/** A client of a protocol: a method for each command, by its verb. `await using` closes it. */
export type Client<P extends Protocol> =
  & { readonly [V in keyof CommandsOf<P>]: Method<CommandsOf<P>[V]> }
  & AsyncDisposable
  & {
    /** The connection. */
    readonly session: Session;
    /** Lets what is in flight be answered, then closes. */
    close(): Promise<void>;
  };

/**
 * Connects to a server of a protocol: `tcp://host:port`, `host:port`, `unix:PATH`, or a stream.
 *
 * Throws `AddressError` for a wrong address, `ConnectionLost` where nobody answers, `ProtocolError` where the server
 * speaks another protocol or version, `Refusal` where it refuses. Calls reject with `Refusal` for an `ERR` line,
 * `ConnectionLost`, the signal's reason, or `BadValue` for an argument that the protocol does not allow, which is not
 * sent.
 *
 * @example
 * ```ts
 * import { connect, Refusal } from "@lineup/lineup/client";
 * import { serve } from "@lineup/lineup/server";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const counter = {
 *   name: "counter",
 *   version: "1.0",
 *   summary: "Counts.",
 *   commands: {
 *     COUNT: { summary: "Count.", args: { to: "integer" }, items: { n: "integer" }, reply: { count: "integer" } },
 *   },
 * } as const;
 *
 * await using server = await serve(counter, {
 *   *COUNT({ to }) {
 *     for (let n = 1; n <= to; n++) yield { n };
 *     return { count: to };
 *   },
 * }, { port: 0 });
 * await using client = await connect(counter, server.address);
 *
 * const counted: number[] = [];
 * for await (const { n } of client.COUNT({ to: 3 })) counted.push(n);
 * assertEquals(counted, [1, 2, 3]);
 * assertEquals(await client.PING({ word: "hello" }, { within: 500 }), { word: "hello" });
 * await assertRejects(() => client.CANCEL({ tag: "none" }), Refusal, "No request");
 * ```
 */
export async function connect<const P extends Protocol>(
  protocol: P,
  address: string | ByteStream,
  options: SessionOptions = {},
): Promise<Client<P>> {
  const { commands } = compile(protocol);
  const session = await openSession(address, options);
  try {
    expect(session, protocol);
  } catch (error) {
    await session.close();
    throw error;
  }
  const client: Record<string | symbol, unknown> = {
    session,
    close: () => session.close(),
    [Symbol.asyncDispose]: () => session.close(),
  };
  for (const [verb, compiled] of commands) {
    client[verb] = compiled.items === undefined
      ? (args?: Values, options?: CallOptions) => callOnce(session, compiled, args, options)
      : (args?: Values, options?: CallOptions) => callItems(session, compiled, args, options);
  }
  if (options.agent !== undefined) {
    const hello = { version: "lineup/1", agent: options.agent };
    await callOnce(session, commands.get("HELLO")!, hello);
  }
  return client as Client<P>;
}

// A minor version adds; a major one changes.
function expect({ greeting }: Session, { name, version }: Protocol): void {
  const major = (text: string): string => text.split(".")[0];
  if (greeting.name === name && major(greeting.version) === major(version)) return;
  throw new ProtocolError(
    `the server speaks ${greeting.name}/${greeting.version}, not ${name}/${version}`,
  );
}

const NO_OPTIONS: CallOptions = {};

function callOnce(
  session: Session,
  compiled: CompiledCommand,
  args: Values | undefined,
  options: CallOptions = NO_OPTIONS,
): Promise<Values> {
  return new Promise<Values>((resolve, reject) => {
    start(session, compiled, args, options, {
      item: () => true,
      final(frame) {
        try {
          resolve(readReply(compiled.reply, frame));
        } catch (error) {
          reject(unreadable(compiled, error));
        }
      },
      failed: reject,
    });
  });
}

function callItems(
  session: Session,
  compiled: CompiledCommand,
  args: Values | undefined,
  options: CallOptions = NO_OPTIONS,
): Items<Values, Values> {
  const items = new Items<Values, Values>();
  const shape = compiled.items!;
  const fail = (error: Error): void => items.finish({ error });
  const exchange: Exchange = {
    item(frame: Frame): boolean {
      try {
        return items.push(readReply(shape, frame), 64 + (frame.body?.length ?? 0));
      } catch (error) {
        fail(unreadable(compiled, error));
        return true;
      }
    },
    final(frame) {
      try {
        items.finish({ reply: readReply(compiled.reply, frame) });
      } catch (error) {
        fail(unreadable(compiled, error));
      }
    },
    failed: fail,
  };
  try {
    items.bind(start(session, compiled, args, options, exchange));
  } catch (error) {
    fail(error as Error);
  }
  return items;
}

function unreadable(compiled: CompiledCommand, cause: unknown): ProtocolError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ProtocolError(`the answer to ${compiled.verb} is not what the protocol says: ${why}`, {
    cause,
  });
}

/** Sends a request and keeps to its deadline and signal. */
function start(
  session: Session,
  compiled: CompiledCommand,
  args: Values | undefined,
  options: CallOptions,
  exchange: Exchange,
): { cancel: () => void; resume: () => void } {
  const { signal, ...common } = options;
  signal?.throwIfAborted();
  const { text, body } = writeParts(compiled.request, { ...args, ...common });
  const outgoing = { head: compiled.verb, text, body };
  if (signal === undefined && options.within === undefined) return session.send(outgoing, exchange);

  let timer: ReturnType<typeof setTimeout> | undefined;
  const giveUp = (error: Error): void => {
    settle();
    sent.cancel();
    exchange.failed(error);
  };
  const onAbort = (): void => giveUp(signal!.reason);
  const settle = (): void => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  };
  const sent = session.send(outgoing, {
    item: (frame) => exchange.item(frame),
    final(frame) {
      settle();
      exchange.final(frame);
    },
    failed(error) {
      settle();
      exchange.failed(error);
    },
  });
  signal?.addEventListener("abort", onAbort);
  if (options.within !== undefined) {
    timer = setTimeout(() => giveUp(overdue(options.within!)), options.within);
  }
  return {
    cancel() {
      settle();
      sent.cancel();
    },
    resume: sent.resume,
  };
}

function overdue(within: number): Refusal {
  return new Refusal("expired", `No answer within ${within} ms.`, { executed: "maybe" });
}
