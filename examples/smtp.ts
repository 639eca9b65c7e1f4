/**
 * A receiver of mail: it speaks SMTP, and puts each message into a queue of `lineup queue`. The dialect is in
 * examples/smtp/; this file says what becomes of the mail. Each message is one job. Its body is the message behind
 * `Return-Path`, `X-Original-To` (one for each recipient) and `Received`, and its key is the machine that sent it, so
 * that those who send much do not hold up the mail of others.
 *
 *     deno task start
 *     deno run --allow-net examples/smtp.ts --port 2525
 *     swaks --server 127.0.0.1:2525 --from ada@example.org --to grace@example.org
 *     printf 'TAKE mail\n' | nc -N 127.0.0.1 5463
 *
 * @module
 */

import { type Client, connect } from "@lineup/lineup/client";
import { type Protocol, type ReceivedArgs, Refusal } from "@lineup/lineup/protocol";
import { queueProtocol } from "@lineup/lineup/queue";
import { type Handlers, serve, type ServeOptions } from "@lineup/lineup/server";
import { isIP } from "node:net";
import { readFlags, untilFinished } from "./listen.ts";
import { smtpDialect } from "./smtp/dialect.ts";
import type { SmtpRules } from "./smtp/session.ts";

/** The protocol: what a receiver of mail decides. */
export const protocol = {
  name: "smtp",
  version: "1.0",
  summary: "Takes mail.",
  commands: {
    MAIL: { summary: "May this sender send?", args: { sender: "text" } },
    RCPT: {
      summary: "Is mail for this recipient taken?",
      args: { sender: "text", recipient: "text" },
      errors: { "no-mailbox": { summary: "Mail for this domain is not taken." } },
    },
    MESSAGE: {
      summary: "Take a message.",
      args: {
        client: "text",
        protocol: "word",
        sender: "text",
        recipients: { type: "text", many: true },
        body: "bytes",
      },
      reply: { id: "word" },
      errors: {
        "not-queued": { summary: "The queue does not take it now.", executed: "maybe" },
      },
    },
  },
} as const satisfies Protocol;

/** The place of the mail. */
export interface Mailbox {
  /** A client of the queue server. */
  readonly client: Pick<Client<typeof queueProtocol>, "PUT">;
  /** The name of the queue. */
  readonly queue: string;
  /** The name of this machine. */
  readonly hostname: string;
  /** The domains whose mail is taken. Default: all. */
  readonly domains?: readonly string[];
}

type Message = ReceivedArgs<typeof protocol["commands"]["MESSAGE"]>;

/** The options of a server whose messages have at most `size` bytes. */
export function smtpOptions(rules: SmtpRules, size: number): ServeOptions {
  return {
    dialect: smtpDialect(rules),
    limits: { maxLine: 998, maxBody: size, maxDiscard: 16 << 20 },
    // RFC 5321 gives a client five minutes for a command.
    timeouts: { handshake: 300_000, idle: 300_000, request: 60_000 },
  };
}

/** The time in ms that the queue has to take a message. */
const MOST_WAIT = 60_000;

/** The handlers. */
export function handlersFor(mailbox: Mailbox): Handlers<typeof protocol> {
  const { client, hostname, domains } = mailbox;
  return {
    MAIL() {},

    RCPT({ recipient }) {
      const domain = recipient.slice(recipient.lastIndexOf("@") + 1).toLowerCase();
      // RFC 5321: a postmaster without a domain is one of this machine.
      if (domains === undefined || domains.includes(domain) || domain === "postmaster") return;
      throw new Refusal("no-mailbox", `Mail for ${domain} is not taken here.`);
    },

    async MESSAGE(message, { client: { peer }, log, park }) {
      const id = crypto.randomUUID();
      const machine = machineOf(peer);
      const head = headOf(message, machine, hostname, id);
      const body = new Uint8Array(head.length + message.body.length);
      body.set(head);
      body.set(message.body, head.length);
      try {
        // The id lets the client send the PUT again without putting a second job.
        const put = client.PUT({ queue: mailbox.queue, body, key: machine, id }, {
          within: MOST_WAIT,
        });
        await park(put);
      } catch (error) {
        const { message, code } = error as Refusal;
        log("a message was not queued", { id, reason: message });
        if (code === "body-too-large") throw new Refusal(code, "The queue takes no such message.");
        throw new Refusal("not-queued", "The message was not queued; try again later.");
      }
      return { id };
    },
  };
}

/** The address of a client without its port. */
function machineOf(peer: string): string {
  return peer.replace(/:[0-9]+$/, "").replace(/[[\]]/g, "");
}

/** An address as mail writes it. */
function literal(machine: string): string {
  return isIP(machine) === 0
    ? machine
    : machine.includes(":")
    ? `[IPv6:${machine}]`
    : `[${machine}]`;
}

/** The lines in front of a message: where it came from, and for whom. */
function headOf(message: Message, machine: string, hostname: string, id: string): Uint8Array {
  const { client, protocol, sender, recipients } = message;
  const date = new Date().toUTCString().replace("GMT", "+0000");
  const lines = [
    `Return-Path: <${sender}>`,
    ...recipients.map((recipient) => `X-Original-To: ${recipient}`),
    `Received: from ${client} (${literal(machine)}) by ${hostname} with ${protocol} id ${id};`,
    ` ${date}`,
  ];
  return new TextEncoder().encode(lines.map((line) => `${line}\r\n`).join(""));
}

/** Connects to the queue server. Ends the process where there is none. */
async function connectQueue(address: string): Promise<Client<typeof queueProtocol>> {
  try {
    return await connect(queueProtocol, address);
  } catch (error) {
    console.error(`no queue server at ${address}: ${(error as Error).message}`);
    Deno.exit(2);
  }
}

if (import.meta.main) {
  const { port, queue, name, hostname, domains, size, recipients } = readFlags({
    port: "25",
    queue: "127.0.0.1:5463",
    name: "mail",
    hostname: "localhost",
    domains: "*",
    size: "1000000",
    recipients: "100",
  });
  await using client = await connectQueue(queue);
  const handlers = handlersFor({
    client,
    queue: name,
    hostname,
    domains: domains === "*" ? undefined : domains.toLowerCase().split(","),
  });
  const options = {
    ...smtpOptions({ hostname, recipients: Number(recipients), badCommands: 10 }, Number(size)),
    port: Number(port),
    signals: true,
  };
  await untilFinished("smtp", serve(protocol, handlers, options));
}
