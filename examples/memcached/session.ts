// One connection: text, or the binary form of the protocol where the first byte says so.

import { LineInput, NOBODY } from "@lineup/lineup/dialects";
import type { Correlated, Decoded, DialectSession, Failure } from "@lineup/lineup/dialects";
import type { Served, Sink } from "@lineup/lineup/dialects";
import type { CompiledCommand, Values } from "@lineup/lineup";
import { BINARY_REQUEST, BinaryCodec } from "./binary.ts";
import { Proof } from "./proof.ts";
import type { CacheRequest, Codec, FailureWriter } from "./request.ts";
import { NO_VALUES } from "./request.ts";
import { TextCodec } from "./text.ts";
import { errorLine } from "./text_request.ts";

/** The state of one connection. */
export class CacheSession implements DialectSession {
  readonly timed = false;
  readonly #served: Served;
  readonly #input: LineInput;
  readonly #proof: Proof;
  #codec: Codec | undefined = undefined;

  constructor(served: Served) {
    this.#served = served;
    this.#proof = new Proof(served);
    this.#input = new LineInput(served.limits.maxLine);
  }

  get held(): number {
    return this.#input.held;
  }

  get midRequest(): boolean {
    return !this.#input.idle;
  }

  greet(): void {}

  onIdentity(name: string | undefined): void {
    this.#proof.onIdentity(name);
  }

  push(bytes: Uint8Array): void {
    const { limits } = this.#served;
    this.#codec ??= bytes[0] === BINARY_REQUEST
      ? new BinaryCodec(this.#input, limits, this.#proof)
      : new TextCodec(this.#input, limits, this.#proof);
    this.#input.push(bytes);
  }

  next(): Decoded | undefined {
    return this.#codec!.next();
  }

  /** A request that is not whole has no effect and no answer, as in the original. */
  endOfInput(): undefined {}

  readArguments({ args }: CacheRequest): Values {
    return args;
  }

  writeItem(to: CacheRequest, _command: CompiledCommand, item: Values, out: Sink): void {
    to.writeItem(item, out);
  }

  writeReply(to: CacheRequest, _: CompiledCommand, reply: Values = NO_VALUES, out: Sink): void {
    to.writeReply(reply, out);
  }

  writeFailure(to: Correlated | FailureWriter, failure: Failure, out: Sink): void {
    if ("writeFailure" in to) to.writeFailure(failure, out);
    else if (to === NOBODY && !(this.#codec instanceof BinaryCodec)) out.add(errorLine(failure));
  }

  carries(): boolean {
    return true;
  }

  writeNotice(): void {}
}
