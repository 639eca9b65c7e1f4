// Runs attacks over sockets.

import { assertEquals } from "@std/assert";
import { type Attacked, SPEED } from "./attacked_process.ts";
import type { Attack } from "./attacks.ts";

/** Runs all attacks at the same time, each from addresses of its own. */
export async function strikeAll(server: Attacked, attacks: readonly Attack[]): Promise<void> {
  let host = 0;
  const strikes: (() => Promise<void>)[] = [];
  for (const attack of attacks) {
    const first = host++;
    for (let i = 0; i < (attack.connections ?? 1); i++) {
      const from = attack.oneAddress || i === 0 ? first : host++;
      // One after the other: the PROXY header of each must arrive in time.
      const conn = await server.connect(`203.0.${from >> 8}.${from & 255}`, i + 1);
      strikes.push(() => strike(conn, attack));
    }
  }
  await Promise.all(strikes.map((each) => each()));
  assertEquals(await server.ask("SAY hello"), ["OK hello"]);
}

async function strike(conn: Deno.Conn, attack: Attack): Promise<void> {
  const { sent, dribble, stays = 0, reads = true } = attack;
  const listening = reads ? drain(conn) : undefined;
  const second = () => new Promise((resolve) => setTimeout(resolve, 1000 / SPEED));
  try {
    const encoder = new TextEncoder();
    const bytes = typeof sent === "string" ? encoder.encode(sent) : sent;
    for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
    for (let n = 0; n < (dribble?.seconds ?? 0); n++) {
      await second();
      await conn.write(encoder.encode(dribble!.sent));
    }
    for (let n = 0; n < stays; n++) await second();
  } catch {
    // The server has ended the connection.
  }
  conn.close();
  await listening;
}

async function drain(conn: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(65_536);
  try {
    while (await conn.read(buffer) !== null);
  } catch {
    // The connection is closed.
  }
}
