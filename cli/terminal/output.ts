// Standard output, whoever reads it.

/** The exit code of a program that SIGPIPE ended, as shells tell it. */
export const CLOSED_PIPE = 128 + 13;

const encoder = new TextEncoder();

/** Whoever read standard output has gone, such as `head`: nothing more is wanted. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

/** Writes all of it. Throws `OutputClosed`. */
export function print(text: string | Uint8Array): void {
  const bytes = typeof text === "string" ? encoder.encode(text) : text;
  try {
    for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    throw new OutputClosed("standard output is closed", { cause: error });
  }
}
