// Templates: htm makes elements of Preact from them. All text is data: Preact never reads it as HTML, and a character that
// nobody could see, or that turns the direction of text around, is shown as an escape.

import htm from "htm";
import { type ComponentChildren, h, type VNode } from "preact";
import { printableLines } from "../../../protocol/printable.ts";

/** An element of a template. */
export type Drawn = VNode;
/** The content of an element. */
export type Children = ComponentChildren;

/** The tag of templates. */
export const html: (strings: TemplateStringsArray, ...values: unknown[]) => VNode =
  (htm as unknown as {
    bind(make: typeof h): (strings: TemplateStringsArray, ...values: unknown[]) => VNode;
  }).bind(element as typeof h);

/** Attributes that are read as words. */
const WORDS = ["title", "aria-label"] as const;

function element(
  type: Parameters<typeof h>[0],
  props: Record<string, unknown> | null,
  ...children: unknown[]
): VNode {
  let given = props;
  for (const name of WORDS) {
    const text = given?.[name];
    if (typeof text === "string") given = { ...given, [name]: printableLines(text) };
  }
  return h(type as string, given, ...children.map(seen) as Children[]);
}

function seen(child: unknown): unknown {
  if (typeof child === "string") return printableLines(child);
  return Array.isArray(child) ? child.map(seen) : child;
}
