// `lineup check`: checks that a server speaks Lineup/1 and answers the examples of its SPEC.

import type { Dial } from "../../client/mod.ts";
import { compile } from "../../dialects/lineup1/compile.ts";
import { conformanceLevels as levels } from "../../dialects/lineup1/conformance/mod.ts";
import type { CompiledProtocol } from "../../protocol/compile.ts";
import { encodeText } from "../../protocol/strings.ts";
import { destination } from "../destination.ts";
import { dialFlags } from "../dial.ts";
import { type Flags, nearest, type Subcommand, UsageError } from "../flags.ts";
import { complain, note, print } from "../output.ts";
import { reason } from "../reason.ts";
import { remoteSpec } from "../remote_spec.ts";
import { isModule, needModuleOrAddress } from "../service_module.ts";
import { type CheckCase, conformanceChecks, inOnePiece } from "./checks.ts";
import { chooseExamples, MOST_EXAMPLES, plan, runExamples } from "./examples.ts";
import { type Exchange, exchange, type ExchangeResult, sortLines } from "./exchange.ts";
import type { CheckedCommands } from "./fit.ts";
import { type CheckResult, printJson, printText, quoteBytes } from "./result.ts";
import { Tally } from "./tally.ts";
import { type CheckTarget, targetAt, targetOf } from "./target.ts";

const OK = 0, FAILED = 1;

/** The built-in commands. */
const BUILTINS =
  compile({ name: "check", version: "1", summary: "Nothing of its own.", commands: {} }).commands;

/** `lineup check`. */
export const check: Subcommand = {
  summary: "Check that a server, in any language, speaks Lineup/1 and answers its examples.",
  args: "",
  count: [0, 0],
  address: "ADDRESS|MODULE",
  flags: {
    ...dialFlags,
    examples: { summary: "Run the examples of the server's SPEC too. They may change its data." },
    slow: {
      value: "REQUEST",
      summary:
        "A request that changes nothing and takes some seconds, such as 'SLEEP 60000', for the cases about requests that run.",
    },
    level: {
      offers: levels,
      value: "LEVELS",
      summary: `Run the cases of these levels only, separated by commas: ${levels.join(", ")}.`,
    },
    only: { value: "TEXT", summary: "Run only the cases with this text in their names." },
    timeout: {
      value: "DURATION",
      type: { type: "duration", min: 1, max: 3_600_000 },
      summary: "How long one case may take.",
      default: "5s",
    },
    json: { summary: "Print each result as a line of JSON." },
    list: { summary: "Print the levels and names of the cases of Lineup/1, and run none." },
  },
  examples: [
    "check",
    "check --slow 'TAKE none wait=60s' --json 127.0.0.1:5463",
    "check --level core,timing tls://127.0.0.1:5463",
    "check ./my_service.ts",
    "check --list",
  ],
  more:
    `The cases of Lineup/1 need only the commands that every server has, and change nothing. Each has its own
connection, and is sent in one piece, and again byte by byte. Every server must pass the level core; the
other levels are optional: one of which every case fails is not offered, and is no failure unless --level asks
for it. One of which only some cases fail is a failure.

With --examples the examples of SPEC follow. They run in order as they stand, and the first that fails ends
them. Then the requests that SPEC names undo them.

MODULE is a module as for lineup serve. The check starts a server of it, and runs all cases and examples.`,
  exits: [
    [0, "All is right; the server may lack optional levels."],
    [1, "A case failed of a level that the server offers, or that --level asks for."],
    [2, "There is no connection."],
    [141, "Standard output is closed."],
  ],
  async run(_args, flags) {
    const isChosen = chooser(flags);
    const cases = conformanceChecks.filter(isChosen);
    if (flags.list) {
      for (const { level, name } of cases) print(`${level.padEnd(10)} ${name}\n`);
      return OK;
    }
    needModuleOrAddress(flags.address);
    const module = flags.address !== undefined && isModule(flags.address);
    if (!module) {
      const { address, dial } = destination(flags);
      await using target = await targetAt(address, dial, flags.slow);
      await needSlow(target);
      const spec = flags.examples ? () => specAt(address, dial, flags.timeout) : undefined;
      return await new Check(target, flags).run(cases, spec, { stops: true });
    }
    for (const flag of ["ca", "context", "slow"]) {
      if (flags[flag] !== undefined) throw new UsageError(`--${flag} needs ADDRESS, not MODULE.`);
    }
    await using target = await targetOf(flags.address);
    const compiled = compile(target.protocol);
    const spec = flags.level === undefined || flags.examples
      ? () => Promise.resolve(compiled)
      : undefined;
    return await new Check(target, flags).run(cases, spec, { stops: false });
  },
};

/** Whether the flags choose a case. Throws `UsageError` for a level that does not exist. */
function chooser({ level, only = "" }: Flags): (each: CheckCase) => boolean {
  const chosen: string[] = level?.split(",") ?? levels;
  for (const each of chosen) {
    if ((levels as readonly string[]).includes(each)) continue;
    throw new UsageError(`There is no level ${each}${nearest(each, levels)}`);
  }
  return ({ level, name }) => chosen.includes(level) && name.includes(only);
}

/** The time in ms in which a slow request must not be answered. */
const SLOW_MS = 300;

/** Sends the slow request. Throws `UsageError` if the server answers it at once: all cases with it would fail. */
async function needSlow(target: CheckTarget): Promise<void> {
  const { slow } = target;
  if (slow === undefined) return;
  if (/[\r\n]/.test(slow)) throw new UsageError("--slow must be one line.");
  const { came } = await exchange(target, {
    toBytes: () => encodeText(`${slow}\n`),
    expected: { expect: "OK" },
    cutting: "whole",
  }, { timeout: SLOW_MS, commands: BUILTINS });
  if (came === "") return;
  throw new UsageError(
    `--slow must be a request that takes some seconds, but ${slow} is answered at once: ${came}`,
  );
}

/** The protocol that a server describes. */
async function specAt(word: string, dial: Dial, timeout: number): Promise<CompiledProtocol> {
  return (await remoteSpec(word, dial, { timeout })).compiled!;
}

/** The run of a check against one server. */
class Check {
  readonly #target: CheckTarget;
  readonly #flags: Flags;
  readonly #tally: Tally;
  readonly #failures = new Map<string, CheckResult>();

  constructor(target: CheckTarget, flags: Flags) {
    this.#target = target;
    this.#flags = flags;
    // A level that is asked for must pass, and a part of a level does not tell whether it is offered.
    this.#tally = new Tally({ mayLack: flags.level === undefined && flags.only === undefined });
  }

  /** Runs the cases, and the examples of the SPEC. Returns the exit code. */
  async run(
    cases: readonly CheckCase[],
    spec: (() => Promise<CompiledProtocol>) | undefined,
    { stops }: { stops: boolean },
  ): Promise<number> {
    const { only = "" } = this.#flags;
    for (const [index, each] of cases.entries()) {
      const { greeted } = await this.#case(each, BUILTINS);
      if (index === 0 && !greeted) return this.#conclude("; the other cases need a greeting");
    }
    let more = "";
    if (spec !== undefined) {
      const compiled = await spec().catch((error) => this.#noSpec(error));
      if (compiled !== undefined) more = await this.#examples(compiled, only, stops);
    }
    const { ok, failed, skipped } = this.#tally.all;
    if (ok + failed + skipped === 0) {
      throw new UsageError(
        `No case has ${only} in its name; --list prints their names, and --examples adds those of SPEC.`,
      );
    }
    return this.#conclude(more);
  }

  /** Runs the examples. Returns what the last line says about them. */
  async #examples(compiled: CompiledProtocol, only: string, stops: boolean): Promise<string> {
    const { examples, leftOut } = chooseExamples(compiled, only);
    if (examples.length === 0) return "";
    if (leftOut > 0) complain(`only ${MOST_EXAMPLES} examples are run; --only chooses`);
    note(plan(examples, this.#target.name));
    const { commands } = compiled;
    const notRun = await runExamples(
      examples,
      (each) => this.#case(each, commands),
      (each) => this.#exchange(each, commands),
      stops,
    );
    return notRun > 0
      ? `; ${notRun} examples were not run, because they may build on the failed one`
      : "";
  }

  /** Runs one case, and reports it. */
  async #case(each: CheckCase, commands: CheckedCommands): Promise<ExchangeResult> {
    const { name, level, expected } = each;
    const result = await this.#exchange(each, commands);
    const { why, skipped, sent, came } = result;
    const ordered = expected.anyOrder ? sortLines : (text: string) => text;
    this.#report({
      name,
      level,
      status: skipped ? "skipped" : why === undefined ? "ok" : "failed",
      sent: quoteBytes(sent) + (expected.half ? ", and the end of the input" : ""),
      expected: ordered(expected.expect),
      ends: expected.ends || expected.half || false,
      came: ordered(came),
      why: skipped ? this.#lack(each) : why,
    });
    return result;
  }

  /** Sends, and reads the answer. A server that cannot be reached any more is a failure of the case. */
  async #exchange(each: Exchange, commands: CheckedCommands): Promise<ExchangeResult> {
    const { timeout } = this.#flags;
    try {
      return await exchange(this.#target, each, { timeout, commands });
    } catch (error) {
      return {
        why: `cannot connect: ${reason(error)}`,
        skipped: false,
        sent: new Uint8Array(0),
        came: "",
        last: undefined,
        greeted: false,
      };
    }
  }

  /** Reports a SPEC that cannot be read. */
  #noSpec(error: unknown): undefined {
    this.#report({
      name: "SPEC describes the protocol",
      level: "core",
      status: "failed",
      sent: quoteBytes(encodeText("SPEC\n")),
      expected: "OK {…}\n…",
      ends: false,
      came: "",
      why: reason(error),
    });
  }

  #report(result: CheckResult): void {
    this.#tally.add(result);
    if (this.#flags.json) printJson(result);
    else printText(result, this.#failures.get(inOnePiece(result.name)));
    if (result.status === "failed") this.#failures.set(result.name, result);
  }

  /** Prints the last lines. Returns the exit code. */
  #conclude(more: string): number {
    const { skipped } = this.#tally.all;
    if (!this.#flags.json) {
      // A part of a level does not tell whether the level is passed.
      if (this.#flags.only === undefined) print(this.#tally.levels());
      if (skipped > 0) print(`${this.#hint()}\n`);
      print(`${this.#tally}${more}\n`);
    }
    return this.#tally.isFailure ? FAILED : OK;
  }

  /** The thing that a skipped case lacks. */
  #lack({ expected }: CheckCase): string {
    const { slow, drain } = this.#target;
    if (slow === undefined) return "it needs --slow REQUEST";
    return expected.drainAfter !== undefined && drain === undefined
      ? "it needs MODULE"
      : "it needs a server that tells max-in-flight";
  }

  /** The way to run the skipped cases. */
  #hint(): string {
    return this.#target.slow === undefined
      ? "--slow REQUEST runs cases about requests that run; the cases about shutdown need MODULE."
      : "The cases about shutdown need MODULE.";
  }
}
