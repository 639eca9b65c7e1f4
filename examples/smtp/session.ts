// One SMTP connection: where it is in a transaction, and its replies.

import type {
  Correlated,
  Decoded,
  DialectSession,
  Failure,
  Invalid,
  Notice,
  Served,
  Sink,
} from "@lineup/lineup/dialects";
import type { CompiledCommand, Values } from "@lineup/lineup/protocol";
import {
  needNothing,
  readChunkSize,
  readClient,
  readRecipient,
  readSender,
  readText,
} from "./arguments.ts";
import { CommandFault, fatal, fault } from "./command_fault.ts";
import { SmtpInput } from "./input.ts";
import { MessageText } from "./message_text.ts";
import {
  doneLine,
  extensionLines,
  failureLine,
  isPermanent,
  NOT_IMPLEMENTED,
  queuedLine,
} from "./replies.ts";
import { type Chunk, SmtpRequest, type Transaction } from "./request.ts";

/** What a connection may do beside the limits of its server. */
export interface SmtpRules {
  /** The name of this server. */
  readonly hostname: string;
  /** Most recipients of a message. */
  readonly recipients: number;
  /** Most refused commands between two messages. */
  readonly badCommands: number;
}

/** The state of one connection. */
export class SmtpSession implements DialectSession {
  readonly timed = false;
  /** The reply to DATA decides whether a message or a command comes next. */
  readonly awaitsAnswers = true;
  over = false;
  readonly #served: Served;
  readonly #rules: SmtpRules;
  readonly #input: SmtpInput;
  /** The name of the client. */
  #client: string | undefined = undefined;
  /** Whether it has said EHLO, not HELO. */
  #isExtended = false;
  #transaction: Transaction | undefined = undefined;
  /** Whether the bytes of a message come next. */
  #isInMessage = false;
  #chunk: Chunk | undefined = undefined;
  #badCommands = 0;
  /** Whether the input is lost. */
  #isLost = false;
  /** Whether a request waits for its reply. */
  #isAsked = false;

  constructor(served: Served, rules: SmtpRules) {
    this.#served = served;
    this.#rules = rules;
    this.#input = new SmtpInput(served.limits.maxLine);
  }

  get held(): number {
    return this.#served.limits.maxLine + (this.#transaction?.text?.held ?? 0);
  }

  get midRequest(): boolean {
    return this.#input.midLine || this.#isInMessage || this.#chunk !== undefined;
  }

  greet(out: Sink): void {
    out.add(`220 ${this.#rules.hostname} ESMTP Lineup\r\n`);
  }

  push(bytes: Uint8Array): void {
    if (!this.#isLost) this.#input.push(bytes);
  }

  next(): Decoded | undefined {
    const decoded = this.#decode();
    if (decoded?.kind === "request") this.#isAsked = true;
    if (decoded?.kind === "invalid") {
      this.#badCommands++;
      if (decoded.fatal) this.#lose();
    }
    return decoded;
  }

  /** Drops all further input: the next command cannot be found. */
  #lose(): void {
    this.#isLost = true;
    this.#isInMessage = false;
    this.#chunk = this.#transaction = undefined;
    this.#input.drop();
  }

  #decode(): Decoded | undefined {
    try {
      if (this.#isInMessage) return this.#readMessage();
      if (this.#chunk !== undefined) return this.#readChunk(this.#chunk);
      return this.#readCommand();
    } catch (error) {
      if (error instanceof CommandFault) return invalid(error);
      throw error;
    }
  }

  endOfInput(): Decoded | undefined {
    if (!this.midRequest) return undefined;
    return invalid(fault("bad-syntax", "The input ended within a command or message."));
  }

  // Commands. What is wrong throws `CommandFault`.

  #readCommand(): Decoded | undefined {
    const { maxLine } = this.#served.limits;
    const read = this.#input.line();
    if (read === undefined) return undefined;
    if (this.#badCommands >= this.#rules.badCommands) {
      throw fatal("too-many-errors", "Too many commands were refused.");
    }
    if ("fault" in read) {
      throw read.fault === "line-too-long"
        ? fatal("line-too-long", `A command has at most ${maxLine} bytes.`)
        : fatal("bare-line-end", "A command ends in CR LF; a CR or LF alone is refused.");
    }
    const line = readText(read.line);
    if (/ HTTP\/[0-9.]+$/.test(line)) throw fatal("wrong-protocol", "This is SMTP, not HTTP.");
    const [word] = /^[A-Za-z]*(?= |$)/.exec(line) ?? [""];
    const verb = word.toUpperCase();
    const rest = line.slice(word.length).trim();
    if (verb === "BDAT") return this.#readChunk(this.#chunk = this.#bdat(rest));
    const { args = {}, effect = () => {} } = this.#command(verb, rest);
    return new SmtpRequest(verb, 2 * line.length, args, effect);
  }

  #command(verb: string, rest: string): { args?: Values; effect?: () => void } {
    switch (verb) {
      case "EHLO":
      case "HELO": {
        const client = readClient(rest);
        const effect = (): void => {
          this.#client = client;
          this.#isExtended = verb === "EHLO";
          this.#transaction = undefined;
        };
        return { effect };
      }
      case "MAIL":
        return this.#mail(rest);
      case "RCPT":
        return this.#rcpt(rest);
      case "DATA": {
        const transaction = this.#readyForData(rest);
        const effect = (): void => {
          transaction.text = new MessageText(this.#served.limits.maxBody);
          this.#isInMessage = true;
        };
        return { effect };
      }
      case "RSET":
        needNothing(rest);
        return { effect: () => this.#transaction = undefined };
      case "VRFY":
        if (rest === "") throw fault("bad-arguments", "A mailbox follows.");
        return {};
      case "QUIT":
        needNothing(rest);
        return {};
      case "NOOP":
        return {};
      default:
        if (!NOT_IMPLEMENTED.includes(verb)) {
          throw fault("unknown-command", "There is no such command.");
        }
        throw fault("not-implemented", `${verb} is not implemented.`);
    }
  }

  #mail(rest: string): { args: Values; effect: () => void } {
    if (this.#client === undefined) throw fault("bad-sequence", "EHLO or HELO comes first.");
    if (this.#transaction !== undefined) {
      throw fault("bad-sequence", "A message has begun; RSET ends it.");
    }
    const most = this.#served.limits.maxBody;
    const { sender, international } = readSender(rest, this.#isExtended, most);
    const effect = (): void => {
      this.#transaction = { sender, international, recipients: [], text: undefined };
    };
    return { args: { sender }, effect };
  }

  #rcpt(rest: string): { args: Values; effect: () => void } {
    const transaction = this.#begun();
    if (transaction.text !== undefined) throw fault("bad-sequence", "The message has begun.");
    const recipient = readRecipient(rest, transaction.international);
    const { recipients } = transaction;
    if (recipients.length >= this.#rules.recipients) {
      const message = `A message has at most ${this.#rules.recipients} recipients.`;
      throw fault("too-many-recipients", message);
    }
    const effect = (): void => {
      if (!recipients.includes(recipient)) recipients.push(recipient);
    };
    return { args: { sender: transaction.sender, recipient }, effect };
  }

  #begun(): Transaction {
    if (this.#transaction !== undefined) return this.#transaction;
    throw fault("bad-sequence", "MAIL comes first.");
  }

  /** The transaction, which has recipients. */
  #ready(): Transaction {
    const transaction = this.#begun();
    if (transaction.recipients.length > 0) return transaction;
    throw fault("no-recipients", "No recipient was taken.");
  }

  #readyForData(rest: string): Transaction {
    try {
      needNothing(rest);
      const transaction = this.#ready();
      if (transaction.text === undefined) return transaction;
      throw fault("bad-sequence", "BDAT has begun the message.");
    } catch (error) {
      const { code, message } = error as CommandFault;
      if (!this.#hasNotWaited) throw error;
      throw fatal(code, `${message} The message came before 354.`);
    }
  }

  /**
   * Whether bytes have come behind DATA, before its reply. If it is refused, they may be the lines of a message, which
   * must not be taken for commands.
   */
  get #hasNotWaited(): boolean {
    return this.#input.unread > 0;
  }

  // Messages.

  /** Reads the command before a chunk. Its bytes follow in any case, so they are read even where it is refused. */
  #bdat(rest: string): Chunk {
    const { maxBody, maxDiscard } = this.#served.limits;
    const { left, isLast } = readChunkSize(rest);
    if (left > maxDiscard) throw fatal("body-too-large", `A message has at most ${maxBody} bytes.`);
    try {
      this.#ready().text ??= new MessageText(maxBody);
      return { left, isLast, fault: undefined };
    } catch (error) {
      return { left, isLast, fault: error as CommandFault };
    }
  }

  #readChunk(chunk: Chunk): Decoded | undefined {
    const text = chunk.fault === undefined ? this.#transaction?.text : undefined;
    chunk.left -= this.#input.counted(chunk.left, text);
    if (chunk.left > 0) return undefined;
    this.#chunk = undefined;
    if (chunk.fault !== undefined) throw chunk.fault;
    if (chunk.isLast) text!.end();
    if (chunk.isLast || text!.fault !== undefined) return this.#message();
    return new SmtpRequest("BDAT", 0, {}, () => {});
  }

  #readMessage(): Decoded | undefined {
    const text = this.#transaction!.text!;
    this.#isInMessage = !this.#input.message(text);
    if (!this.#isInMessage) return this.#message();
    const { maxBody, maxDiscard } = this.#served.limits;
    if (text.size <= maxBody + maxDiscard) return undefined;
    throw fatal("body-too-large", `A message has at most ${maxBody} bytes.`);
  }

  /** The message is whole. */
  #message(): SmtpRequest {
    const { sender, recipients, text, international } = this.#transaction!;
    this.#transaction = undefined;
    if (text!.fault !== undefined) throw text!.fault;
    const protocol = international ? "UTF8SMTP" : this.#isExtended ? "ESMTP" : "SMTP";
    const args = { client: this.#client, protocol, sender, recipients, body: text!.bytes };
    return new SmtpRequest("MESSAGE", text!.length, args, () => this.#badCommands = 0);
  }

  readArguments({ args }: SmtpRequest): Values {
    return args;
  }

  // Replies.

  writeItem(): void {
    throw new TypeError("SMTP has no streams");
  }

  writeReply(to: SmtpRequest, _: CompiledCommand, reply: Values | undefined, out: Sink): void {
    const { verb, effect } = to;
    if (verb === "MESSAGE") out.add(queuedLine(reply?.id));
    else if (verb !== "EHLO" && verb !== "HELO") out.add(doneLine(verb));
    effect();
    if (verb === "HELO") out.add(`250 ${this.#rules.hostname}\r\n`);
    if (verb === "EHLO") {
      out.add(extensionLines(this.#rules.hostname, this.#client!, this.#served.limits.maxBody));
    }
    this.#isAsked = false;
  }

  writeFailure(to: Correlated, failure: Failure, out: Sink): void {
    out.add(failureLine(failure));
    if (!(to instanceof SmtpRequest)) return;
    this.#isAsked = false;
    if (isPermanent(failure)) this.#badCommands++;
    this.over ||= to.verb === "DATA" && this.#hasNotWaited;
  }

  carries(): boolean {
    return true;
  }

  writeNotice(notice: Notice, out: Sink): void {
    // Behind a request it would be taken for the reply.
    if (notice.kind === "drained" && !this.#isAsked) out.add(failureLine(notice.failure));
  }
}

function invalid({ code, message, isFatal }: CommandFault): Invalid {
  return { kind: "invalid", failure: { code, message }, fatal: isFatal };
}
