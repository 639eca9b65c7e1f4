// Records the sessions anew: plays their clients, and writes the bytes that these receive now.
//
//     deno run --allow-all tests/wire_corpus/record.ts [FILE ...]
//
// Clients rely on the corpus. Record it anew only where the wire is meant to change, and read the difference before you
// commit it. For a new session, write its head and the lines of its clients, and record the file.

import { play } from "./play.ts";
import { parseSessions } from "./transcript.ts";

/** The directory of the sessions. */
const directory = new URL("sessions/", import.meta.url);

const names = Deno.args.length > 0
  ? Deno.args.map((path) => path.replace(/^.*\//, ""))
  : [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
for (const name of names) {
  const file = new URL(name, directory);
  const sessions = parseSessions(await Deno.readTextFile(file));
  let text = "";
  for (const session of sessions) text += (text === "" ? "" : "\n") + await play(session);
  await Deno.writeTextFile(file, text);
  console.log(`${name}: ${sessions.length} sessions`);
}
