// The frames of a WebSocket at the server (RFC 6455, section 5). Their bytes may arrive in any split.

/** The codes of a close (section 7.4.1). */
export const CLOSE = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  noStatus: 1005,
  badData: 1007,
  tooBig: 1009,
} as const;

const TEXT = 1, BINARY = 2, CLOSING = 8, PING = 9, PONG = 10;
const FINAL = 0x80, MASKED = 0x80, RESERVED = 0x70, OPCODE = 0x0f, LENGTH = 0x7f;
const LONGEST_HEAD = 14;
/** The most bytes of a close, ping or pong. */
const MOST_CONTROL = 125;
const NO_BYTES = new Uint8Array(0);

/** A break of the rules of WebSocket. */
export class FrameError extends Error {
  /** The name of the class. */
  override readonly name = "FrameError";
  /** The code to close with. */
  readonly code: number;

  /** Makes an error with the code to close with. */
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** The receiver of frames that carry no bytes of the stream. */
export interface FrameListener {
  /** A ping. The pong repeats its payload. */
  ping(payload: Uint8Array): void;
  /** The client closes, with this code. Frames behind it are ignored. */
  close(code: number): void;
  /** An empty message: the client has ended its side. The bytes of later messages are ignored. */
  end(): void;
}

/** Extracts the payload of messages from frames. Holds at most the head of a frame and a control frame. */
export class FrameDecoder {
  readonly #maxMessage: number;
  readonly #listener: FrameListener;
  readonly #head = new Uint8Array(LONGEST_HEAD);
  #headSize = 0;
  /** The length of the head. It is 2 until the second byte tells the rest. */
  #headNeeds = 2;
  #opcode = 0;
  #isFinal = false;
  /** The number of payload bytes that are still to come; -1 within a head. */
  #left = -1;
  #maskAt = 0;
  /** The kind of the message that is being received; 0 between messages. */
  #message = 0;
  #messageSize = 0;
  #control = NO_BYTES;
  #utf8: TextDecoder | undefined = undefined;
  #isOver = false;
  #hasEnded = false;
  /** The error of a broken frame. Nothing behind it is decoded. */
  failure: FrameError | undefined = undefined;

  /** Takes messages of at most `maxMessage` bytes. */
  constructor(maxMessage: number, listener: FrameListener) {
    this.#maxMessage = maxMessage;
    this.#listener = listener;
  }

  /** Decodes in place: moves the payload of messages to the beginning of `bytes`, and returns its length. */
  decode(bytes: Uint8Array): number {
    let at = 0, kept = 0;
    try {
      while (at < bytes.length && !this.#isOver) {
        if (this.#left < 0) {
          this.#head[this.#headSize++] = bytes[at++];
          if (this.#headSize === this.#headNeeds) this.#readHead();
          continue;
        }
        const payload = bytes.subarray(at, at + this.#left);
        this.#unmask(payload);
        this.#left -= payload.length;
        if (this.#opcode >= CLOSING) this.#keepControl(payload);
        else {
          this.#checkText(payload);
          if (!this.#hasEnded) {
            bytes.copyWithin(kept, at, at + payload.length);
            kept += payload.length;
          }
        }
        at += payload.length;
        if (this.#left === 0) this.#endFrame();
      }
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.failure = error;
      this.#isOver = true;
    }
    return kept;
  }

  #readHead(): void {
    const head = this.#head;
    const short = head[1] & LENGTH;
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
    if (this.#headNeeds === 2) {
      this.#checkKind();
      this.#headNeeds = 2 + extended + 4;
      return;
    }
    const view = new DataView(head.buffer);
    const length = extended === 0
      ? short
      : extended === 2
      ? view.getUint16(2)
      : view.getUint32(2) * 2 ** 32 + view.getUint32(6);
    // Section 5.2: a length uses the fewest bytes possible, and its first bit is 0.
    if (extended > 0 && length < (extended === 2 ? 126 : 65_536)) {
      throw broken(`a length of ${length} is written with ${extended} bytes`);
    }
    if (extended === 8 && head[2] > 0x7f) throw broken("a length has its first bit set");
    this.#beginPayload(length);
  }

  #checkKind(): void {
    const [first, second] = this.#head;
    this.#opcode = first & OPCODE;
    this.#isFinal = (first & FINAL) !== 0;
    if ((first & RESERVED) !== 0) {
      throw broken("a reserved bit is set, and no extension was agreed");
    }
    if ((second & MASKED) === 0) throw broken("a frame of a client is not masked");
    if (this.#opcode >= CLOSING) {
      if (this.#opcode > PONG) throw broken(`there is no opcode ${this.#opcode}`);
      if (!this.#isFinal) throw broken("a control frame is fragmented");
      if ((second & LENGTH) > MOST_CONTROL) {
        throw broken("a control frame is longer than 125 bytes");
      }
    } else if (this.#opcode > BINARY) {
      throw broken(`there is no opcode ${this.#opcode}`);
    } else if (this.#opcode === 0 && this.#message === 0) {
      throw broken("a frame continues no message");
    } else if (this.#opcode !== 0 && this.#message !== 0) {
      throw broken("a message begins within another");
    }
  }

  #beginPayload(length: number): void {
    if (this.#opcode < CLOSING) {
      if (this.#opcode !== 0) {
        this.#message = this.#opcode;
        this.#messageSize = 0;
      }
      this.#messageSize += length;
      if (this.#messageSize > this.#maxMessage) {
        const message = `a message has more than ${this.#maxMessage} bytes`;
        throw new FrameError(CLOSE.tooBig, message);
      }
    }
    this.#left = length;
    this.#maskAt = 0;
    if (length === 0) this.#endFrame();
  }

  #unmask(payload: Uint8Array): void {
    const { length } = payload;
    const mask = this.#headNeeds - 4;
    const head = this.#head;
    let at = this.#maskAt;
    for (let i = 0; i < length; i++) payload[i] ^= head[mask + (at++ & 3)];
    this.#maskAt = at & 3;
  }

  #checkText(payload: Uint8Array, isLast = false): void {
    if (this.#message !== TEXT) return;
    try {
      this.#utf8 ??= new TextDecoder("utf-8", { fatal: true });
      this.#utf8.decode(payload, { stream: !isLast });
    } catch {
      throw new FrameError(CLOSE.badData, "a text message is not UTF-8");
    }
  }

  #keepControl(payload: Uint8Array): void {
    if (this.#control.length === 0) this.#control = payload.slice();
    else this.#control = Uint8Array.from([...this.#control, ...payload]);
  }

  #endFrame(): void {
    this.#left = -1;
    this.#headSize = 0;
    this.#headNeeds = 2;
    if (this.#opcode >= CLOSING) this.#endControl();
    else if (this.#isFinal) {
      this.#checkText(NO_BYTES, true);
      this.#message = 0;
      if (this.#messageSize > 0 || this.#hasEnded) return;
      this.#hasEnded = true;
      this.#listener.end();
    }
  }

  #endControl(): void {
    const payload = this.#control;
    this.#control = NO_BYTES;
    if (this.#opcode === PING) this.#listener.ping(payload);
    if (this.#opcode !== CLOSING) return;
    const code = codeOf(payload);
    this.#isOver = true;
    this.#listener.close(code);
  }
}

/** The code of a close. Throws `FrameError`. */
function codeOf(payload: Uint8Array): number {
  if (payload.length === 0) return CLOSE.noStatus;
  if (payload.length === 1) throw broken("a close has half of a code");
  const code = payload[0] << 8 | payload[1];
  const isKnown = code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
  if (!isKnown && !(code >= 3000 && code < 5000)) throw broken(`a close has the code ${code}`);
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(payload.subarray(2));
  } catch {
    throw new FrameError(CLOSE.badData, "the reason of a close is not UTF-8");
  }
  return code;
}

function broken(message: string): FrameError {
  return new FrameError(CLOSE.protocolError, message);
}

/** A whole binary message. */
export function binaryFrame(payload: Uint8Array): Uint8Array {
  return frame(BINARY, payload);
}

/** The answer to a ping. */
export function pongFrame(payload: Uint8Array): Uint8Array {
  return frame(PONG, payload);
}

/** The close of a WebSocket. `CLOSE.noStatus` sends no code. */
export function closeFrame(code: number): Uint8Array {
  return frame(CLOSING, code === CLOSE.noStatus ? NO_BYTES : Uint8Array.of(code >> 8, code & 0xff));
}

function frame(opcode: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const headSize = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const bytes = new Uint8Array(headSize + length);
  bytes[0] = FINAL | opcode;
  bytes[1] = headSize === 2 ? length : headSize === 4 ? 126 : 127;
  const view = new DataView(bytes.buffer);
  if (headSize === 4) view.setUint16(2, length);
  if (headSize === 10) view.setBigUint64(2, BigInt(length));
  bytes.set(payload, headSize);
  return bytes;
}
