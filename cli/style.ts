// Colours, where they are wanted.

/** How a piece of text looks. */
export type Style =
  | "plain"
  | "dim"
  | "bold"
  | "good"
  | "bad"
  | "item"
  | "note"
  | "wrong"
  | "chosen";

const CODES: Readonly<Record<Style, string>> = {
  plain: "",
  dim: "2",
  bold: "1",
  good: "32",
  bad: "1;31",
  item: "36",
  note: "33",
  wrong: "4;31",
  chosen: "7",
};

/** Puts a style around text. */
export type Paint = (style: Style, text: string) => string;

/** Paints, or leaves text as it is. */
export function painter(colours: boolean): Paint {
  return (style, text) => {
    const code = CODES[style];
    return !colours || code === "" || text === "" ? text : `\x1b[${code}m${text}\x1b[0m`;
  };
}
