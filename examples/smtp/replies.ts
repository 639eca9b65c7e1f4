// The replies of SMTP: a status code, an enhanced status code (RFC 3463), and text.

import type { Failure } from "@lineup/lineup/dialects";

/** Commands of SMTP that this server does not have. */
export const NOT_IMPLEMENTED: readonly string[] = [
  "AUTH",
  "EXPN",
  "HELP",
  "SAML",
  "SEND",
  "SOML",
  "STARTTLS",
  "TURN",
];

/** The status codes of failures. Another one is temporary: the client tries again. */
const FAILURES: Readonly<Record<string, string>> = {
  "bad-syntax": "500 5.5.2",
  "unknown-command": "500 5.5.1",
  "line-too-long": "500 5.5.2",
  "bad-arguments": "501 5.5.4",
  "not-implemented": "502 5.5.1",
  "bad-sequence": "503 5.5.1",
  "bare-line-end": "521 5.5.2",
  "wrong-protocol": "521 5.5.1",
  "no-mailbox": "550 5.1.1",
  "body-too-large": "552 5.3.4",
  "needs-smtputf8": "553 5.6.7",
  "no-recipients": "554 5.5.1",
  "bad-message": "554 5.6.0",
  "unknown-parameter": "555 5.5.4",
  "busy": "451 4.3.2",
  "quota": "451 4.7.0",
  "too-many-recipients": "452 4.5.3",
  "draining": "421 4.3.2",
  "timeout": "421 4.4.2",
  "too-many-errors": "421 4.7.0",
};
const TEMPORARY = "451 4.3.0";

/** The texts of replies to commands that the server answers itself. */
const REPLIES: Readonly<Record<string, string>> = {
  MAIL: "250 2.1.0 The sender is taken.",
  RCPT: "250 2.1.5 The recipient is taken.",
  DATA: "354 Send the message, and a line with a dot behind it.",
  BDAT: "250 2.0.0 The chunk is taken.",
  RSET: "250 2.0.0 Nothing is left.",
  NOOP: "250 2.0.0 Nothing is done.",
  VRFY: "252 2.5.2 Send some mail; only delivery tells.",
  QUIT: "221 2.0.0 Bye.",
};

/** The line of a failure. */
export function failureLine({ code, message }: Failure): string {
  const status = Object.hasOwn(FAILURES, code) ? FAILURES[code] : TEMPORARY;
  return `${status} ${message.replace(/\p{Cc}+/gu, " ").toWellFormed()}\r\n`;
}

/** Whether a failure is one for good, which the client must not repeat. */
export function isPermanent({ code }: Failure): boolean {
  return Object.hasOwn(FAILURES, code) && FAILURES[code].startsWith("5");
}

/** The line for a message that is queued under a name. */
export function queuedLine(id: unknown): string {
  if (typeof id === "string" && /^[\w-]+$/.test(id)) return `250 2.0.0 Queued as ${id}.\r\n`;
  throw new TypeError("the reply to a message has an id, a word of letters and digits");
}

/** The line of a reply that says nothing but that a command is done. */
export function doneLine(verb: string): string {
  return `${REPLIES[verb]}\r\n`;
}

/** The reply to EHLO: what this server can do. */
export function extensionLines(hostname: string, client: string, maxBody: number): string {
  const lines = [
    `${hostname} greets ${client}`,
    "PIPELINING",
    `SIZE ${maxBody}`,
    "8BITMIME",
    "SMTPUTF8",
    "ENHANCEDSTATUSCODES",
    "CHUNKING",
  ];
  const last = lines.pop();
  return `${lines.map((line) => `250-${line}\r\n`).join("")}250 ${last}\r\n`;
}
