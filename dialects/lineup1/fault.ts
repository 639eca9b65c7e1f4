// Lines outside the grammar.

/** The ways in which a line can be outside the grammar; `faultText` has a sentence for each. */
export type FaultKind =
  | "quote-end"
  | "body-length"
  | "closing-brace"
  | "byte"
  | "carriage-return"
  | "empty-value"
  | "escape"
  | "hash-sign"
  | "open-quote"
  | "option-name"
  | "repeated-option"
  | "inner-quote"
  | "status"
  | "tag"
  | "text"
  | "value"
  | "verb";

/** A line is outside the grammar. The line parser throws it, and the framer catches it. */
export class Fault {
  readonly kind: FaultKind;
  /** The wrong word, name or escape; empty for kinds without one. */
  readonly word: string;

  /** Has no stack trace: a bad line is ordinary input. */
  constructor(kind: FaultKind, word: string = "") {
    this.kind = kind;
    this.word = word;
  }
}
