// A request in text: a line, and the data block behind it where its command has one.

import type { Failure, Sink } from "@lineup/lineup/dialects";
import { Buffer } from "node:buffer";
import type { Values } from "@lineup/lineup";
import { bytesOf, type CacheRequest, NO_VALUES } from "./request.ts";

/** A command of the text protocol: how its line is read, and how its answers are written. */
export interface TextCommand {
  /** The command of the service. */
  readonly verb: string;
  /** The least and the greatest number of words behind its name. */
  readonly words: readonly [least: number, most: number];
  /** The index of the word that is the key. Default 1. */
  readonly keyAt?: number;
  /** The index of the word that tells the length of the data block, where one follows. */
  readonly data?: number;
  /** Whether `noreply` as the last word asks for no answer. */
  readonly noreply?: boolean;
  /**
   * Sets `args` of a request, and what its answer needs, from the words of its line, which are overwritten later.
   * Returns the message of CLIENT_ERROR for a bad line.
   */
  read(request: TextRequest, words: readonly string[]): string | undefined;
  write(reply: Values, out: Sink, request: TextRequest): void;
  writeItem?(item: Values, out: Sink, request: TextRequest): void;
}

/** A request. */
export class TextRequest implements CacheRequest {
  readonly kind = "request";
  readonly plain = true;
  verb: string;
  args: Values = NO_VALUES;
  /** The flags of a meta command, in their order, each with the token behind its letter. */
  flags: ReadonlyMap<string, string> | undefined = undefined;

  constructor(readonly command: TextCommand, readonly key: string, readonly noreply: boolean) {
    this.verb = command.verb;
  }

  get bytes(): number {
    return bytesOf(this.args);
  }

  forget(): void {
    this.args = NO_VALUES;
  }

  writeItem(item: Values, out: Sink): void {
    this.command.writeItem!(item, out, this);
  }

  writeReply(reply: Values, out: Sink): void {
    if (!this.noreply) this.command.write(reply, out, this);
  }

  writeFailure(failure: Failure, out: Sink): void {
    if (!this.noreply) out.add(errorLine(failure));
  }
}

/** Codes for which the client is to blame. */
const CLIENT = new Set([
  ...["bad-syntax", "bad-arguments", "line-too-long", "not-a-number"],
  ...["unauthenticated", "forbidden"],
]);

/** The line of a failure. */
export function errorLine({ code, message }: Failure): string {
  if (code === "unknown-command") return "ERROR\r\n";
  const whose = CLIENT.has(code) ? "CLIENT_ERROR" : "SERVER_ERROR";
  // deno-lint-ignore no-control-regex
  return `${whose} ${message.replace(/[\0-\x1f\x7f]+/g, " ")}\r\n`;
}

// The characters of keys and values stand for bytes, but a sink sends text as UTF-8.
const HIGH = /[\x80-\xff]/;

/** Adds text whose characters stand for bytes. */
export function addBytes(out: Sink, text: string): void {
  if (HIGH.test(text)) out.add("", Buffer.from(text, "latin1"));
  else out.add(text);
}
