// Pieces of text, each in one style: what a terminal draws before the styles become escape codes.

import type { Style } from "./style.ts";
import { fit, graphemes, width } from "./text_width.ts";

/** Text in one style. It holds no controls. */
export interface StyledText {
  readonly text: string;
  readonly style: Style;
}

/** The columns that the texts take side by side. */
export function styledWidth(texts: readonly StyledText[]): number {
  return texts.reduce((sum, { text }) => sum + width(text), 0);
}

/**
 * The first texts that fit into `columns`; the text that does not fit is cut and gets `…`. With `fromEnd` the text loses
 * its beginning instead of its end.
 */
export function cut(
  texts: readonly StyledText[],
  columns: number,
  fromEnd = false,
): StyledText[] {
  const turn = (text: string): string => fromEnd ? graphemes(text).reverse().join("") : text;
  const fitting: StyledText[] = [];
  let left = columns;
  for (const each of texts) {
    const wide = width(each.text);
    if (wide > left) {
      fitting.push({ text: turn(fit(turn(each.text), left)), style: each.style });
      break;
    }
    fitting.push(each);
    left -= wide;
  }
  return fitting;
}
