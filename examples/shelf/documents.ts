// Where the documents of the shelf are: one SQLite file.

import { DatabaseSync } from "node:sqlite";

/** A document. */
export interface Document {
  name: string;
  title: string | null;
  kind: "text" | "data";
  labels: string | null;
  stored: number;
  expires: number | null;
  body: Uint8Array;
}

/** The documents of a file. `:memory:` keeps them in memory. */
export class Documents implements Disposable {
  readonly #db: DatabaseSync;

  constructor(path: string) {
    this.#db = new DatabaseSync(path);
    this.#db.exec(`CREATE TABLE IF NOT EXISTS documents (
      name TEXT PRIMARY KEY, title TEXT, kind TEXT NOT NULL, labels TEXT,
      stored INTEGER NOT NULL, expires INTEGER, body BLOB NOT NULL
    ) STRICT`);
  }

  /** The bytes of all documents. */
  get bytes(): number {
    return this.#row("SELECT coalesce(sum(length(body)), 0) AS n FROM documents")!.n as number;
  }

  store({ name, title, kind, labels, stored, expires, body }: Document): void {
    this.#db.prepare("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?, ?)")
      .run(name, title, kind, labels, stored, expires, body);
  }

  find(name: string): Document | undefined {
    return this.#row("SELECT * FROM documents WHERE name = ?", name) as Document | undefined;
  }

  /** The first document behind a name, in the order of names. */
  after(name: string): Document | undefined {
    const next = "SELECT * FROM documents WHERE name > ? ORDER BY name LIMIT 1";
    return this.#row(next, name) as Document | undefined;
  }

  remove(name: string): boolean {
    return this.#db.prepare("DELETE FROM documents WHERE name = ?").run(name).changes > 0;
  }

  /** Removes the documents whose time is over. Returns their names. */
  expire(now: number): string[] {
    return this.#db.prepare("DELETE FROM documents WHERE expires <= ? RETURNING name").all(now)
      .map(({ name }) => name as string);
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  #row(sql: string, ...values: string[]): Record<string, unknown> | undefined {
    return this.#db.prepare(sql).get(...values);
  }
}
