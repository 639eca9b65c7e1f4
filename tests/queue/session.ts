// A queue served in memory on a virtual clock, and its clients: what they write are lines, what they read are replies.

import { openQueue, type QueueOptions, queueProtocol } from "@lineup/lineup/queue";
import { listenMemory, type LogEntry, serve } from "@lineup/lineup/server";
import { VirtualClock } from "../virtual_clock.ts";

/** One connection to the queue. */
export interface Session {
  /** Writes text. */
  send(text: string): Promise<void>;
  /** The next reply: its items and its final line with their bodies, lines separated by `\n`. */
  reply(): Promise<string>;
  /** Sends one request and reads its reply. */
  ask(request: string): Promise<string>;
  /** Ends its side, and reads on. */
  half(): Promise<void>;
  /** Hangs up. */
  close(): void;
}

/** A served queue. */
export interface Served extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly logged: LogEntry[];
  /** The figures of the queue. */
  figure(name: string): string | number | undefined;
  /** A new connection, greeted. */
  session(): Promise<Session>;
}

/** Serves a queue. */
export async function served(options: QueueOptions = {}): Promise<Served> {
  const clock = (options.clock ?? new VirtualClock()) as VirtualClock;
  const logged: LogEntry[] = [];
  const log = (entry: LogEntry): void => void logged.push(entry);
  const queue = await openQueue({ log, ...options, clock });
  const listener = listenMemory();
  const { handlers, stats } = queue;
  const server = await serve(queueProtocol, handlers, {
    listen: [listener],
    clock,
    log,
    stats,
    // On this clock weeks pass between two requests.
    timeouts: { idle: Infinity },
  });
  const sessions: Session[] = [];
  return {
    clock,
    logged,
    figure: (name) => new Map(stats()).get(name),
    async session(): Promise<Session> {
      const session = over(listener.connect());
      sessions.push(session);
      await session.reply();
      return session;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      for (const session of sessions) session.close();
      await server.shutdown();
      await queue.close();
    },
  };
}

/** A session over a stream of bytes. */
export function over(stream: {
  read(buffer: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
}): Session {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65_536);
  let held = new Uint8Array();

  const more = async (): Promise<void> => {
    const read = await stream.read(buffer);
    if (read === null) throw new Error("the server closed the connection");
    const joined = new Uint8Array(held.length + read);
    joined.set(held);
    joined.set(buffer.subarray(0, read), held.length);
    held = joined;
  };
  const take = async (length: number): Promise<string> => {
    while (held.length < length) await more();
    const text = decoder.decode(held.subarray(0, length));
    held = held.slice(length);
    return text;
  };
  const line = async (): Promise<string> => {
    let end: number;
    while ((end = held.indexOf(10)) === -1) await more();
    return (await take(end + 1)).trimEnd();
  };
  const reply = async (): Promise<string> => {
    let text = "";
    for (;;) {
      const head = await line();
      text += head;
      const length = /\{([0-9]+)\}$/.exec(head)?.[1];
      if (length !== undefined) {
        text += "\n" + await take(Number(length));
        await line();
      }
      if (!/^(?:#\S+ )?\*/.test(head)) return text;
      text += "\n";
    }
  };
  const send = async (text: string): Promise<void> => {
    const bytes = encoder.encode(text);
    for (let at = 0; at < bytes.length;) at += await stream.write(bytes.subarray(at));
  };
  return {
    send,
    reply,
    async ask(request: string): Promise<string> {
      await send(request + "\n");
      return await reply();
    },
    half: () => stream.closeWrite(),
    close: () => stream.close(),
  };
}
