// Clients of a queue server: one that reports each line, and one that asks a request at a time.

const encoder = new TextEncoder();

/** A connection that reports each line that it reads. */
export class LineConnection {
  readonly #conn: Deno.TcpConn;
  readonly #onLine: (line: string, connection: LineConnection) => void;

  private constructor(
    conn: Deno.TcpConn,
    onLine: (line: string, connection: LineConnection) => void,
  ) {
    this.#conn = conn;
    this.#onLine = onLine;
    this.#read().catch(() => {});
  }

  static async open(
    port: number,
    onLine: (line: string, connection: LineConnection) => void,
  ): Promise<LineConnection> {
    const conn = await Deno.connect({ port });
    conn.setNoDelay(true);
    return new LineConnection(conn, onLine);
  }

  /** Writes a text. */
  async send(text: string): Promise<void> {
    const bytes = encoder.encode(text);
    for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
  }

  close(): void {
    this.#conn.close();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(16_384);
    let rest = "";
    for (let read; (read = await this.#conn.read(buffer)) !== null;) {
      const lines = (rest + decoder.decode(buffer.subarray(0, read), { stream: true })).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#onLine(line, this);
    }
  }
}

/** A client that sends one request at a time. */
export class RequestClient {
  #connection!: LineConnection;
  #answer: (line: string) => void = () => {};
  #lines = "";

  static async open(port: number): Promise<RequestClient> {
    const client = new RequestClient();
    const greeted = client.#next();
    client.#connection = await LineConnection.open(port, (line) => {
      client.#lines += `${line}\n`;
      if (/^(OK|ERR)/.test(line)) client.#answer(client.#lines);
    });
    await greeted;
    return client;
  }

  /** Sends a request. Resolves with the lines of its answer. */
  async ask(request: string): Promise<string> {
    const answer = this.#next();
    await this.#connection.send(`${request}\n`);
    return await answer;
  }

  close(): void {
    this.#connection.close();
  }

  #next(): Promise<string> {
    this.#lines = "";
    return new Promise((resolve) => this.#answer = resolve);
  }
}
