// A server of lines whose every answer the test decides, such as the answers of a broken server.

import { type ByteStream, listen, type Listener, writeAll } from "../../net/mod.ts";

const encoder = new TextEncoder();

/** Answers a line of a connection. The text is written as it is. */
export type Answer = (line: string, connection: LineConnection) => string | Promise<string> | void;

/** A connection of such a server. */
export interface LineConnection {
  /** The number of lines so far, including this one. */
  readonly lines: number;
  /** Writes a text at once. */
  write(text: string): Promise<void>;
  close(): void;
}

/** A server on a free port. */
export interface LineServer extends AsyncDisposable {
  readonly address: string;
  /** All lines that have come, on all connections. */
  readonly received: string[];
  /** Resolves once this holds, which changes with the lines that come. */
  until(condition: () => boolean): Promise<void>;
  /** The number of connections so far. */
  readonly connections: number;
}

/** Starts a server that sends `greeting` as it is, and answers line by line in order. Lines come without LF and CR. */
export async function lineServer(
  answer: Answer,
  greeting = "OK lineup/1 bare/1.0 max-line=8192 max-body=1048576 auth=none\r\n",
): Promise<LineServer> {
  const listener = await listen({ transport: "tcp", hostname: "127.0.0.1", port: 0 });
  const open = new Map<ByteStream, Promise<void>>();
  const received: string[] = [];
  let connections = 0;
  let more = Promise.withResolvers<void>();
  const accepting = accept(listener, (stream) => {
    connections++;
    const done = serveLines(stream, greeting, (line, connection) => {
      received.push(line);
      more.resolve();
      more = Promise.withResolvers();
      return answer(line, connection);
    });
    open.set(stream, done.finally(() => open.delete(stream)));
  });
  return {
    address: listener.address,
    received,
    async until(condition) {
      while (!condition()) await more.promise;
    },
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const stream of open.keys()) stream.close();
      await Promise.all([accepting, ...open.values()]);
    },
  };
}

async function accept(listener: Listener, serve: (stream: ByteStream) => void): Promise<void> {
  for (let stream; (stream = await listener.accept()) !== undefined;) serve(stream);
}

async function serveLines(stream: ByteStream, greeting: string, answer: Answer): Promise<void> {
  const write = (text: string) => writeAll(stream, encoder.encode(text));
  const connection = { lines: 0, write, close: () => stream.close() };
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65_536);
  let rest = "";
  try {
    await write(greeting);
    for (let read; (read = await stream.read(buffer)) !== null;) {
      const lines = (rest + decoder.decode(buffer.subarray(0, read), { stream: true })).split("\n");
      rest = lines.pop()!;
      let out = "";
      for (const line of lines) {
        connection.lines++;
        out += await answer(line.replace(/\r$/, ""), connection) ?? "";
      }
      if (out !== "") await write(out);
    }
  } catch {
    // The client is gone, or the test has closed the connection.
  } finally {
    stream.close();
  }
}
