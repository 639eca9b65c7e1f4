// The prompt of the terminal: the server's name, the number of the next request, and the requests that wait.

import { counted } from "../figures.ts";
import type { StyledText } from "../styled_text.ts";
import type { Requests } from "./requests.ts";

/** The most tags in a prompt. */
const MOST_TAGS = 3;

/** The prompt before a line; `waiting` lines wait to be sent after it. */
export function promptOf(requests: Requests, name: string, waiting = 0): StyledText[] {
  const { bodyPrompt, inFlight, next, connection } = requests;
  if (bodyPrompt !== undefined) return [{ text: bodyPrompt, style: "dim" }];
  const tags = inFlight.slice(0, MOST_TAGS).map(({ tag }) => `#${tag}`);
  if (inFlight.length > MOST_TAGS) tags.push(`+${inFlight.length - MOST_TAGS}`);
  if (waiting > 0) tags.push(`and ${counted(waiting, "line")}`);
  const inBrackets = tags.length === 0 ? "" : ` [${tags.join(" ")}]`;
  const state = connection === undefined ? " (not connected)" : inBrackets;
  return [
    { text: name, style: "bold" },
    { text: ` ${next}${state}> `, style: "dim" },
  ];
}
