import { ConnectionLost, type Dial } from "../../client/mod.ts";
import { type ByteStream, parseAddress } from "../../net/mod.ts";
import { printable, printableLines } from "../../protocol/printable.ts";
import { quote } from "../../protocol/quoting.ts";
import { type CheckCase, conformanceChecks, exampleChecks } from "./checks.ts";
import { exchange, type Outcome } from "./exchange.ts";
import { dialer, dialFlags, readAuthority } from "../dial.ts";
import { type Subcommand, UsageError } from "../flags.ts";
import { complain, print, printStyled } from "../output.ts";
import { reason } from "../reason.ts";
import { remoteSpec } from "../remote_spec.ts";

const OK = 0, FAILED = 1;
/** Of what was sent and what came, so much is shown. */
const MOST_SHOWN = 400;
/** Of a server's examples, so many are run. */
const MOST_EXAMPLES = 1000;

/** What became of one check; a line of `--json`. */
interface CheckResult extends Outcome {
  readonly name: string;
  readonly sent: string;
  readonly expected: string;
}

/** `lineup check`. */
export const check: Subcommand = {
  summary: "Check that a server, in any language, speaks Lineup/1 and answers its examples.",
  args: "ADDRESS",
  // --list needs none.
  count: [0, 1],
  flags: {
    ...dialFlags,
    only: { value: "TEXT", summary: "Only what has this text in its name." },
    "no-examples": { summary: "Leave out the examples of the server's SPEC." },
    timeout: {
      value: "DURATION",
      type: { type: "duration", min: 1, max: 3_600_000 },
      summary: "How long one case may take.",
      default: "5s",
    },
    json: { summary: "Print a JSON object for each case." },
    list: { summary: "Print the names of the cases of Lineup/1, and do nothing." },
  },
  examples: [
    "check 127.0.0.1:5463",
    "check --no-examples --json tls://127.0.0.1:5463",
    "check --list",
  ],
  more:
    `Each case has a connection of its own. The cases of Lineup/1 need no command but those that every
server answers, and change nothing; each is sent in one piece and byte by byte. The examples follow
in the order in which SPEC gives them. They are run as they stand, so they change what the server
keeps, and those that build on each other are right on a server that has just been started.

Exit code: 0 if all is right, 1 if a case failed, 2 for no connection.`,
  async run([word], flags) {
    const wanted = ({ name }: { name: string }): boolean => name.includes(flags.only ?? "");
    if (flags.list) {
      for (const { name } of conformanceChecks.filter(wanted)) print(name + "\n");
      return OK;
    }
    if (word === undefined) throw new UsageError("check needs ADDRESS.");
    const address = parseAddress(word);
    const dial = dialer(readAuthority(flags));
    const connect = (): Promise<ByteStream> => dial(address, {});
    try {
      (await connect()).close();
    } catch (error) {
      throw new ConnectionLost(`cannot connect to ${word}: ${reason(error)}`, "no");
    }
    const failed = { cases: 0, examples: 0 };
    let ran = 0;
    const note = (result: CheckResult, what: keyof typeof failed): void => {
      ran++;
      if (result.why !== undefined) failed[what]++;
      if (flags.json) print(asJson(result));
      else printText(result);
    };
    const summary = (more: string): number => {
      const all = failed.cases + failed.examples;
      if (!flags.json) print(`${ran - all} ok, ${all} failed${more}\n`);
      return all === 0 ? OK : FAILED;
    };
    for (const each of conformanceChecks.filter(wanted)) {
      const result = await run(each, connect, flags.timeout);
      note(result, "cases");
      if (ran === 1 && !result.greeted) return summary("; no other was tried without a greeting");
    }
    if (!flags["no-examples"]) {
      const examples = await findExamples(word, dial, flags.timeout);
      if (!Array.isArray(examples)) note(examples, "cases");
      else {
        const chosen = examples.filter(wanted);
        for (const each of chosen.slice(0, MOST_EXAMPLES)) {
          note(await run(each, connect, flags.timeout), "examples");
        }
        if (chosen.length > MOST_EXAMPLES) {
          complain(`only ${MOST_EXAMPLES} of ${chosen.length} examples were run; --only chooses`);
        }
      }
    }
    if (ran === 0) {
      throw new UsageError(`No case has ${flags.only} in its name; --list prints their names.`);
    }
    return summary(
      failed.examples > 0
        ? "; examples may need a server that has just been started, and --no-examples omits them"
        : "",
    );
  },
};

async function run(
  { name, toBytes, expected, cutting }: CheckCase,
  connect: () => Promise<ByteStream>,
  timeout: number,
): Promise<CheckResult> {
  let sent = "";
  const noteBytes: CheckCase["toBytes"] = (greeting) => {
    const bytes = toBytes(greeting);
    sent = escaped(bytes) + (expected.half ? ", and the end of the input" : "");
    return bytes;
  };
  let outcome: Outcome;
  try {
    outcome = await exchange(connect, noteBytes, expected, { timeout, cutting });
  } catch (error) {
    outcome = { why: `cannot connect: ${reason(error)}`, came: "", greeted: false };
  }
  const ending = expected.ends || expected.half ? "then the end of the connection" : "";
  const parts = [expected.expect, ending].filter((part) => part !== "");
  return { name, sent, expected: parts.join("\n"), ...outcome };
}

/** The examples of the server's SPEC, or that it has no SPEC that could be read. */
async function findExamples(
  address: string,
  dial: Dial,
  timeout: number,
): Promise<CheckCase[] | CheckResult> {
  try {
    const { compiled } = await remoteSpec(address, dial, { timeout });
    return exampleChecks(compiled!.protocol);
  } catch (error) {
    return {
      name: "SPEC describes the protocol",
      sent: quote("SPEC\n"),
      expected: "the protocol as JSON",
      why: (error as Error).message,
      came: "",
      greeted: true,
    };
  }
}

/** Bytes as text in quotes; those that are not UTF-8 are `\xHH`. */
function escaped(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    text = String.fromCharCode(...bytes.subarray(0, MOST_SHOWN));
  }
  return shorten(quote(text));
}

function shorten(text: string): string {
  if (text.length <= MOST_SHOWN) return text;
  return `${text.slice(0, MOST_SHOWN)}… (${text.length} characters)`;
}

function asJson({ why, greeted: _, ...result }: CheckResult): string {
  const status = why === undefined ? "ok" : "failed";
  return JSON.stringify({ status, ...result, ...(why !== undefined && { why }) }) + "\n";
}

/** Prints one as text. All of it is escaped, into a pipe too: what a server sends must not pass for a result. */
function printText({ name, sent, expected, why, came }: CheckResult): void {
  const isOk = why === undefined;
  printStyled(isOk ? "good" : "bad", isOk ? "ok" : "FAILED");
  let text = `${isOk ? "      " : "  "}${printable(name)}\n`;
  const rows = isOk ? {} : { why, sent, expected, came };
  for (const [title, value] of Object.entries(rows)) {
    const [first, ...more] = printableLines(shorten(value) || "nothing").split("\n");
    text += `          ${title.padEnd(10)}${first}\n`;
    for (const line of more) text += `                    ${line}\n`;
  }
  print(text);
}
