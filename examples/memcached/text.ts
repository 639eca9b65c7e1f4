// The text form of the protocol: lines and data blocks become requests.

import type { LineInput, WireLimits } from "@lineup/lineup/dialects";
import { classicCommands } from "./classic_commands.ts";
import { metaCommands } from "./meta_commands.ts";
import { credentialsOfData, type Proof } from "./proof.ts";
import type { CacheInvalid, Codec } from "./request.ts";
import { errorLine, type TextCommand, TextRequest } from "./text_request.ts";
import { BAD_FORMAT, integer, latin1, splitWords } from "./words.ts";

const CR = 0x0d, LF = 0x0a;
const CRLF_BYTES = 2;
/** More words than most lines have. */
const USUAL_WORDS = 30;
/** The longest data block that a line may announce, as in the original. */
const MOST_DATA = 2 ** 31 - 3;
const TOO_LARGE = "object too large for cache";

const commands: ReadonlyMap<string, TextCommand> = new Map(
  Object.entries({ ...classicCommands, ...metaCommands }),
);

/** A name that is no command. The server answers it, by the verb. */
const UNKNOWN: TextCommand = {
  verb: "unknown",
  words: [0, Infinity],
  read: () => undefined,
  write: () => {},
};

/** A `set` that proves an identity. Its key, flags and exptime mean nothing. */
const PROOF: TextCommand = {
  verb: "AUTH",
  words: [4, 5],
  data: 4,
  read(request) {
    request.args = {};
    return undefined;
  },
  write: (_reply, out) => out.add("STORED\r\n"),
};

/** The lines and data blocks of one connection. */
export class TextCodec implements Codec {
  readonly #input: LineInput;
  readonly #limits: WireLimits;
  readonly #proof: Proof;
  /** The words of the line that is read. One array for all lines: it would be most of what a line allocates. */
  #words: string[] = [];
  /** The request whose data block comes next. */
  #storing: TextRequest | undefined = undefined;

  constructor(input: LineInput, limits: WireLimits, proof: Proof) {
    this.#input = input;
    this.#proof = proof;
    this.#limits = limits;
  }

  next(): TextRequest | CacheInvalid | undefined {
    const input = this.#input;
    for (;;) {
      switch (input.next()) {
        case "more":
          return undefined;
        case "too-long":
          return this.#fatal("line-too-long", `a line has at most ${input.maxLine} bytes`);
        case "block":
          return this.#stored();
        case "line": {
          const decoded = this.#line();
          // An idle connection must not keep the words of a long line.
          if (this.#words.length > USUAL_WORDS) this.#words = [];
          if (decoded !== undefined) return decoded;
        }
      }
    }
  }

  /** The request of a line; `undefined` where its data block is still to come. */
  #line(): TextRequest | CacheInvalid | undefined {
    const { bytes, start, end } = this.#input;
    const words = this.#words;
    const isText = splitWords(bytes, start, end, words);
    const isProof = words[0] === "set" && this.#proof.isDue;
    const command = isProof ? PROOF : commands.get(words[0]);
    const last = words[words.length - 1];
    if (command === undefined) {
      // A browser, or a program that was told to speak HTTP to this port.
      if (last?.startsWith("HTTP/")) return this.#fatal("wrong-protocol", "no HTTP here", true);
      return new TextRequest(UNKNOWN, "", false);
    }
    const [least, most] = command.words;
    if (words.length <= least || words.length > most + 1) {
      const message = `${words[0]} has another number of words`;
      if (command.data === undefined) return invalid("unknown-command", message);
      // The length of the data is not known, and data must never run as commands.
      return this.#fatal("unknown-command", message);
    }
    const noreply = command.noreply === true && last === "noreply";
    const request = new TextRequest(command, words[command.keyAt ?? 1] ?? "", noreply);
    const bad = isText ? command.read(request, words) : BAD_FORMAT;
    if (command.data !== undefined) return this.#announced(request, words[command.data], bad);
    return bad === undefined ? request : invalid("bad-arguments", bad, noreply);
  }

  /** Goes on behind the line of a request that announces a data block. */
  #announced(
    request: TextRequest,
    word: string | undefined,
    bad: string | undefined,
  ): TextRequest | CacheInvalid | undefined {
    const { noreply } = request;
    const length = integer(word ?? "", 0, MOST_DATA);
    if (length === undefined) return this.#fatal("bad-arguments", bad ?? BAD_FORMAT, noreply);
    const { maxBody, maxDiscard } = this.#limits;
    if (bad === undefined && length <= maxBody) {
      this.#storing = request;
      this.#input.expect(length + CRLF_BYTES);
      return undefined;
    }
    if (length > maxDiscard) return this.#fatal("too-large", TOO_LARGE, noreply);
    this.#input.skip(length + CRLF_BYTES);
    // Without its data, the handler refuses it as too large.
    return bad === undefined ? request : invalid("bad-arguments", bad, noreply);
  }

  /** The request whose data block has come. */
  #stored(): TextRequest | CacheInvalid {
    const request = this.#storing!;
    this.#storing = undefined;
    const { bytes, start, end } = this.#input;
    const last = end - CRLF_BYTES;
    if (bytes[last] !== CR || bytes[last + 1] !== LF) {
      return this.#fatal("bad-syntax", "bad data chunk", request.noreply);
    }
    const data = latin1(bytes, start, last);
    if (request.command !== PROOF) request.args.value = data;
    else {
      const credentials = credentialsOfData(data);
      if (credentials === undefined) {
        return invalid("bad-arguments", "bad authentication token format", false);
      }
      request.args = { credentials };
    }
    return request;
  }

  #fatal(code: string, message: string, silent?: boolean): CacheInvalid {
    this.#input.stop();
    return { ...invalid(code, message, silent), fatal: true };
  }
}

function invalid(code: string, message: string, silent: boolean = false): CacheInvalid {
  return {
    kind: "invalid",
    failure: { code, message },
    fatal: false,
    writeFailure(failure, out) {
      if (!silent) out.add(errorLine(failure));
    },
  };
}
