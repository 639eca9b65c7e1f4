// The server sends the same bytes as in the recorded sessions, for any pieces of the clients' bytes. `record.ts` tells
// how to record a session.

import { assertEquals } from "@std/assert";
import { play } from "./play.ts";
import { parseSessions } from "./transcript.ts";

const directory = new URL("sessions/", import.meta.url);

for (const { name: file } of [...Deno.readDirSync(directory)].sort(byName)) {
  for (const session of parseSessions(Deno.readTextFileSync(new URL(file, directory)))) {
    Deno.test(`wire corpus, ${file}: ${session.name}`, async () => {
      assertEquals(await play(session), session.text);
      if (!session.whole) assertEquals(await play(session, "bytes"), session.text);
    });
  }
}

function byName(a: Deno.DirEntry, b: Deno.DirEntry): number {
  return a.name < b.name ? -1 : 1;
}
