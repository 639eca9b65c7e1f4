// The load on a server of any line protocol: each connection keeps so many requests in flight. All answers to a request
// have the same length, so the generator counts bytes and does little else.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Requests, and the length of the answer to each. */
export interface PipelinedLoad {
  readonly connections: number;
  readonly depth: number;
  /** Requests of one length, sent in turn. */
  readonly requests: readonly string[];
  /** The answer to each, or one of the same length and the same number of lines. */
  readonly reply: string;
}

/** Sends `rounds` batches of `depth` requests on each connection. Resolves with the answers a second. */
export async function pipelined(
  port: number,
  load: PipelinedLoad,
  rounds: number,
): Promise<number> {
  const { connections, depth, requests, reply } = load;
  const one = requests[0].length;
  const all = encoder.encode(requests.join(""));
  const batches = Math.floor(requests.length / depth);
  const conns = await Promise.all(
    Array.from({ length: connections }, () => Deno.connect({ hostname: "127.0.0.1", port })),
  );
  let next = 0;
  const run = async (conn: Deno.TcpConn): Promise<void> => {
    conn.setNoDelay(true);
    const buffer = new Uint8Array(65_536);
    for (let round = 0; round < rounds; round++) {
      const at = (next++ % batches) * depth * one;
      const batch = all.subarray(at, at + depth * one);
      for (let sent = 0; sent < batch.length;) sent += await conn.write(batch.subarray(sent));
      for (let left = depth * reply.length; left > 0;) {
        const read = await conn.read(buffer);
        if (read === null) throw new Error("the server closed the connection");
        left -= read;
        if (left < 0) {
          throw new Error(`an unexpected answer: ${decoder.decode(buffer.subarray(0, read))}`);
        }
      }
    }
    conn.close();
  };
  const start = performance.now();
  await Promise.all(conns.map(run));
  return connections * depth * rounds / (performance.now() - start) * 1000;
}

/**
 * Has a program make the load. Its arguments are: host, port, connections, requests in flight on each, requests in all,
 * lines of an answer, a request (with \r and \n as escapes). It prints the answers a second at the start of its output.
 */
export async function generated(
  program: string,
  port: number,
  load: PipelinedLoad,
  rounds: number,
): Promise<number> {
  const { connections, depth, requests: [request], reply } = load;
  const answerLines = reply.split("\n").length - 1;
  const escaped = request.replaceAll("\r", "\\r").replaceAll("\n", "\\n");
  const numbers = [port, connections, depth, connections * depth * rounds, answerLines].map(String);
  const command = new Deno.Command(program, { args: ["127.0.0.1", ...numbers, escaped] });
  const { success, stdout, stderr } = await command.output();
  const rate = parseFloat(decoder.decode(stdout));
  if (!success || !(rate > 0)) throw new Error(`${program} failed: ${decoder.decode(stderr)}`);
  return rate;
}
