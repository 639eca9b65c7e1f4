// A recorded session as text. Every line is one step. Its first character names the client, or tells that there is
// none:
//
//     === the queue: a job is put and taken     a session begins
//     serve queue {"maxJobs":2}                 its service and options
//     whole                                     the answer depends on how the bytes are cut into writes
//     = a 192.0.2.7:1                           client `a` comes from this address
//     a> PUT mail hello\n                       client `a` sends these bytes in one write
//     a< OK id=1\n                              and receives these, a line of the transcript for each line
//     a>                                        client `a` connects, and sends nothing yet
//     a>|                                       client `a` ends its side
//     a>x                                       client `a` closes the connection
//     a<|                                       the server ended its side
//     + 1500                                    1500 ms pass
//     ! drain                                   the server shuts down
//
// Bytes outside of printable ASCII are `\n`, `\r`, `\\` and `\xNN`; `\(8192 x)` is a run of one byte.

/** One step of a session. */
export type Step =
  | { readonly kind: "address"; readonly client: string; readonly peer: string }
  | { readonly kind: "send"; readonly client: string; readonly bytes: Uint8Array }
  | { readonly kind: "half" | "close"; readonly client: string }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "drain" };

/** A session: its steps, and its text with all received bytes. */
export interface Session {
  readonly name: string;
  readonly service: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Whether the answer depends on how the bytes are cut into writes. */
  readonly whole: boolean;
  readonly steps: readonly Step[];
  readonly text: string;
}

/** The shortest run that is abbreviated: shorter runs are easier to read as they are. */
const LEAST_RUN = 64;

/** Reads the sessions of a file. */
export function parseSessions(file: string): Session[] {
  return file.split(/^(?==== )/m).filter((text) => text.startsWith("=== ")).map(parseSession);
}

function parseSession(text: string): Session {
  const [head, serve, ...lines] = text.trimEnd().split("\n");
  const [, service, options = "{}"] = /^serve (\S+)(?: (\{.*\}))?$/.exec(serve)!;
  const whole = lines[0] === "whole";
  if (whole) lines.shift();
  const steps = lines.map(parseStep).filter((step) => step !== undefined);
  const name = head.slice("=== ".length);
  return { name, service, options: JSON.parse(options), whole, steps, text: text.trimEnd() + "\n" };
}

function parseStep(line: string): Step | undefined {
  if (line === "! drain") return { kind: "drain" };
  const [, ms] = /^\+ ([0-9]+)$/.exec(line) ?? [];
  if (ms !== undefined) return { kind: "pass", ms: Number(ms) };
  const [, named, peer] = /^= ([a-z]) (\S+)$/.exec(line) ?? [];
  if (named !== undefined) return { kind: "address", client: named, peer };
  const [, client, what, bytes] = /^([a-z])(>\||>x|>|<) ?(.*)$/.exec(line) ?? [];
  switch (what) {
    case ">":
      return { kind: "send", client, bytes: parseBytes(bytes) };
    case ">|":
      return { kind: "half", client };
    case ">x":
      return { kind: "close", client };
    case "<":
      return undefined;
  }
  throw new Error(`no step of a session: ${line}`);
}

/** Writes the head of a session. */
export function formatHead({ name, service, options, whole }: Session): string {
  const json = Object.keys(options).length === 0 ? "" : ` ${JSON.stringify(options)}`;
  return `=== ${name}\nserve ${service}${json}\n${whole ? "whole\n" : ""}`;
}

/** Writes one step. */
export function formatStep(step: Step): string {
  switch (step.kind) {
    case "address":
      return `= ${step.client} ${step.peer}\n`;
    case "send":
      return `${step.client}> ${formatBytes(step.bytes)}`.trimEnd() + "\n";
    case "half":
      return `${step.client}>|\n`;
    case "close":
      return `${step.client}>x\n`;
    case "pass":
      return `+ ${step.ms}\n`;
    case "drain":
      return "! drain\n";
  }
}

/** Writes the bytes that a client received. */
export function formatReceived(client: string, bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const newline = bytes.indexOf(10, at);
    const end = newline < 0 ? bytes.length : newline + 1;
    text += `${client}< ${formatBytes(bytes.subarray(at, end))}\n`;
    at = end;
  }
  return text;
}

function formatBytes(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length;) {
    let end = at + 1;
    while (end < bytes.length && bytes[end] === bytes[at]) end++;
    const byte = formatByte(bytes[at]);
    text += end - at < LEAST_RUN ? byte.repeat(end - at) : `\\(${end - at} ${byte})`;
    at = end;
  }
  // Editors and Git dislike space at the end of a line.
  return text.replace(/ $/, "\\x20");
}

function formatByte(byte: number): string {
  if (byte === 0x0a) return "\\n";
  if (byte === 0x0d) return "\\r";
  if (byte === 0x5c) return "\\\\";
  if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}

function parseBytes(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const [part, count, run] of text.matchAll(/\\\(([0-9]+) (\\x..|\\.|.)\)|\\x..|\\.|./g)) {
    const byte = parseByte(run ?? part);
    for (let i = Number(count ?? 1); i > 0; i--) bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

function parseByte(text: string): number {
  if (text === "\\n") return 0x0a;
  if (text === "\\r") return 0x0d;
  if (text === "\\\\") return 0x5c;
  if (text.startsWith("\\x")) return parseInt(text.slice(2), 16);
  if (text.length === 1 && text < "\x7f") return text.charCodeAt(0);
  throw new Error(`no byte of a session: ${text}`);
}
