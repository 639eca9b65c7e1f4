// The parts of the tests of examples/smtp.ts that several files use.

import type { Handlers } from "@lineup/lineup/server";
import { Refusal } from "@lineup/lineup/protocol";
import { type protocol, smtpOptions } from "../../examples/smtp.ts";

/** The rules of the receiver. */
export const rules = { hostname: "mx.example", recipients: 3, badCommands: 6 };

/** The options of a server with these rules, for messages of at most 4000 bytes. */
export const options = smtpOptions(rules, 4000);

/** A message that was taken. */
export interface Taken {
  readonly protocol: string;
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly text: string;
}

/** Handlers that keep messages. Mail for `nobody` is refused, that of `unlucky` is not queued; `slow` waits. */
export function keepingHandlers(
  taken: Taken[],
  wait: () => Promise<void> = () => Promise.resolve(),
): Handlers<typeof protocol> {
  return {
    async MAIL({ sender }) {
      if (sender.startsWith("slow@")) await wait();
    },
    RCPT({ recipient }) {
      if (recipient.startsWith("nobody@")) throw new Refusal("no-mailbox", "Nobody is here.");
    },
    MESSAGE({ protocol, sender, recipients, body }) {
      if (sender.startsWith("unlucky@")) throw new Refusal("not-queued", "Not now.");
      if (sender.startsWith("odd@")) return { id: "no\r\n221 word" };
      taken.push({ protocol, sender, recipients, text: new TextDecoder("latin1").decode(body) });
      return { id: `m${taken.length}` };
    },
  };
}
