// A part that scrolls by itself where it is too wide. The keyboard can reach it, and so scroll it.

import { type Children, type Drawn, html } from "./html.ts";

interface ScrolledProps {
  /** Names its content for people who cannot see it. */
  readonly label: string;
  readonly isCard?: boolean;
  readonly children?: Children;
}

/** A region that scrolls. */
export function Scrolled({ label, isCard, children }: ScrolledProps): Drawn {
  return html`
    <div class=${isCard
      ? "card scrolled"
      : "scrolled"} role="region" tabindex="0" aria-label=${label}>
      ${children}
    </div>
  `;
}
