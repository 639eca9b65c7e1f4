// The binary form of the protocol: a header of 24 bytes, then extras, key and value. Old, but some clients know no other.

import type { Failure, LineInput, Sink, WireLimits } from "@lineup/lineup/dialects";
import { encodeText, type Values } from "@lineup/lineup";
import {
  type BinaryBody,
  type BinaryCommand,
  binaryCommands,
  bytesOfText,
  commandsWithProof,
} from "./binary_commands.ts";
import { bytesOf, type CacheInvalid, type CacheRequest, type Codec, NO_VALUES } from "./request.ts";
import type { Proof } from "./proof.ts";
import { isKey, latin1 } from "./words.ts";

/** The first byte of a binary request. No line begins with it. */
export const BINARY_REQUEST = 0x80;

const RESPONSE = 0x81;
const HEADER = 24;
/** The longest extras and key. */
const MOST_BESIDE = 300;
const NO_BYTES = new Uint8Array(0);

const status = {
  ok: 0x00,
  notFound: 0x01,
  exists: 0x02,
  tooLarge: 0x03,
  badArguments: 0x04,
  notStored: 0x05,
  notANumber: 0x06,
  unauthenticated: 0x20,
  unknownCommand: 0x81,
  internal: 0x84,
  busy: 0x85,
} as const;

/** The statuses of outcomes, and their messages. */
const OUTCOMES: Readonly<Record<string, readonly [status: number, message: string]>> = {
  NOT_FOUND: [status.notFound, "Not found"],
  EXISTS: [status.exists, "Data exists for key."],
  NOT_STORED: [status.notStored, "Not stored."],
};
const FAILURES: Readonly<Record<string, readonly [status: number, message?: string]>> = {
  "too-large": [status.tooLarge, "Too large."],
  "not-a-number": [status.notANumber, "Non-numeric server-side value for incr or decr"],
  "unknown-command": [status.unknownCommand, "Unknown command"],
  "bad-arguments": [status.badArguments, "Invalid arguments"],
  "bad-syntax": [status.badArguments, "Invalid arguments"],
  unauthenticated: [status.unauthenticated, "Auth failure."],
  forbidden: [status.unauthenticated],
  internal: [status.internal],
};

/** A request, from its header on. */
class BinaryRequest implements CacheRequest {
  readonly kind = "request";
  readonly plain = true;
  verb = "unknown";
  args: Values = NO_VALUES;
  #command: BinaryCommand | undefined = undefined;
  #quiet = false;
  #key = "";
  readonly #header: DataView;

  /** `commands` are those of the server by opcode. */
  constructor(header: Uint8Array, commands: typeof binaryCommands) {
    this.#header = new DataView(header.buffer, header.byteOffset);
    const [command, quiet = false] = commands.get(this.opcode) ?? [];
    if (command === undefined) return;
    this.#command = command;
    this.#quiet = quiet;
    this.verb = command.verb;
  }

  get isBinary(): boolean {
    return this.#header.getUint8(0) === BINARY_REQUEST;
  }

  get opcode(): number {
    return this.#header.getUint8(1);
  }

  /** The number of bytes behind the header. */
  get length(): number {
    return this.#header.getUint32(8);
  }

  get #keyLength(): number {
    return this.#header.getUint16(2);
  }

  get #extrasLength(): number {
    return this.#header.getUint8(4);
  }

  /** Whether the header is one that its command may have. */
  get isRight(): boolean {
    const command = this.#command;
    if (this.#extrasLength + this.#keyLength > this.length) return false;
    if (command === undefined) return true;
    const { extras, key = false, value = false } = command;
    const valueLength = this.length - this.#extrasLength - this.#keyLength;
    return extras.includes(this.#extrasLength) && (value || valueLength === 0) &&
      (this.verb === "STATS" || key === this.#keyLength > 0);
  }

  /** Takes the bytes behind the header. Returns whether the key is right. */
  take(body: Uint8Array): boolean {
    const keyAt = this.#extrasLength;
    const valueAt = keyAt + this.#keyLength;
    this.#key = latin1(body, keyAt, valueAt);
    const cas = Number(this.#header.getBigUint64(16)) || undefined;
    const extras = new DataView(body.buffer, body.byteOffset, keyAt);
    const value = latin1(body, valueAt, body.length);
    if (this.verb === "STATS" && this.#key === "reset") this.verb = "RESET-STATS";
    this.args = this.#command?.read?.({ extras, key: this.#key, value, cas }) ?? NO_VALUES;
    return isKey(this.#key);
  }

  get bytes(): number {
    return bytesOf(this.args);
  }

  forget(): void {
    this.args = NO_VALUES;
  }

  writeItem({ name, value }: Values, out: Sink): void {
    this.#write(status.ok, out, { key: `${name}`, value: encodeText(`${value}`) });
  }

  writeReply(reply: Values, out: Sink): void {
    const { outcome, found } = reply;
    const isMiss = found === false || (this.verb === "GET" && reply.value === undefined);
    if (isMiss) {
      // The quiet ones of get say nothing where there is nothing.
      if (this.verb === "GET" && this.#quiet) return;
      if (!this.#command!.withKey) return this.#writeError(...OUTCOMES.NOT_FOUND, out);
      return this.#write(status.notFound, out, { key: this.#key });
    }
    const other = OUTCOMES[outcome as string];
    if (other !== undefined) return this.#writeError(...this.#otherwise(other), out);
    if (this.#quiet && this.verb !== "GET") return;
    const body = this.#command!.body?.(reply, this.#key);
    this.#write(status.ok, out, body, reply.cas as number | undefined);
  }

  /** An outcome as its command reports it: add and replace tell whether the item is there. */
  #otherwise(outcome: readonly [number, string]): readonly [number, string] {
    if (outcome !== OUTCOMES.NOT_STORED) return outcome;
    const { opcode } = this;
    if (opcode === 0x02 || opcode === 0x12) return OUTCOMES.EXISTS;
    return opcode === 0x03 || opcode === 0x13 ? OUTCOMES.NOT_FOUND : outcome;
  }

  writeFailure({ code, message }: Failure, out: Sink): void {
    const [error, text = message] = FAILURES[code] ?? [status.busy];
    this.#writeError(error, text, out);
  }

  #writeError(error: number, message: string, out: Sink): void {
    this.#write(error, out, { value: encodeText(message) });
  }

  #write(
    error: number,
    out: Sink,
    { extras = NO_BYTES, key = "", value = NO_BYTES }: BinaryBody = {},
    cas = 0,
  ): void {
    const bytes = new Uint8Array(HEADER + extras.length + key.length);
    const view = new DataView(bytes.buffer);
    view.setUint8(0, RESPONSE);
    view.setUint8(1, this.opcode);
    view.setUint16(2, key.length);
    view.setUint8(4, extras.length);
    view.setUint16(6, error);
    view.setUint32(8, extras.length + key.length + value.length);
    // The client's own number of the request.
    view.setUint32(12, this.#header.getUint32(12));
    view.setBigUint64(16, BigInt(cas));
    bytes.set(extras, HEADER);
    bytes.set(bytesOfText(key), HEADER + extras.length);
    out.add("", bytes);
    if (value.length > 0) out.add("", value);
  }
}

/** The requests of one connection. */
export class BinaryCodec implements Codec {
  readonly #input: LineInput;
  readonly #limits: WireLimits;
  readonly #commands: typeof binaryCommands;
  /** The request whose bytes behind the header come next. */
  #begun: BinaryRequest | undefined = undefined;

  constructor(input: LineInput, limits: WireLimits, { isPossible }: Proof) {
    this.#input = input;
    this.#commands = isPossible ? commandsWithProof : binaryCommands;
    this.#limits = limits;
  }

  next(): BinaryRequest | CacheInvalid | undefined {
    const input = this.#input;
    for (;;) {
      // Expect a header only where bytes have come: between requests nothing is unfinished.
      if (this.#begun === undefined && input.idle) {
        if (input.unread === 0) return undefined;
        input.expect(HEADER);
      }
      if (input.next() !== "block") return undefined;
      const decoded = this.#begun === undefined
        ? this.#header(new BinaryRequest(input.take(), this.#commands))
        : this.#body(this.#begun, input.take());
      if (decoded !== undefined) return decoded;
    }
  }

  #header(request: BinaryRequest): CacheInvalid | undefined {
    const { maxBody, maxDiscard } = this.#limits;
    const { isBinary, length } = request;
    if (isBinary && length <= maxBody + MOST_BESIDE && request.isRight) {
      this.#begun = request;
      this.#input.expect(length);
      return undefined;
    }
    const isSkipped = isBinary && length <= maxDiscard;
    if (isSkipped) this.#input.skip(length);
    else this.#input.stop();
    return invalid(request, request.isRight ? "too-large" : "bad-syntax", !isSkipped);
  }

  #body(request: BinaryRequest, body: Uint8Array): BinaryRequest | CacheInvalid {
    this.#begun = undefined;
    return request.take(body) ? request : invalid(request, "bad-arguments", false);
  }
}

function invalid(request: BinaryRequest, code: string, fatal: boolean): CacheInvalid {
  return {
    kind: "invalid",
    failure: { code, message: code },
    fatal,
    writeFailure: (failure, out) => request.writeFailure(failure, out),
  };
}
