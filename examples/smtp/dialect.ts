// SMTP (RFC 5321) as a dialect: a receiver of mail.

import { type Builtin, type Dialect, PLAIN_WORDING } from "@lineup/lineup/dialects";
import { compileProtocol, encodeText, type Protocol, SpecError } from "@lineup/lineup/protocol";
import { failureLine } from "./replies.ts";
import { type SmtpRules, SmtpSession } from "./session.ts";

function answers(summary: string): Builtin {
  return { command: { summary }, run() {} };
}

/** The commands that concern the connection alone. */
const builtins: Readonly<Record<string, Builtin>> = {
  EHLO: answers("Name the client, and list what the server can do."),
  HELO: answers("Name the client."),
  DATA: answers("Begin a message that ends in a line with a dot."),
  BDAT: answers("A part of a message, counted."),
  RSET: answers("Forget what was said of the next message."),
  VRFY: answers("Ask whether there is a mailbox, which the server does not tell."),
  NOOP: answers("Do nothing."),
  QUIT: {
    command: { summary: "End the connection." },
    control: true,
    run: async (_args, context) => {
      await context.quit();
    },
  },
};

const reserved = {
  builtins: Object.fromEntries(
    Object.entries(builtins).map(([verb, { command }]) => [verb, command]),
  ),
};

/** Makes the dialect. Its protocols have the commands MAIL, RCPT and MESSAGE, as those of examples/smtp.ts. */
export function smtpDialect(rules: SmtpRules): Dialect {
  return {
    name: "smtp/5321",
    about: "This is a server of SMTP over WebSocket.",
    builtins,
    wording: PLAIN_WORDING,
    compile(protocol: Protocol) {
      const compiled = compileProtocol(protocol, reserved);
      for (const verb of ["MAIL", "RCPT", "MESSAGE"]) {
        const isThere = compiled.commands.has(verb);
        if (!isThere) throw new SpecError(`commands.${verb}`, "a receiver of mail needs it");
      }
      return compiled;
    },
    open: (_peer, served) => new SmtpSession(served, rules),
    refuseConnection: ({ message }) => encodeText(failureLine({ code: "draining", message })),
  };
}
