// Writes the responses of one connection: at once at the request's turn, else it holds them until then.

import type {
  Correlated,
  DialectSession,
  Failure,
  RequestTimes,
  Sink,
  WireRequest,
} from "../../dialects/dialect.ts";
import type { Output } from "../../net/output.ts";
import type { CompiledCommand } from "../../protocol/compile.ts";
import type { Values } from "../../protocol/shape.ts";
import type { Receipt, Receipts } from "./receipts.ts";
import { HeldResponses } from "./held_responses.ts";

/** The subject of an answer: a request, or input that is no request. */
export interface Answerable {
  /** The request or input that the answer names. */
  readonly wire: Correlated;
  /** Its responses that wait for their turn. */
  held: HeldResponses | undefined;
}

/** A request that is answered by its handler. */
export interface AnswerableRequest extends Answerable {
  readonly wire: WireRequest;
  /** Its command. */
  readonly compiled: CompiledCommand;
  /** The account of its items; `undefined` where the handler does not ask for it. */
  readonly receipt: Receipt | undefined;
}

/** The turns of requests without a correlation. */
export interface ResponseTurns {
  /** The request whose turn it is to be answered. */
  readonly first: Answerable | undefined;
  /** Whether too many bytes of answers wait for their turn already. */
  readonly crowded: boolean;
}

/** The writing end of one connection. */
export class Responder {
  readonly #session: DialectSession;
  readonly #output: Output;
  readonly #receipts: Receipts;
  readonly #order: ResponseTurns;

  /** `order` are the requests without a correlation. */
  constructor(
    session: DialectSession,
    output: Output,
    receipts: Receipts,
    order: ResponseTurns,
  ) {
    this.#session = session;
    this.#output = output;
    this.#receipts = receipts;
    this.#order = order;
  }

  /** Whether responses to this go out at once. */
  isItsTurn(request: Answerable): boolean {
    return request.wire.correlation !== undefined || this.#order.first === request;
  }

  /** Whether a large response must wait for its turn, or for the client to read. */
  mustWait(request: Answerable): boolean {
    return this.isItsTurn(request) ? this.#output.full : this.#order.crowded;
  }

  /** Writes an item. Throws where its values do not fit the command; then nothing is written. */
  item(request: AnswerableRequest, values: Values): void {
    const { wire, compiled, receipt } = request;
    if (receipt === undefined) {
      this.#session.writeItem(wire, compiled, values, this.#sinkOf(request));
    } else if (this.isItsTurn(request)) {
      const start = this.#output.position;
      this.#session.writeItem(wire, compiled, values, this.#output);
      this.#receipts.add(receipt, start);
    } else {
      const held = request.held ??= new HeldResponses();
      const start = held.length;
      this.#session.writeItem(wire, compiled, values, held);
      held.markItem(start);
      this.#receipts.add(receipt, Infinity);
    }
  }

  /** Writes the (end of the) reply. Throws where its values do not fit the command; then nothing is written. */
  reply(
    request: AnswerableRequest,
    values: Values | undefined,
    times: RequestTimes | undefined,
  ): void {
    const { wire, compiled } = request;
    this.#session.writeReply(wire, compiled, values, this.#sinkOf(request), times);
  }

  /** Writes a failure, as the last response. */
  failure(request: Answerable, failure: Failure, times?: RequestTimes): void {
    this.#session.writeFailure(request.wire, failure, this.#sinkOf(request), times);
  }

  /** Writes the held responses: it is the request's turn. */
  release(request: Answerable, receipt?: Receipt): void {
    const { held } = request;
    if (held === undefined) return;
    request.held = undefined;
    if (receipt !== undefined) this.#receipts.release(receipt);
    held.moveTo(this.#output, () => this.#receipts.add(receipt!, this.#output.position));
    this.#output.schedule();
  }

  #sinkOf(request: Answerable): Sink {
    return this.isItsTurn(request) ? this.#output : request.held ??= new HeldResponses();
  }
}
