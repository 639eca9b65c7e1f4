// Colours of a terminal, by what a piece of text is for.

import { styleText } from "node:util";

/** The role of a piece of text, which decides how it looks. */
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

const FORMATS: Readonly<Record<Exclude<Style, "plain">, Parameters<typeof styleText>[0]>> = {
  dim: "dim",
  bold: "bold",
  good: "green",
  bad: ["bold", "red"],
  item: "cyan",
  note: "yellow",
  wrong: ["underline", "red"],
  chosen: "inverse",
};

/** Puts a style around text. */
export type Paint = (style: Style, text: string) => string;

/** A `Paint` with colours, or one that returns the text as it is. */
export function painter(colours: boolean): Paint {
  return (style, text) =>
    !colours || style === "plain" || text === ""
      ? text
      : styleText(FORMATS[style], text, { validateStream: false });
}
