// Runs `lineup` within the process of a test: for its exit code and its outputs, without the time of a start.

import type { RunResult } from "./lineup_process.ts";

const encoder = new TextEncoder();

/** Takes the place of a standard output stream, and keeps its bytes. It is no terminal. */
class Captured {
  readonly #chunks: Uint8Array[] = [];

  readonly isTerminal = (): boolean => false;

  readonly writeSync = (bytes: Uint8Array): number => {
    this.#chunks.push(bytes.slice());
    return bytes.length;
  };

  readonly write = (bytes: Uint8Array): Promise<number> => Promise.resolve(this.writeSync(bytes));

  async text(): Promise<string> {
    const bytes = await new Blob(this.#chunks as Uint8Array<ArrayBuffer>[]).bytes();
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  }
}

/** A standard input with a text. */
class Given {
  #rest: Uint8Array;

  constructor(text: string) {
    this.#rest = encoder.encode(text);
  }

  readonly isTerminal = (): boolean => false;

  readonly readSync = (buffer: Uint8Array): number | null => {
    if (this.#rest.length === 0) return null;
    const part = this.#rest.subarray(0, buffer.length);
    buffer.set(part);
    this.#rest = this.#rest.subarray(part.length);
    return part.length;
  };

  readonly read = (buffer: Uint8Array): Promise<number | null> =>
    Promise.resolve(this.readSync(buffer));
}

/** Replaces a standard stream until the result is disposed. */
function standIn(stream: object, other: object): Disposable {
  const before = Object.getOwnPropertyDescriptors(stream);
  Object.assign(stream, other);
  return {
    [Symbol.dispose]() {
      for (const name of Object.keys(other)) delete (stream as Record<string, unknown>)[name];
      Object.defineProperties(stream, before);
    },
  };
}

let last: Promise<unknown> = Promise.resolve();

/**
 * Runs `lineup` with these arguments to its end. Runs share the standard streams, so one waits for the other. Use
 * `lineup_process.ts` for a command that must run beside another.
 */
export function lineup(
  args: readonly string[],
  { input = "" }: { input?: string } = {},
): Promise<RunResult> {
  const result = last.then(() => run(args, input));
  last = result.catch(() => {});
  return result;
}

async function run(args: readonly string[], input: string): Promise<RunResult> {
  const [out, err] = [new Captured(), new Captured()];
  using _in = standIn(Deno.stdin, new Given(input));
  using _out = standIn(Deno.stdout, out);
  using _err = standIn(Deno.stderr, err);
  // The import is here because the program reads the standard streams when it is loaded.
  const { main } = await import("../../cli/main.ts");
  const code = await main(args);
  return { code, out: await out.text(), err: await err.text() };
}
