// One connection to PostgreSQL, by the npm package pg. It is loaded with the first connection. A query is one round trip and
// leaves nothing behind in its session: so a pooler such as PgBouncer may stand between, in transaction mode.

import { addressForPg } from "./address.ts";
import { describe, explain } from "./explain.ts";

/** The value of a parameter. */
export type Parameter = string | number | boolean | null | Uint8Array;
/** A row: the text of each column, as PostgreSQL writes it. */
export type TextRow = readonly (string | null)[];

/** Where a database is, and how long it may take. */
export interface ConnectionOptions {
  /** A URL; PG* variables of the environment fill in what it does not say. */
  readonly url: string;
  /** How long until a connection is open, in ms. Default 10 s. */
  readonly connectMs?: number;
  /** How long an answer may take before the connection counts as broken, in ms. Default 15 s. */
  readonly answerMs?: number;
}

/** The connection broke: it is unknown whether its last query was executed. */
export class ConnectionBroken extends Error {
  override readonly name = "ConnectionBroken";
}

interface QueryResult {
  readonly rows: TextRow[];
}

/** The part of the client of pg that is used here. */
interface PgClient {
  connect(): Promise<unknown>;
  query(config: object): Promise<QueryResult | QueryResult[]>;
  end(): Promise<void>;
  on(event: string, listener: (message: { channel: string; payload?: string }) => void): void;
  readonly connection: { readonly stream: { destroy(): void } };
}

const CONNECT_MS = 10_000;
const ANSWER_MS = 15_000;
const END_MS = 1_000;

// As the server sends it: the caller knows the types of its columns.
const asText = { getTypeParser: () => (text: string) => text };

/** An open connection. */
export class DatabaseConnection {
  readonly #client: PgClient;
  readonly #answerMs: number;
  #broken = false;
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(client: PgClient, answerMs: number) {
    this.#client = client;
    this.#answerMs = answerMs;
    const ended = (): void => void (this.#broken = true);
    client.on("error", ended);
    client.on("end", ended);
  }

  /** Opens a connection. Rejects with an `Error` that says in words why it cannot. */
  static async open(
    { url, connectMs = CONNECT_MS, answerMs = ANSWER_MS }: ConnectionOptions,
  ): Promise<DatabaseConnection> {
    const { default: pg } = await import("npm:pg@8.23.1");
    const client = ((): PgClient => {
      try {
        return new pg.Client({
          connectionString: addressForPg(url),
          connectionTimeoutMillis: connectMs,
          keepAlive: true,
          fallback_application_name: "lineup",
        }) as PgClient;
      } catch (error) {
        // Also a file of a certificate that cannot be read.
        throw new Error(`${describe(url)}: ${(error as Error).message}`, { cause: error });
      }
    })();
    const connection = new DatabaseConnection(client, answerMs);
    try {
      await client.connect();
    } catch (error) {
      client.connection.stream.destroy();
      throw explain(error, url);
    }
    return connection;
  }

  /** Whether it can be used no more. */
  get isBroken(): boolean {
    return this.#broken;
  }

  /**
   * Executes one statement behind those before it. Rejects with `ConnectionBroken` where it is unknown whether that was
   * done, and with the error of the database where it was not.
   */
  query(
    text: string,
    values: readonly Parameter[] = [],
    answerMs = this.#answerMs,
  ): Promise<TextRow[]> {
    const answer = this.#tail.then(() => this.#query(text, values, answerMs));
    this.#tail = answer.catch(() => {});
    return answer;
  }

  async #query(text: string, values: readonly Parameter[], answerMs: number): Promise<TextRow[]> {
    if (this.#broken) throw new ConnectionBroken("the connection to the database is closed");
    const timer = setTimeout(() => this.break(), answerMs);
    try {
      // Without values it may be several statements.
      const given = values.length === 0 ? undefined : values;
      const query = { text, values: given, rowMode: "array", types: asText };
      const result = await this.#client.query(query);
      return (Array.isArray(result) ? result[result.length - 1] : result).rows;
    } catch (error) {
      const { severity, code } = error as { severity?: string; code?: string };
      // A backend that was ended tells so, and it is unknown whether it was behind its work.
      const isKnown = severity === "ERROR" && code !== undefined && !this.#broken;
      if (isKnown) throw error;
      this.break();
      const { message } = error as Error;
      throw new ConnectionBroken(`the connection to the database broke: ${message}`, {
        cause: error,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Executes several statements one behind the other: all of them, or none if one fails or `steps` rejects. */
  async transaction<T>(steps: () => Promise<T>): Promise<T> {
    await this.query("begin");
    try {
      const result = await steps();
      await this.query("commit");
      return result;
    } catch (error) {
      if (!this.#broken) await this.query("rollback").catch(() => this.break());
      throw error;
    }
  }

  /** Calls `action` with the text of each notification on a channel. Only for a connection that no pooler shares. */
  onNotice(channel: string, action: (text: string) => void): void {
    this.#client.on("notification", (message) => {
      if (message.channel === channel) action(message.payload ?? "");
    });
  }

  /** Cuts it. What was asked for fails. */
  break(): void {
    this.#broken = true;
    this.#client.connection.stream.destroy();
  }

  /** Ends it behind the queries so far. */
  async end(): Promise<void> {
    await this.#tail;
    if (this.#broken) return this.break();
    this.#broken = true;
    const timer = setTimeout(() => this.break(), END_MS);
    await this.#client.end().catch(() => {});
    clearTimeout(timer);
  }
}
