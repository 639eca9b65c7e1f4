// The keys of the page. Every action has a button or a link too.

import { useEffect } from "preact/hooks";

/** A key and what it does. */
export interface Shortcut {
  /** One key, or two one after the other: `g q`. */
  readonly keys: string;
  readonly does: string;
  readonly act: () => void;
}

const SECOND_KEY_MS = 1000;
const active = new Set<readonly Shortcut[]>();
let first: { readonly key: string; readonly at: number } | undefined;

/** The shortcuts of the page as it is now. */
export function shortcuts(): Shortcut[] {
  return [...active].flat();
}

/** Has these shortcuts as long as the component is there. */
export function useShortcuts(list: readonly Shortcut[]): void {
  useEffect(() => {
    active.add(list);
    return () => void active.delete(list);
  });
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (document.querySelector("dialog[open]") !== null) return;
  const target = event.target as HTMLElement;
  if (target.closest("input, textarea, select") !== null) {
    if (event.key === "Escape") target.blur();
    return;
  }
  const before = first !== undefined && event.timeStamp - first.at < SECOND_KEY_MS
    ? first.key
    : undefined;
  const all = shortcuts();
  const found = all.find(({ keys }) => keys === `${before} ${event.key}`) ??
    all.find(({ keys }) => keys === event.key);
  first = found === undefined ? { key: event.key, at: event.timeStamp } : undefined;
  if (found === undefined) return;
  event.preventDefault();
  found.act();
});
