// What the end of a connection means to the server: netcat ends its side and goes on reading, our clients are gone.

import type { Call } from "../protocol/calls.ts";
import type { Exchange, Outgoing, Session } from "./session.ts";

const HELLO: Outgoing = { head: "HELLO", text: " lineup/1 half-close=off" };
const NOBODY: Exchange = { item: () => true, final() {}, failed() {} };

/** Tells the server that whoever ends its side is gone. One of an earlier version refuses it, which changes nothing. */
export function tellLeaving(session: Session): void {
  session.send(HELLO, NOBODY);
}

/** Whether a command gives away what is lost where the client is gone: its items cannot be asked for again. */
export function givesAway({ items, idempotent }: Call): boolean {
  return items !== undefined && !idempotent;
}
