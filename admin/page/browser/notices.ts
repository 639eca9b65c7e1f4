// Short notices of what was done or failed. A screen reader says them.

import { useEffect } from "preact/hooks";
import { type Drawn, html } from "./html.ts";
import { createStore, useStore } from "./store.ts";

interface PageNotice {
  readonly number: number;
  readonly text: string;
  readonly kind: "done" | "failed";
}

const MOST = 4;
const SHOWN_MS = 6000;
const notices = createStore<readonly PageNotice[]>([]);
let last = 0;

/** Says that something was done. */
export function say(text: string): void {
  add(text, "done");
}

/** Says that something failed, in the server's words. */
export function sayFailure(error: unknown): void {
  add(error instanceof Error ? error.message : String(error), "failed");
}

function add(text: string, kind: PageNotice["kind"]): void {
  notices.set([...notices.get(), { number: ++last, text, kind }].slice(-MOST));
}

/** The notices of the last seconds. */
export function Notices(): Drawn {
  const shown = useStore(notices);
  const newest = shown[shown.length - 1]?.number;
  useEffect(() => {
    if (newest === undefined) return;
    const timer = setTimeout(() => {
      notices.set(notices.get().filter(({ number }) => number > newest));
    }, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [newest]);
  return html`
    <div class="notices" role="status" aria-live="polite">
      ${shown.map(({ number, text, kind }) =>
        html`<p key=${number} class=${`notice ${kind}`}>${text}</p>`
      )}
    </div>
  `;
}
