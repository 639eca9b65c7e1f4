// A connection that has proved its identity before a command uses it. The command finds the greeting in it as it came.

import { toRefusal } from "../client/errors.ts";
import { ReplyStream } from "../client/reply_stream.ts";
import { encodeFrame, type Frame, isFinal } from "../dialects/lineup1/frame.ts";
import { type ByteStream, writeAll } from "../net/mod.ts";

/**
 * Reads the greeting of a server and, where the server takes tokens, sends AUTH with the token. Rejects with an `Error`
 * where the server refuses the token, and then closes the stream. A server that greets otherwise is left to the command.
 */
export async function authenticated(stream: ByteStream, token: string): Promise<ByteStream> {
  const replies = new ReplyStream();
  const early: Uint8Array[] = [];
  const nextFinal = async (keep: boolean): Promise<Frame> => {
    for (;;) {
      const read = await stream.read(replies.buffer);
      if (keep && read !== null) early.push(replies.buffer.slice(0, read));
      replies.push(read, "no");
      for (let frame; (frame = replies.next()) !== undefined;) if (isFinal(frame)) return frame;
    }
  };
  // The command tells a wrong greeting itself.
  const greeting = await nextFinal(true).catch(() => undefined);
  const auth = greeting?.options.get("auth") ?? "none";
  if (greeting?.head === "OK" && auth !== "none") {
    try {
      await writeAll(stream, encodeFrame({ head: "AUTH", words: [token] }));
      const answer = await nextFinal(false);
      if (answer.head === "ERR") throw refused(answer);
    } catch (error) {
      stream.close();
      throw error;
    }
  }
  return behind(early, stream);
}

function refused(answer: Frame): Error {
  const { code, message } = toRefusal(answer);
  return new Error(`the server refused the token (${code}): ${message}`);
}

/** A stream whose first bytes were read already. */
function behind(early: Uint8Array[], stream: ByteStream): ByteStream {
  return {
    peer: stream.peer,
    resetTime: stream.resetTime,
    tellsUnread: stream.tellsUnread,
    // deno-lint-ignore require-await
    async read(buffer) {
      const first = early[0];
      if (first === undefined) return stream.read(buffer);
      const part = first.subarray(0, buffer.length);
      buffer.set(part);
      if (part.length === first.length) early.shift();
      else early[0] = first.subarray(part.length);
      return part.length;
    },
    write: (bytes) => stream.write(bytes),
    closeWrite: () => stream.closeWrite(),
    close: () => stream.close(),
  };
}
