// `lineup check`: checks that a server speaks Lineup/1 and answers the examples of its SPEC.

import { ConnectionLost, type Dial } from "../../client/mod.ts";
import { type ByteStream, parseAddress } from "../../net/mod.ts";
import { quote } from "../../protocol/quoting.ts";
import { dialer, dialFlags, readAuthority } from "../dial.ts";
import { type Subcommand, UsageError } from "../flags.ts";
import { complain, print } from "../output.ts";
import { reason } from "../reason.ts";
import { remoteSpec } from "../remote_spec.ts";
import { type CheckCase, conformanceChecks, exampleChecks } from "./checks.ts";
import { exchange, type ExchangeResult } from "./exchange.ts";
import { type CheckResult, printJson, printText, quoteBytes } from "./result.ts";

const OK = 0, FAILED = 1;
/** The most examples of a server that are run. */
const MOST_EXAMPLES = 1000;

/** `lineup check`. */
export const check: Subcommand = {
  summary: "Check that a server, in any language, speaks Lineup/1 and answers its examples.",
  args: "ADDRESS",
  // --list needs no address.
  count: [0, 1],
  flags: {
    ...dialFlags,
    only: { value: "TEXT", summary: "Run only the cases with this text in their names." },
    "no-examples": { summary: "Leave out the examples of the server's SPEC." },
    timeout: {
      value: "DURATION",
      type: { type: "duration", min: 1, max: 3_600_000 },
      summary: "How long one case may take.",
      default: "5s",
    },
    json: { summary: "Print each result as a line of JSON." },
    list: { summary: "Print the names of the cases of Lineup/1, and run none." },
  },
  examples: [
    "check 127.0.0.1:5463",
    "check --no-examples --json tls://127.0.0.1:5463",
    "check --list",
  ],
  more:
    `Each case has its own connection. The cases of Lineup/1 need only the commands that every server has,
and change nothing. Each is sent in one piece, and again byte by byte.

The examples of SPEC follow in their order. They run as they stand, so they change the data of the server.
Examples that build on each other may need a server that was just started.

Exit code: 0 if all is right; 1 if a case failed; 2 without a connection.`,
  async run([word], flags) {
    const isChosen = ({ name }: CheckCase): boolean => name.includes(flags.only ?? "");
    const cases = conformanceChecks.filter(isChosen);
    if (flags.list) {
      for (const { name } of cases) print(name + "\n");
      return OK;
    }
    if (word === undefined) throw new UsageError("check needs ADDRESS.");
    const dial = dialer(readAuthority(flags));
    const connect = await connector(word, dial);
    const failed = { cases: 0, examples: 0 };
    let ran = 0;
    const report = (result: CheckResult, kind: keyof typeof failed): void => {
      ran++;
      if (result.why !== undefined) failed[kind]++;
      if (flags.json) printJson(result);
      else printText(result);
    };
    const conclude = (more: string): number => {
      const all = failed.cases + failed.examples;
      if (!flags.json) print(`${ran - all} ok, ${all} failed${more}\n`);
      return all === 0 ? OK : FAILED;
    };
    for (const each of cases) {
      const result = await run(each, connect, flags.timeout);
      report(result, "cases");
      if (ran === 1 && !result.greeted) {
        return conclude("; the other cases need a greeting");
      }
    }
    if (!flags["no-examples"]) {
      const examples = await findExamples(word, dial, flags.timeout);
      if (!Array.isArray(examples)) report(examples, "cases");
      else {
        const chosen = examples.filter(isChosen);
        for (const each of chosen.slice(0, MOST_EXAMPLES)) {
          report(await run(each, connect, flags.timeout), "examples");
        }
        if (chosen.length > MOST_EXAMPLES) {
          complain(`only ${MOST_EXAMPLES} of ${chosen.length} examples were run; --only chooses`);
        }
      }
    }
    if (ran === 0) {
      throw new UsageError(`No case has ${flags.only} in its name; --list prints their names.`);
    }
    return conclude(
      failed.examples > 0
        ? "; examples may need a server that was just started, and --no-examples leaves them out"
        : "",
    );
  },
};

/** A function that connects to an address. Rejects with `ConnectionLost` if no server is there. */
async function connector(word: string, dial: Dial): Promise<() => Promise<ByteStream>> {
  const address = parseAddress(word);
  const connect = (): Promise<ByteStream> => dial(address, {});
  try {
    (await connect()).close();
  } catch (error) {
    throw new ConnectionLost(`cannot connect to ${word}: ${reason(error)}`, "no");
  }
  return connect;
}

/** Runs one case. A server that cannot be reached any more is a failure of the case. */
async function run(
  { name, toBytes, expected, cutting }: CheckCase,
  connect: () => Promise<ByteStream>,
  timeout: number,
): Promise<CheckResult> {
  let sent = "";
  const noteBytes: CheckCase["toBytes"] = (greeting) => {
    const bytes = toBytes(greeting);
    sent = quoteBytes(bytes) + (expected.half ? ", and the end of the input" : "");
    return bytes;
  };
  let outcome: ExchangeResult;
  try {
    outcome = await exchange(connect, noteBytes, expected, { timeout, cutting });
  } catch (error) {
    outcome = { why: `cannot connect: ${reason(error)}`, came: "", greeted: false };
  }
  const ending = expected.ends || expected.half ? "then the end of the connection" : "";
  const parts = [expected.expect, ending].filter((part) => part !== "");
  return { name, sent, expected: parts.join("\n"), ...outcome };
}

/** The examples of the server's SPEC, or a failure if it has no SPEC that can be read. */
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
