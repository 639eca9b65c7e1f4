// The answers of beanstalkd, as words.

import type { Failure } from "../../dialects/dialect.ts";
import type { GivenReply } from "../../protocol/infer.ts";
import { encodeText } from "../../protocol/strings.ts";
import type { beanstalkdProtocol } from "./protocol.ts";

/** The line of an answer, and the bytes behind it. */
export interface Answer {
  readonly line: string;
  readonly body?: Uint8Array;
}

type Commands = typeof beanstalkdProtocol.commands;
type SentJob = { readonly id: number; readonly body: Uint8Array | string };

const withBody = (head: string, given: Uint8Array | string): Answer => {
  const body = typeof given === "string" ? encodeText(given) : given;
  return { line: `${head} ${body.length}`, body };
};
const reserved = ({ id, body }: SentJob): Answer => withBody(`RESERVED ${id}`, body);
const found = ({ id, body }: SentJob): Answer => withBody(`FOUND ${id}`, body);
const using = ({ tube }: { readonly tube: string }): Answer => ({ line: `USING ${tube}` });
const watching = ({ count }: { readonly count: number }): Answer => ({ line: `WATCHING ${count}` });
const word = (line: string) => (): Answer => ({ line });
const ok = ({ body }: { readonly body: string }): Answer => withBody("OK", body);

/** The answer to each command. */
export const answers:
  & { readonly [V in keyof Commands]: (reply: GivenReply<Commands[V]>) => Answer }
  & { readonly QUIT: () => Answer } = {
    PUT: ({ id }) => ({ line: `INSERTED ${id}` }),
    USE: using,
    RESERVE: reserved,
    "RESERVE-WITH-TIMEOUT": reserved,
    "RESERVE-JOB": reserved,
    DELETE: word("DELETED"),
    RELEASE: word("RELEASED"),
    BURY: word("BURIED"),
    TOUCH: word("TOUCHED"),
    WATCH: watching,
    IGNORE: watching,
    PEEK: found,
    "PEEK-READY": found,
    "PEEK-DELAYED": found,
    "PEEK-BURIED": found,
    KICK: ({ count }) => ({ line: `KICKED ${count}` }),
    "KICK-JOB": word("KICKED"),
    STATS: ok,
    "STATS-JOB": ok,
    "STATS-TUBE": ok,
    "LIST-TUBES": ok,
    "LIST-TUBE-USED": using,
    "LIST-TUBES-WATCHED": ok,
    "PAUSE-TUBE": word("PAUSED"),
    // beanstalkd closes without a word.
    QUIT: word(""),
  };

const BAD_FORMAT = "BAD_FORMAT", NOT_FOUND = "NOT_FOUND", OUT_OF_MEMORY = "OUT_OF_MEMORY";
const TIMED_OUT = "TIMED_OUT", FORBIDDEN = "FORBIDDEN";

/** The words of failures. All others are INTERNAL_ERROR. */
const words: Readonly<Record<string, string>> = {
  "unknown-command": "UNKNOWN_COMMAND",
  "wrong-protocol": "UNKNOWN_COMMAND",
  "bad-syntax": BAD_FORMAT,
  "bad-arguments": BAD_FORMAT,
  "line-too-long": BAD_FORMAT,
  "expected-crlf": "EXPECTED_CRLF",
  "body-too-large": "JOB_TOO_BIG",
  "not-found": NOT_FOUND,
  "not-taken": NOT_FOUND,
  "not-dead": NOT_FOUND,
  "not-ignored": "NOT_IGNORED",
  "timed-out": TIMED_OUT,
  "deadline-soon": "DEADLINE_SOON",
  draining: "DRAINING",
  // beanstalkd has no word for it: clients show a word that they do not know.
  unauthenticated: FORBIDDEN,
  forbidden: FORBIDDEN,
  busy: OUT_OF_MEMORY,
  quota: OUT_OF_MEMORY,
};

/** The word of a failure. `verb` is the command, if there is one. */
export function wordOf({ code }: Pick<Failure, "code">, verb: string | undefined): string {
  // A client that waits for a job knows this word, and may come back.
  if (code === "draining" && verb?.startsWith("RESERVE")) return TIMED_OUT;
  return words[code] ?? "INTERNAL_ERROR";
}
