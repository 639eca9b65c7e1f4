// The least possible server of PING: it counts line ends and writes as many fixed replies. No protocol, no checks.

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
console.log(listener.addr.port);

const replies = new TextEncoder().encode("OK pong\n".repeat(16_384));
const size = "OK pong\n".length;

for await (const conn of listener) serve(conn).catch(() => {});

async function serve(conn: Deno.TcpConn): Promise<void> {
  conn.setNoDelay(true);
  const buffer = new Uint8Array(16_384);
  for (let read; (read = await conn.read(buffer)) !== null;) {
    let lines = 0;
    for (let i = 0; i < read; i++) if (buffer[i] === 0x0a) lines++;
    const reply = replies.subarray(0, lines * size);
    for (let at = 0; at < reply.length;) at += await conn.write(reply.subarray(at));
  }
  conn.close();
}
