// Records as two columns, one of numbers and one of text, to be sent between threads: a structured clone of many small
// objects costs more than to store them.

import { isText, type StoredField } from "../field.ts";
import { compile, packed, record, unpacked } from "../straight_line.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
/** From this length on V8 makes a part of a string a view of the whole, and keeps the whole in memory. */
const VIEWED = 13;

/** Numbers and texts, in the order in which they are read again. */
export interface Columns {
  /** Numbers, and the lengths of texts and of bytes. */
  readonly numbers: Float64Array<ArrayBuffer>;
  /** The texts, one behind the other. */
  readonly text: string;
}

/** Writes columns. */
export class ColumnWriter {
  readonly #numbers: Float64Array<ArrayBuffer>;
  #at = 0;
  #text = "";

  /** At most so many numbers and texts. */
  constructor(most: number) {
    this.#numbers = new Float64Array(most);
  }

  /** The columns written so far. */
  get columns(): Columns {
    return { numbers: this.#numbers.subarray(0, this.#at), text: this.#text };
  }

  number(value: number): void {
    this.#numbers[this.#at++] = value;
  }

  text(value: string): void {
    this.#numbers[this.#at++] = value.length;
    this.#text += value;
  }
}

/** Reads columns. */
export class ColumnReader {
  readonly #numbers: Float64Array;
  readonly #text: string;
  readonly #copies: boolean;
  #at = 0;
  #textAt = 0;

  /** `copies`: the reader keeps the texts for long, and each must not keep all others in memory. */
  constructor({ numbers, text }: Columns, copies: boolean) {
    this.#numbers = numbers;
    this.#text = text;
    this.#copies = copies;
  }

  get ended(): boolean {
    return this.#at === this.#numbers.length;
  }

  number(): number {
    return this.#numbers[this.#at++];
  }

  /** Whether the next number is this one; if so, it is read. */
  skip(value: number): boolean {
    if (this.#numbers[this.#at] !== value) return false;
    this.#at++;
    return true;
  }

  text(): string {
    const length = this.#numbers[this.#at++];
    if (length === 0) return "";
    const text = this.#text.slice(this.#textAt, this.#textAt += length);
    return this.#copies && length >= VIEWED ? decoder.decode(encoder.encode(text)) : text;
  }
}

/** As code: writes a field of a record. */
function writing(field: StoredField, record: string): string {
  return `writer.${isText(field) ? "text" : "number"}(${packed(field, record)});`;
}

/** As code: reads a field. */
export function reading(field: StoredField): string {
  return `reader.${isText(field) ? "text" : "number"}()`;
}

/** Makes the writer of records with these fields. */
export function recordWriter<R>(
  fields: readonly StoredField[],
): (writer: ColumnWriter, record: R) => void {
  return compile("writer, record", fields.map((field) => writing(field, "record")).join("\n"));
}

/** Makes the reader of records with these fields. */
export function recordReader<R>(fields: readonly StoredField[]): (reader: ColumnReader) => R {
  return compile("reader", record(fields, (field) => unpacked(field, reading(field))));
}
