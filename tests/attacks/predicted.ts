// Predicts the answers of a server to bytes: the framer finds the requests, and each request has its possible answers.

import { formatWord, type Frame, Framer } from "@lineup/lineup/protocol";
import { protocol } from "../test_server.ts";

/** A final line that must come, untagged or with a tag instead. */
export interface Predicted {
  /** The beginning of the line. */
  readonly starts: string;
  /** Whether it may come with the tag of its request instead. */
  readonly maybe: boolean;
}

/** The untagged final lines that must come, in their order. */
export interface Prediction {
  readonly untagged: readonly Predicted[];
  /** The most final lines, tagged ones included. */
  readonly most: number;
}

const UNKNOWN_COMMANDS = 10;
const STANDING = ["HELLO", "HELP", "SPEC", "PING", "STATS", "CANCEL", "QUIT"];
const KNOWN = new Set<string>([...Object.keys(protocol.commands), ...STANDING]);

/** Predicts the answers to these bytes and a half-close behind them. */
export function predict(bytes: Uint8Array): Prediction {
  const framer = new Framer("request");
  const untagged: Predicted[] = [];
  let most = 0;
  let unknown = 0;
  framer.push(bytes);
  for (let framed; (framed = framer.next()) !== undefined;) {
    if (framed.kind === "telnet") continue;
    most++;
    if (framed.kind === "malformed") {
      untagged.push({ starts: `ERR ${framed.code} `, maybe: framed.tag !== undefined });
      if (framed.fatal) return { untagged, most };
      continue;
    }
    if (framed.tag === undefined) untagged.push({ starts: answer(framed), maybe: false });
    if (KNOWN.has(framed.head)) unknown = 0;
    else if (++unknown === UNKNOWN_COMMANDS) return { untagged, most };
  }
  if (!framer.idle) {
    untagged.push({ starts: "ERR bad-syntax ", maybe: false });
    most++;
  }
  return { untagged, most };
}

function answer({ head, words, options, body }: Frame): string {
  if (!KNOWN.has(head)) return `ERR unknown-command "There is no command ${head};`;
  const plain = options.size === 0 && body === undefined;
  if (plain && head === "SAY" && words.length === 1) return `OK ${formatWord(words[0])}`;
  if (plain && head === "PING" && words.length === 0) return "OK pong";
  return "";
}

/** Whether these untagged final lines are the predicted ones; they may end early where `ends`. */
export function isPredicted(
  lines: readonly string[],
  { untagged }: Prediction,
  ends: boolean,
): boolean {
  // The places in the prediction to which the lines so far may have led.
  let places = new Set([0]);
  const skip = (from: Set<number>): Set<number> => {
    const all = new Set(from);
    for (const place of all) if (untagged[place]?.maybe) all.add(place + 1);
    return all;
  };
  for (const line of lines) {
    const next = new Set<number>();
    for (const place of skip(places)) {
      if (place < untagged.length && line.startsWith(untagged[place].starts)) next.add(place + 1);
    }
    places = next;
  }
  return ends ? places.size > 0 : skip(places).has(untagged.length);
}
