// The least possible server of requests and replies of fixed lengths: `bare_replies.ts REQUEST-BYTES REPLY`. It counts
// bytes and writes as many replies as requests have come, all that one read has brought in one write. No protocol, no
// checks: what is left is the cost of sockets in Deno.

const [bytes, text] = Deno.args;
const requestBytes = Number(bytes);
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
console.log(listener.addr.port);

const REPLIES = 1024;
const reply = new TextEncoder().encode(text);
const replies = new Uint8Array(REPLIES * reply.length);
for (let i = 0; i < REPLIES; i++) replies.set(reply, i * reply.length);

for await (const conn of listener) serve(conn).catch(() => {});

async function serve(conn: Deno.TcpConn): Promise<void> {
  conn.setNoDelay(true);
  const buffer = new Uint8Array(16_384);
  let unanswered = 0;
  for (let read; (read = await conn.read(buffer)) !== null;) {
    unanswered += read;
    const count = Math.min(Math.floor(unanswered / requestBytes), REPLIES);
    unanswered -= count * requestBytes;
    const part = replies.subarray(0, count * reply.length);
    for (let at = 0; at < part.length;) at += await conn.write(part.subarray(at));
  }
  conn.close();
}
