// Asks for something again and again, while somebody looks.

import { useEffect, useState } from "preact/hooks";

/** The answer to a question that is asked again and again. */
export interface Polled<T> {
  /** The latest answer; `undefined` before the first. */
  readonly value: T | undefined;
  /** Why the latest try failed. */
  readonly error: Error | undefined;
  /** Asks at once. */
  readonly again: () => void;
}

/** How long after an answer to ask again, in ms. */
export type PollPause<T> = number | ((value: T) => number);

/**
 * Asks at once, and `pause` after each answer. Nothing is asked while the page is hidden, and an answer of an earlier `key` is
 * dropped.
 */
export function usePolled<T>(ask: () => Promise<T>, key: string, pause: PollPause<T>): Polled<T> {
  const [answer, setAnswer] = useState<{ key: string; value?: T; error?: Error }>({ key });
  const [round, setRound] = useState(0);
  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tick = async (): Promise<void> => {
      if (document.hidden) return;
      let ms = typeof pause === "number" ? pause : polledEvery;
      try {
        const value = await ask();
        if (typeof pause !== "number") ms = pause(value);
        if (!isOver) setAnswer({ key, value });
      } catch (error) {
        if (!isOver) setAnswer((before) => ({ ...before, error: error as Error }));
      }
      if (!isOver) timer = setTimeout(tick, ms);
    };
    const onShown = (): void => {
      if (document.hidden) return;
      clearTimeout(timer);
      void tick();
    };
    document.addEventListener("visibilitychange", onShown);
    void tick();
    return () => {
      isOver = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onShown);
    };
  }, [key, round]);
  const isCurrent = answer.key === key;
  return {
    value: isCurrent ? answer.value : undefined,
    error: isCurrent ? answer.error : undefined,
    again: () => setRound((before) => before + 1),
  };
}

/** How often a view asks, in ms. */
export const polledEvery = 3000;
/** So many items are asked for so often; of more, each item costs the server no more a second. */
const ITEMS = 200;

/** The pause after a list: `ms`, and longer the more items it has. */
export function costing(ms: number): (list: { readonly items: readonly unknown[] }) => number {
  return ({ items }) => ms * Math.max(1, items.length / ITEMS);
}
