// Clients: a method for each command of a protocol, or calls by name with the protocol that the server describes.

import type { Address } from "../net/address.ts";
import type { ByteStream } from "../net/stream.ts";
import { type Call, readCalls } from "../dialects/lineup1/calls.ts";
import type { Frame } from "../dialects/lineup1/frame.ts";
import type { ReservedComplaint } from "../dialects/lineup1/reserved_words.ts";
import type { SoundProtocol } from "../protocol/sound_protocol.ts";
import { type LineParts, readReply, type Values, writeParts } from "../dialects/lineup1/message.ts";
import { type Protocol, wireOptions, type WithCommands } from "../protocol/spec.ts";
import { BadValue, formatValue, TooLong } from "../protocol/values.ts";
import { guarded, PendingCall } from "./call.ts";
import { needCallOptions, needClientOptions } from "./check_options.ts";
import type { AnyClient, CallOptions, Client, ClientOptions, DynamicClient } from "./client.ts";
import { ProtocolError } from "./errors.ts";
import { needProtocol } from "./greeting.ts";
import { createItems, type Items, type ReplyReceiver } from "./items.ts";
import type { Platform } from "./platform/platform.ts";
import { createPool } from "./pool.ts";
import type { Session } from "./session.ts";
import { tooMuch } from "./wire_limits.ts";

/** Where a client connects to: an address, several, or a stream that is open already. */
type Target = string | readonly string[] | ByteStream;

/** Makes clients. */
export interface Connect {
  /**
   * Connects to a server of a protocol, `tcp://host:port`, `host:port`, `unix:PATH`, to one of several, or over a stream.
   * Connections that are lost are made again when a call needs one. A call is sent again where the server did not execute
   * it, or the protocol calls it `idempotent`; see `RetryOptions`. Of several addresses (a name with several counts as
   * such), the better of two drawn by lot is asked; those that fail are left alone for a while. Bodies in bytes that came
   * together may be parts of one buffer: copy one before its buffer is transferred elsewhere.
   *
   * Throws `AddressError` for a wrong address, `ConnectionLost` where no server answers, `ProtocolError` where the server
   * speaks another protocol or version, `Refusal` where it refuses. Calls reject with
   *
   * - `Refusal` for an `ERR` line: `code`, `retry`, `executed`, `details`;
   * - `DeadlineExceeded`, a `Refusal`, where no answer came `within` the time;
   * - `Throttled`, a `Refusal`, for a call that was not sent: too many wait, or the server refuses most;
   * - `ConnectionLost`, whose `executed` says whether the request may have had an effect;
   * - `ProtocolError` for an answer that cannot be;
   * - the reason of the signal that aborted it;
   * - `BadValue`, a `TypeError`, for an argument that the protocol does not allow, which is not sent;
   * - `TypeError` for an option of the call that there is not, or that cannot be; `connect` throws it for its own.
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
   * assertEquals(await client.COUNT({ to: 3 }), { count: 3 });
   * assertEquals(await client.PING({ word: "hello" }, { within: 500 }), { word: "hello" });
   * await assertRejects(() => client.CANCEL({ tag: "none" }), Refusal, "No request");
   * ```
   */
  <const P extends WithCommands>(
    protocol: SoundProtocol<P, ReservedComplaint<P>>,
    address: string | readonly string[] | ByteStream,
    options?: ClientOptions,
  ): Promise<Client<P>>;
  /**
   * Connects to a server and asks it for its protocol (`SPEC`, at most 1 MiB, on each connection): calls are made by name
   * and checked against that. Throws as above, and `ProtocolError` for a description that is none.
   *
   * @example
   * ```ts
   * import { connect } from "@lineup/lineup/client";
   * import { serve } from "@lineup/lineup/server";
   * import { assertEquals } from "@std/assert";
   *
   * const calc = {
   *   name: "calc",
   *   version: "1.0",
   *   summary: "Adds.",
   *   commands: { ADD: { summary: "Add.", args: { a: "number", b: "number" }, reply: { sum: "number" } } },
   * } as const;
   * await using server = await serve(calc, { ADD: ({ a, b }) => ({ sum: a + b }) }, { port: 0 });
   *
   * await using client = await connect(server.address);
   * assertEquals(await client.call("ADD", { a: 1, b: 2 }), { sum: 3 });
   * ```
   */
  (
    address: string | readonly string[] | ByteStream,
    options?: ClientOptions,
  ): Promise<DynamicClient>;
}

/** `connect` with the sockets of a platform. */
export function connectOn(platform: Platform): Connect {
  // deno-lint-ignore require-await
  return (async (...args: readonly unknown[]) => {
    const protocol = isProtocol(args[0]) ? args[0] : undefined;
    const [target, options] = protocol ? args.slice(1) : args;
    if (!isTarget(target)) {
      const first = protocol ? "behind the protocol " : "a protocol, or ";
      throw new TypeError(
        `connect needs ${first}an address such as "tcp://127.0.0.1:5463", not ${typeof target}`,
      );
    }
    return createClient(platform, protocol, target, options as ClientOptions);
  }) as Connect;
}

function isProtocol(first: unknown): first is Protocol {
  return typeof (first as Protocol | undefined)?.commands === "object";
}

function isTarget(value: unknown): value is Target {
  return typeof value === "string" || (Array.isArray(value) && value.every(isTarget)) ||
    typeof (value as ByteStream | undefined)?.read === "function";
}

const WITHIN = { ...wireOptions.within, name: "within" } as const;

async function createClient(
  platform: Platform,
  protocol: Protocol | undefined,
  address: Target,
  options: ClientOptions = {},
): Promise<AnyClient> {
  needClientOptions(options);
  const { agent, timing, onReply, onRetry, trace: traceOf } = options;
  let spoken = protocol;
  let calls = readCalls(protocol ?? { commands: {} });

  /** The longest line that a server has said it takes. */
  let mostLine = 0;

  const pool = createPool(platform, toPlaces(platform, address), options, async (session) => {
    mostLine = Math.max(mostLine, session.greeting.maxLine);
    const chosen = spoken && needProtocol(session.greeting, spoken);
    if (agent || timing || chosen) {
      const version = "lineup/1";
      await ask(session, calls.get("HELLO")!, { version, agent, timing, protocol: chosen });
    }
    if (protocol) return;
    try {
      const { body } = await ask(session, calls.get("SPEC")!, {});
      const { protocol } = body as { protocol: Protocol };
      calls = readCalls(protocol);
      spoken = protocol;
    } catch (cause) {
      const why = (cause as Error).message;
      throw new ProtocolError(`no usable SPEC: ${why}`, { cause });
    }
  });

  /** Makes a call. Throws for a request that must not be sent. */
  const submit = (
    call: Call,
    args: Values | undefined,
    limits: CallOptions | undefined,
    settle: ReplyReceiver<Values, Values>,
  ): PendingCall => {
    if (limits) needCallOptions(limits);
    limits?.signal?.throwIfAborted();
    if (limits || onReply || onRetry || traceOf) {
      const { within, class: name } = limits ?? {};
      if (within !== undefined) formatValue(within, WITHIN);
      const trace = limits?.trace ?? traceOf?.(call.verb);
      limits = { onReply, onRetry, ...limits, trace };
      args = { ...args, within: undefined, class: name, trace };
    }
    let parts: LineParts;
    try {
      parts = write(call, args, mostLine);
    } catch (error) {
      if (limits?.trace) tellUnsent(call.verb, limits, error as Error);
      throw error;
    }
    const pending = new PendingCall(pool, call, parts, limits ?? {}, settle);
    pool.submit(pending);
    return pending;
  };
  // An exception of `find` rejects.
  const run = (
    find: () => Call,
    args?: Values,
    limits?: CallOptions,
  ): Promise<Values> =>
    new Promise((resolve, reject) => {
      submit(find(), args, limits, { resolve, reject });
    });
  const stream = (
    find: () => Call,
    args?: Values,
    limits?: CallOptions,
  ): Items<Values, Values> => createItems((settle) => submit(find(), args, limits, settle));
  const find = (verb: string, hasItems: boolean): Call => {
    const call = calls.get(verb);
    if (call && !call.items !== hasItems) return call;
    throw new BadValue(`there is no command ${verb} to ${hasItems ? "stream" : "call"}`);
  };

  await pool.start();
  const { close } = pool;
  const client = {
    get closed() {
      return pool.closed;
    },
    get protocol() {
      return spoken!;
    },
    close,
    call: (verb, args, limits) => run(() => find(verb, false), args, limits),
    stream: (verb, args, limits) => stream(() => find(verb, true), args, limits),
    [Symbol.asyncDispose]: () => close(),
  } as DynamicClient & Record<string, unknown>;
  if (protocol) {
    for (const [verb, call] of calls) {
      const make = call.items ? stream : run;
      client[verb] = (args?: Values, limits?: CallOptions) => make(() => call, args, limits);
    }
  }
  return client;
}

function toPlaces({ parseAddress }: Platform, address: Target): (Address | ByteStream)[] {
  return [address].flat().map((each) => typeof each === "string" ? parseAddress(each) : each);
}

/** Writes a request. Throws for one that must not be sent, before it writes a line that is too long for the server. */
function write(call: Call, args: Values | undefined, most: number): LineParts {
  try {
    return writeParts(call.request, args, most);
  } catch (error) {
    if (error instanceof TooLong) tooMuch("line-too-long", most, "line");
    throw error;
  }
}

/** Tells of a call that has a trace and must not be sent: its span has begun. */
function tellUnsent(verb: string, { onReply, trace }: CallOptions, error: Error): void {
  guarded(onReply, {
    verb,
    address: undefined,
    attempts: 0,
    ms: 0,
    waited: undefined,
    took: undefined,
    trace,
    error,
  });
}

/** Asks the server of a new session, before anybody else does. */
async function ask(session: Session, call: Call, args: Values): Promise<Values> {
  const outgoing = { head: call.verb, ...write(call, args, session.greeting.maxLine) };
  const frame = await new Promise<Frame>((final, failed) => {
    session.send(outgoing, { item: () => true, final, failed });
  });
  return readReply(call.reply, frame);
}
