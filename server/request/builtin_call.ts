import type {
  Authentication,
  BuiltinContext,
  Introduction,
  KnownIdentity,
  Served,
} from "../../dialects/dialect.ts";

/** The parts of a connection that built-in commands use. */
export interface BuiltinConnection extends Omit<BuiltinContext, "quit" | "pause"> {
  /** Resolves after so many ms. */
  later(ms: number): Promise<void>;
  /** Takes no further requests, and closes once all are answered. */
  end(): void;
  /** Resolves once no request but this one is in flight; `undefined` where none is. */
  othersAnswered(request: { readonly answered: boolean }): Promise<void> | undefined;
}

/** The request of a built-in command. */
export interface BuiltinRequest {
  readonly answered: boolean;
  /** Gives its seat to others during a wait. */
  outOfSeat(wait: Promise<void>): Promise<void>;
}

/** The context of one request for a built-in command. */
export class BuiltinCall implements BuiltinContext {
  readonly #request: BuiltinRequest;
  readonly #connection: BuiltinConnection;

  constructor(request: BuiltinRequest, connection: BuiltinConnection) {
    this.#request = request;
    this.#connection = connection;
  }

  get id(): number {
    return this.#connection.id;
  }

  introduce(introduction: Introduction): void {
    this.#connection.introduce(introduction);
  }

  figures(): Iterable<readonly [name: string, value: string | number]> {
    return this.#connection.figures();
  }

  choose(name: string, version: string): Served | undefined {
    return this.#connection.choose(name, version);
  }

  get identity(): KnownIdentity | undefined {
    return this.#connection.identity;
  }

  authenticate(token: string, name?: string): Authentication {
    return this.#connection.authenticate(token, name);
  }

  pause(ms: number): Promise<void> {
    return this.#request.outOfSeat(this.#connection.later(ms));
  }

  cancel(correlation: string, message: string): boolean {
    return this.#connection.cancel(correlation, message);
  }

  quit(): Promise<void> | undefined {
    this.#connection.end();
    const others = this.#connection.othersAnswered(this.#request);
    return others && this.#request.outOfSeat(others);
  }
}
