import { connectStream, parseAddress, writeAll } from "../net/mod.ts";
import { Framer } from "../protocol/framer.ts";
import type { Subcommand } from "./flags.ts";

const OK = 0, ERR = 1, NO_CONNECTION = 2;

/** `lineup connect`. */
export const connectCommand: Subcommand = {
  summary: "Send the lines of standard input and print the replies.",
  args: "ADDRESS",
  count: [1, 1],
  flags: {},
  more: "Exit code: 0 if the last reply was OK, 1 if it was ERR, 2 for no connection.",
  async run([address]) {
    const place = parseAddress(address);
    let stream;
    try {
      stream = await connectStream(place);
    } catch (error) {
      console.error(`lineup: cannot connect to ${address}: ${(error as Error).message}`);
      return NO_CONNECTION;
    }
    const input = sendLines(Deno.stdin.readable, (bytes) => writeAll(stream, bytes));
    input.then(() => stream.closeWrite()).catch(() => stream.close());
    return await printReplies(stream);
  },
};

async function sendLines(
  input: ReadableStream<Uint8Array>,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  for await (const bytes of input) await write(bytes);
}

async function printReplies(
  stream: { read(buffer: Uint8Array): Promise<number | null> },
): Promise<number> {
  const framer = new Framer("reply", { maxLine: 65_536, maxBody: 1 << 26 });
  const buffer = new Uint8Array(65_536);
  let status = OK;
  for (let read; (read = await stream.read(buffer).catch(() => null)) !== null;) {
    const bytes = buffer.subarray(0, read);
    for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
    framer.push(bytes);
    for (let framed; (framed = framer.next()) !== undefined;) {
      if (framed.kind !== "frame") continue;
      if (framed.head === "OK") status = OK;
      else if (framed.head === "ERR") status = ERR;
    }
  }
  return status;
}
