// The output of programs, in whole lines, so that the lines of programs that run at the same time do not mix.

const LF = 10;
const END = Uint8Array.of(LF);
/** A longer line is passed on in pieces. */
const LONGEST = 1 << 16;

/** Standard output or standard error of this process, which many programs share. */
export interface LineSink {
  /**
   * Resolves once all is written, so that a slow reader slows the programs down. Rejects if it cannot be written.
   */
  write(bytes: Uint8Array): Promise<void>;
}

/** A consumer of a program's output. Its methods reject when it takes no more. */
export interface OutputConsumer {
  take(bytes: Uint8Array): Promise<void> | void;
  /** Nothing more comes. */
  end(): Promise<void> | void;
}

/** Passes whole lines on. A last line without a line feed gets one. */
export function passLines(sink: LineSink): OutputConsumer & { readonly failure: unknown } {
  let failure: unknown;
  let pieces: Uint8Array[] = [];
  let length = 0;
  const take = async (bytes: Uint8Array): Promise<void> => {
    const end = bytes.lastIndexOf(LF) + 1;
    const isLong = length + bytes.length > LONGEST;
    const upTo = end > 0 ? end : isLong ? bytes.length : 0;
    if (upTo > 0) {
      const line = joined([...pieces, bytes.subarray(0, upTo)]);
      pieces = [];
      length = 0;
      try {
        await sink.write(line);
      } catch (error) {
        failure = error;
        throw error;
      }
    }
    if (upTo < bytes.length) {
      pieces.push(bytes.slice(upTo));
      length += bytes.length - upTo;
    }
  };
  return {
    take,
    async end() {
      if (length > 0) await take(END);
    },
    /** Why a line could not be passed on; `undefined` if all lines were. */
    get failure() {
      return failure;
    },
  };
}

/** Keeps all output of at most `most` bytes. */
export function keepAll(most: number): OutputConsumer & { readonly kept: Uint8Array | undefined } {
  let pieces: Uint8Array[] = [];
  let length = 0;
  return {
    take(bytes) {
      length += bytes.length;
      if (length <= most) pieces.push(bytes);
      else pieces = [];
    },
    end() {},
    /** The output; `undefined` if it is longer. */
    get kept() {
      return length <= most ? joined(pieces) : undefined;
    },
  };
}

/** The bytes that are kept of the last line. */
const MOST_KEPT = 500;

/** Passes output on to `other`, and keeps the beginning of the last line that is not blank. */
export function rememberLast(other: OutputConsumer): OutputConsumer & { readonly last: string } {
  let last: number[] = [], current: number[] = [];
  const note = (bytes: Uint8Array): void => {
    for (const byte of bytes) {
      if (byte !== LF) {
        if (current.length < MOST_KEPT) current.push(byte);
        continue;
      }
      if (!isBlank(current)) last = current;
      current = [];
    }
  };
  return {
    take(bytes) {
      note(bytes);
      return other.take(bytes);
    },
    end: () => other.end(),
    get last() {
      const bytes = Uint8Array.from(isBlank(current) ? last : current);
      return new TextDecoder().decode(bytes).trim();
    },
  };
}

function isBlank(bytes: readonly number[]): boolean {
  return bytes.every((byte) => byte <= 0x20);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0];
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
