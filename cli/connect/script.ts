// `lineup connect` without a terminal: it sends standard input as it is, and prints the replies.

import type { Dial } from "../../client/mod.ts";
import { parseGreeting } from "../../client/greeting.ts";
import { REPLY_LIMITS, ReplyStream } from "../../client/reply_stream.ts";
import { parseAddress, writeAll } from "../../net/mod.ts";
import type { ByteStream } from "../../net/mod.ts";
import { Framer } from "../../dialects/lineup1/framer.ts";
import { inputPieces, withoutMark } from "../input.ts";
import { complain, print } from "../output.ts";
import { reason } from "../reason.ts";
import { showBytes } from "./reply.ts";
import { painter } from "../style.ts";

const OK = 0, ERR = 1, NO_CONNECTION = 2;
const GREETING_MS = 10_000;
/** The time in which the server must close the connection after the last answer. */
const CLOSE_MS = 1000;

/** Runs a script. Resolves with the exit code. Rejects with `AddressError`, and with `OutputClosed`. */
export async function runScript(
  address: string,
  { raw, dial }: { raw: boolean; dial: Dial },
): Promise<number> {
  const place = parseAddress(address);
  let stream: ByteStream;
  try {
    stream = await dial(place, {});
  } catch (error) {
    complain(`cannot connect to ${address}: ${reason(error)}`);
    return NO_CONNECTION;
  }
  const toTerminal = Deno.stdout.isTerminal();
  const paint = painter(false);
  const show = (direction: "<" | ">", bytes: Uint8Array): void => {
    if (raw && toTerminal) print(showBytes(direction, bytes, paint));
    else if (direction === "<") print(bytes);
  };
  const asked: SentRequests = { count: 0, all: false, onAll: () => {} };
  sendAll(stream, asked, show).then(() => stream.closeWrite()).catch(() => stream.close());
  try {
    return await readReplies(stream, address, asked, (bytes) => show("<", bytes));
  } finally {
    stream.close();
  }
}

/** The requests that were sent. */
interface SentRequests {
  /** The number of requests so far. */
  count: number;
  /** Whether the input has ended. */
  all: boolean;
  /** Called at the end of the input. */
  onAll: () => void;
}

/** Sends standard input, and counts the requests in it. */
async function sendAll(
  stream: ByteStream,
  asked: SentRequests,
  show: (direction: ">", bytes: Uint8Array) => void,
): Promise<void> {
  const framer = new Framer("request", { maxLine: REPLY_LIMITS.maxLine, maxBody: 1 << 30 });
  for await (const bytes of withoutMark(inputPieces())) {
    show(">", bytes);
    framer.push(bytes);
    for (let framed; (framed = framer.next()) !== undefined;) {
      if (framed.kind !== "telnet") asked.count++;
    }
    await writeAll(stream, bytes);
  }
  asked.all = true;
  asked.onAll();
}

/** Prints replies until the end of the connection. Resolves with the exit code. */
async function readReplies(
  stream: ByteStream,
  address: string,
  asked: SentRequests,
  show: (bytes: Uint8Array) => void,
): Promise<number> {
  const replies = new ReplyStream();
  const { buffer } = replies;
  let status: number | undefined;
  let answers = -1;
  let left = false;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    stream.close();
  }, GREETING_MS);
  // A last line without a line feed is answered too, a little later: wait for that answer.
  let closing: ReturnType<typeof setTimeout> | undefined;
  const closeSoon = (): void => {
    if (!left && !(asked.all && answers >= asked.count)) return;
    clearTimeout(closing);
    closing = setTimeout(() => stream.close(), CLOSE_MS);
  };
  asked.onAll = closeSoon;
  for (let read; (read = await stream.read(buffer).catch(() => null)) !== null;) {
    show(buffer.subarray(0, read));
    replies.push(read, "maybe");
    try {
      for (let frame; (frame = replies.next()) !== undefined;) {
        const { head, words } = frame;
        if (head !== "OK" && head !== "ERR") continue;
        clearTimeout(timer);
        if (answers < 0 && head === "OK") parseGreeting(frame);
        status = head === "OK" ? OK : ERR;
        answers++;
        left = words[0] === "bye";
        closeSoon();
      }
    } catch (error) {
      clearTimeout(timer);
      complain(error);
      return NO_CONNECTION;
    }
  }
  clearTimeout(timer);
  clearTimeout(closing);
  if (late) {
    complain(`no greeting from ${address} in time`);
    return NO_CONNECTION;
  }
  if (status === ERR) return ERR;
  // Requests after QUIT have no answer, and neither has a request whose error ended the connection.
  if (status === undefined || ((!asked.all || answers < asked.count) && !left)) {
    const lost = status === undefined ? "without a greeting" : "before all requests were answered";
    complain(`the connection ended ${lost}`);
    return NO_CONNECTION;
  }
  return status;
}
