// The arguments of SMTP commands: paths, and parameters of MAIL and RCPT.

import { type CommandFault, fatal, fault } from "./command_fault.ts";

/** The arguments of MAIL or RCPT. */
interface PathArguments {
  /** The address without `<>`; empty for the sender of a bounce. */
  readonly address: string;
  /** The parameters by name in upper case; empty where there is no value. */
  readonly parameters: ReadonlyMap<string, string>;
}

// RFC 5321, with the letters of RFC 6531: an atom, a quoted string, a name or an address of a machine.
const ATOM = "[\\w!#$%&'*+\\-/=?^`{|}~\\u0080-\\u{10ffff}]+";
const QUOTED = '"(?:[\\x20!#-\\[\\]-~\\u0080-\\u{10ffff}]|\\\\[\\x20-\\x7e])*"';
const LABEL = "[\\w\\u0080-\\u{10ffff}](?:[\\w\\-\\u0080-\\u{10ffff}]*[\\w\\u0080-\\u{10ffff}])?";
const DOMAIN = `(?:${LABEL}(?:\\.${LABEL})*\\.?|\\[[!-Z^-~]+\\])`;
/** A mailbox, behind a route that is obsolete and of no effect. */
const PATH = new RegExp(
  `^<(?:(?:@${DOMAIN},?)+:)?((${ATOM}(?:\\.${ATOM})*|${QUOTED})@(${DOMAIN}))>`,
  "u",
);
const LONGEST = { local: 64, domain: 255 } as const;
const PARAMETER = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~]+))?$/;
/** The name of a client: a domain, or an address in brackets. */
const CLIENT = /^(?:[\w.\-\u0080-\u{10ffff}]{1,255}|\[[\w.:\-]{1,255}\])$/u;

/** A command as text. Throws `CommandFault`, as do all functions here. */
export function readText(line: Uint8Array): string {
  let text: string;
  try {
    text = utf8.decode(line);
  } catch {
    throw fault("bad-syntax", "A command is UTF-8 text.");
  }
  if (!/\p{Cc}/u.test(text)) return text;
  throw fault("bad-syntax", "A command has no control characters.");
}

/** The arguments of MAIL. A message has at most `most` bytes. */
export function readSender(
  text: string,
  isExtended: boolean,
  most: number,
): { readonly sender: string; readonly international: boolean } {
  const { address: sender, parameters } = readPath(text, "FROM");
  for (const [name, value] of parameters) {
    if (!isExtended || !["SIZE", "BODY", "SMTPUTF8"].includes(name)) {
      throw fault("unknown-parameter", `There is no parameter ${name}.`);
    }
    if (name === "SIZE" && !/^[0-9]{1,15}$/.test(value)) throw bad("SIZE is a number of bytes.");
    if (name === "SIZE" && Number(value) > most) {
      throw fault("body-too-large", `A message has at most ${most} bytes.`);
    }
    if (name === "BODY" && !/^(?:7BIT|8BITMIME)$/i.test(value)) {
      throw bad("BODY is 7BIT or 8BITMIME.");
    }
  }
  const international = parameters.has("SMTPUTF8");
  needAscii(sender, international);
  return { sender, international };
}

/** The argument of RCPT. */
export function readRecipient(text: string, isInternational: boolean): string {
  const { address, parameters } = readPath(text, "TO");
  const [name] = parameters.keys();
  if (name !== undefined) throw fault("unknown-parameter", `There is no parameter ${name}.`);
  needAscii(address, isInternational);
  return address;
}

/** The arguments of BDAT. Without a number, the next command cannot be found. */
export function readChunkSize(text: string): { readonly left: number; readonly isLast: boolean } {
  const [, length, last] = /^([0-9]{1,15})(?: +(LAST))?$/i.exec(text) ?? [];
  if (length !== undefined) return { left: Number(length), isLast: last !== undefined };
  throw fatal("bad-arguments", "BDAT needs a number of bytes, and LAST behind the last ones.");
}

/** The name of a client. */
export function readClient(text: string): string {
  if (CLIENT.test(text)) return text;
  throw bad("The name of the client follows, such as mail.example.org.");
}

/** Throws for a command that has arguments. */
export function needNothing(rest: string): void {
  if (rest !== "") throw bad("The command has no arguments.");
}

/** Reads `FROM:<path> parameters`, or with `TO:`. */
function readPath(text: string, keyword: "FROM" | "TO"): PathArguments {
  const after = new RegExp(`^${keyword}: ?`, "i").exec(text);
  if (after === null) throw bad(`It begins with ${keyword}:<address>.`);
  const rest = text.slice(after[0].length);
  const special = keyword === "FROM" ? /^<>/.exec(rest) : /^<postmaster>/i.exec(rest);
  const path = special ?? PATH.exec(rest);
  if (path === null) throw bad("The address is no <name@domain>.");
  const [all, address = all.slice(1, -1), local = "", domain = ""] = path;
  if (utf8Length(local) > LONGEST.local || utf8Length(domain) > LONGEST.domain) {
    throw bad(`A name has at most ${LONGEST.local} bytes, and a domain ${LONGEST.domain}.`);
  }
  return { address, parameters: readParameters(rest.slice(all.length)) };
}

function readParameters(text: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  if (text.trim() === "") return parameters;
  if (!text.startsWith(" ")) throw bad("A space follows the address.");
  for (const word of text.trim().split(/ +/)) {
    const [, name, value = ""] = PARAMETER.exec(word) ?? [];
    if (name === undefined) throw bad("A parameter is a NAME or NAME=value.");
    if (parameters.has(name.toUpperCase())) throw bad(`${name} is there twice.`);
    parameters.set(name.toUpperCase(), value);
  }
  return parameters;
}

/** Throws for an address that needs SMTPUTF8 where that was not asked for. */
function needAscii(address: string, isInternational: boolean): void {
  if (isInternational || !/[^\x20-\x7e]/.test(address)) return;
  throw fault("needs-smtputf8", "The address needs SMTPUTF8.");
}

function bad(message: string): CommandFault {
  return fault("bad-arguments", message);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}
