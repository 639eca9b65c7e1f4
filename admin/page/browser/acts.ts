// The acts of the page at the server, and the notices about them.

import { say, sayFailure } from "./notices.ts";
import { call, type Values } from "./server.ts";

/** Purging and reviving millions takes a while. */
const LONG_MS = 600_000;

/** Calls a command and says what came of it. Never rejects. */
export async function act(
  verb: string,
  args: Values,
  done: string | ((reply: Values) => string),
): Promise<void> {
  try {
    const reply = await call(verb, args, LONG_MS);
    say(typeof done === "string" ? done : done(reply));
  } catch (error) {
    sayFailure(error);
  }
}
