// The terminal's own commands, such as `/help`.

import { BadValue, parseValue } from "../../protocol/values.ts";
import { reason } from "../reason.ts";
import type { Board } from "./board.ts";
import { HELP } from "./help.ts";
import type { LastReply } from "./last_reply.ts";
import type { Repeater } from "./repeater.ts";
import type { ReplyPrinter } from "./reply_printer.ts";

/** A command. It gets the rest of the line, and returns what is wrong. */
export type LocalCommand = (rest: string) => string | undefined;

/** The parts of a terminal that its commands act on. */
export interface LocalCommandsOptions {
  readonly board: Board;
  readonly replies: ReplyPrinter;
  readonly lastReply: LastReply;
  readonly repeater: Repeater;
  /** Shows the last reply in pages. */
  readonly page: () => void;
  readonly quit: () => void;
}

/** The time between an answer and the next request of `/repeat`. */
const PAUSE = { type: "duration", min: 100, max: 86_400_000 } as const;

/** The commands by name. */
export function localCommands(
  { board, replies, lastReply, repeater, page, quit }: LocalCommandsOptions,
): Readonly<Record<string, LocalCommand>> {
  const ofReply = (act: LocalCommand): LocalCommand => (rest) =>
    lastReply.isEmpty ? "There is no reply yet." : act(rest);
  const silent = (act: () => void): LocalCommand => () => {
    act();
    return undefined;
  };
  return {
    "/help": silent(() => board.add(HELP + "\n")),
    "/page": ofReply(silent(page)),
    "/quit": silent(quit),
    "/raw": silent(() => replies.toggleRaw()),
    "/repeat": (rest) => repeat(repeater, rest),
    "/save": ofReply((path) => save(lastReply, board, path)),
    "/timing": silent(() => replies.toggleTiming()),
  };
}

function save(lastReply: LastReply, board: Board, path: string): string | undefined {
  try {
    board.say(lastReply.save(path));
    return undefined;
  } catch (error) {
    return `Not saved: ${reason(error)}.`;
  }
}

function repeat(repeater: Repeater, rest: string): string | undefined {
  const [, time, request] = /^(\S+)\s*(.*)$/s.exec(rest)!;
  if (request === "") return "/repeat needs DURATION REQUEST.";
  try {
    return repeater.start(request, parseValue(time, PAUSE) as number);
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    return `DURATION must be ${error.message}.`;
  }
}
