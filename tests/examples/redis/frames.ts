// Finds frames of RESP2 and RESP3 in the bytes of a server, and knows nothing of commands.

const CR = 0x0d, LF = 0x0a;
const LINES = "+-:_,#(";
const STRINGS = "$=!";
/** The frames within each element of an aggregate. */
const AGGREGATES: Readonly<Record<string, number>> = { "*": 1, "~": 1, ">": 1, "%": 2 };

/** The index behind the frame at `at`; `undefined` where it is not whole. Throws for bytes that are no frame. */
export function frameEnd(bytes: Uint8Array, at: number): number | undefined {
  if (at >= bytes.length) return undefined;
  const type = String.fromCharCode(bytes[at]);
  const end = bytes.indexOf(LF, at);
  if (end < 0) return undefined;
  const text = new TextDecoder("latin1").decode(bytes.subarray(at + 1, end - 1));
  if (bytes[end - 1] !== CR) throw new Error(`a line ends without CR: ${type}${text}`);
  if (LINES.includes(type)) return end + 1;
  if (!/^(?:-1|0|[1-9][0-9]*)$/.test(text)) throw new Error(`no length: ${type}${text}`);
  const length = Number(text);
  if (STRINGS.includes(type)) {
    if (length < 0) return end + 1;
    const stop = end + 1 + length;
    if (stop + 2 > bytes.length) return undefined;
    if (bytes[stop] === CR && bytes[stop + 1] === LF) return stop + 2;
    throw new Error(`a string does not end behind ${length} bytes`);
  }
  const within = AGGREGATES[type];
  if (within === undefined) throw new Error(`no frame begins with ${JSON.stringify(type)}`);
  let next = end + 1;
  for (let left = length * within; left > 0; left--) {
    const after = frameEnd(bytes, next);
    if (after === undefined) return undefined;
    next = after;
  }
  return next;
}

/** The frames in some bytes, each as text with a character for a byte, and the number of bytes that they take. */
export function framesIn(bytes: Uint8Array): { frames: string[]; taken: number } {
  const frames: string[] = [];
  let taken = 0;
  for (let end; (end = frameEnd(bytes, taken)) !== undefined; taken = end) {
    frames.push(
      Array.from(bytes.subarray(taken, end), (byte) => String.fromCharCode(byte)).join(""),
    );
  }
  return { frames, taken };
}
