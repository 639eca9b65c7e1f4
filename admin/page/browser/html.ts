// Templates: htm makes elements of Preact from them. All text is data: Preact never reads it as HTML.

import htm from "htm";
import { type ComponentChildren, h, type VNode } from "preact";

/** An element of a template. */
export type Drawn = VNode;
/** What may stand in an element. */
export type Children = ComponentChildren;

/** The tag of templates. */
export const html = (htm as unknown as {
  bind(make: typeof h): (strings: TemplateStringsArray, ...values: unknown[]) => VNode;
}).bind(h);
