// The last two hours of the server, as it has recorded them.

import { createStore, type Watched } from "./store.ts";
import { connection, lose, maySeeFigures, token } from "./server.ts";

type FigureValues = readonly (number | null)[];

/** Samples at equal times. */
export interface Samples {
  /** The number of the latest sample, of those since `since`. */
  readonly since: number;
  readonly last: number;
  /** When the latest was taken, by the clock of the server. */
  readonly at: number;
  /** From one sample to the next, in ms. */
  readonly interval: number;
  readonly count: number;
  readonly figures: ReadonlyMap<string, FigureValues>;
  readonly texts: Readonly<Record<string, string>>;
  /** The server keeps the course of at most so many queues. */
  readonly mostQueues: number;
  readonly queues: ReadonlyMap<string, ReadonlyMap<string, FigureValues>>;
  readonly urgent: UrgentQueues;
}

/** Queues that somebody should look at. */
export interface UrgentQueues {
  /** Those whose oldest ready job has waited for long, with its age in ms. */
  readonly late: MostUrgent;
  /** Those with dead jobs, with their number. */
  readonly dead: MostUrgent;
}

interface MostUrgent {
  /** How many queues. */
  readonly count: number;
  /** The most urgent ones, the first of all first. */
  readonly first: readonly (readonly [queue: string, figure: number])[];
}

/** The state of the history. */
export interface HistoryState {
  readonly samples: Samples | undefined;
  /** Why it cannot be read. */
  readonly why: string | undefined;
  /** Whether that is because it is for others. */
  readonly isForbidden: boolean;
}

/** The reason where they are not for us. */
export const FIGURES_ARE_FOR = "The figures are for identities with the role operator.";

/** The server refuses the figures to this page. */
class ForbiddenFigures extends Error {}

/** The history, for all to see. */
export const recorded: Watched<HistoryState> = createStore<HistoryState>({
  samples: undefined,
  why: undefined,
  isForbidden: false,
});

/** The answer of the server: see `History.answer`. */
interface HistoryAnswer {
  readonly since: number;
  readonly interval: number;
  readonly last: number;
  readonly at: number;
  readonly count: number;
  readonly figures: Readonly<Record<string, FigureValues | number>>;
  readonly texts: Readonly<Record<string, string>>;
  readonly mostQueues: number;
  readonly urgent: UrgentQueues;
  readonly queues: Readonly<Record<string, Readonly<Record<string, FigureValues | number>>>>;
}

const MOST = 2400;
const RETRY_MS = 2000;

/** Reads the history and follows it, as long as the page is seen. */
export async function follow(): Promise<never> {
  for (;;) {
    if (document.hidden) await shown();
    await known();
    let pause = RETRY_MS;
    try {
      const before = recorded.get().samples;
      const answer = await fetchBehind(before);
      const samples = joined(before, answer);
      recorded.set({ samples, why: undefined, isForbidden: false });
      pause = samples.interval;
    } catch (error) {
      const isForbidden = error instanceof ForbiddenFigures;
      const { samples } = recorded.get();
      recorded.set({
        samples: isForbidden ? undefined : samples,
        why: (error as Error).message,
        isForbidden,
      });
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

function shown(): Promise<void> {
  return new Promise((resolve) => {
    document.addEventListener("visibilitychange", () => resolve(), { once: true });
  });
}

/** Resolves once the server knows us, or cannot be reached: before that it would refuse the figures, and log that. */
function known(): Promise<void> {
  const isKnown = (): boolean => !["connecting", "locked"].includes(connection.get().state);
  if (isKnown()) return Promise.resolve();
  return new Promise((resolve) => {
    const unwatch = connection.watch(() => {
      if (!isKnown()) return;
      unwatch();
      resolve();
    });
  });
}

async function fetchBehind(before: Samples | undefined): Promise<HistoryAnswer> {
  if (!maySeeFigures()) throw new ForbiddenFigures(FIGURES_ARE_FOR);
  const query = before === undefined ? "" : `?since=${before.since}&after=${before.last}`;
  const secret = token();
  const response = await fetch(`/history${query}`, {
    headers: secret === undefined ? {} : { authorization: `Bearer ${secret}` },
    cache: "no-store",
  }).catch((error: Error) => {
    lose(error.message);
    throw error;
  });
  if (!response.ok) {
    const why = (await response.text()).slice(0, 300).trim();
    throw [401, 403].includes(response.status) ? new ForbiddenFigures(why) : new Error(why);
  }
  return await response.json();
}

/** The samples with those of an answer behind them. */
export function joined(before: Samples | undefined, answer: HistoryAnswer): Samples {
  const isMore = before !== undefined && before.since === answer.since &&
    before.last + answer.count === answer.last;
  const old = isMore ? before : undefined;
  const join = (
    name: string,
    column: FigureValues | number,
    from?: ReadonlyMap<string, FigureValues>,
  ): FigureValues => {
    const added = Array.isArray(column)
      ? column as FigureValues
      : new Array(answer.count).fill(column) as FigureValues;
    const absent = name.endsWith("-total") ? 0 : null;
    const first: FigureValues = from?.get(name) ?? new Array(old?.count ?? 0).fill(absent);
    return [...first, ...added].slice(-MOST);
  };
  const figures = new Map(
    Object.entries(answer.figures).map((
      [name, column],
    ) => [name, join(name, column, old?.figures)]),
  );
  const queues = new Map(
    Object.entries(answer.queues).map(([queue, columns]) => {
      const from = old?.queues.get(queue);
      return [
        queue,
        new Map(Object.entries(columns).map(([name, column]) => [name, join(name, column, from)])),
      ];
    }),
  );
  const { since, last, at, interval, texts, mostQueues, urgent } = answer;
  const count = Math.min(MOST, (old?.count ?? 0) + answer.count);
  return { since, last, at, interval, count, figures, texts, mostQueues, queues, urgent };
}

/** Says that a queue is none of those whose course the server keeps; `undefined` if it is one. */
export function withoutCourse(samples: Samples | undefined, queue: string): string | undefined {
  if (samples === undefined || samples.queues.has(queue)) return undefined;
  // A new queue is in the next sample, if there is room.
  if (samples.queues.size < samples.mostQueues) return undefined;
  return `No course is kept: the server keeps that of ${samples.mostQueues} queues only.`;
}

/** The latest number of a figure. */
export function latest(samples: Samples, name: string): number | undefined {
  const column = samples.figures.get(name);
  return column?.[column.length - 1] ?? undefined;
}

/** How a total grew, a second, at each sample. A restart of the server is a gap. */
export function rates(samples: Samples, name: string): (number | null)[] {
  const column = samples.figures.get(`${name}-total`);
  if (column === undefined) return new Array(samples.count).fill(0);
  const seconds = samples.interval / 1000;
  return column.map((value, i) => {
    const before = column[i - 1];
    if (value === null || before === null || before === undefined || value < before) return null;
    return (value - before) / seconds;
  });
}

/** The sum of several columns. */
export function sum(columns: readonly (readonly (number | null)[])[]): (number | null)[] {
  const [first, ...rest] = columns;
  return (first ?? []).map((value, i) =>
    rest.reduce<number | null>((all, column) => {
      const one = column[i];
      return one === null || one === undefined ? all : (all ?? 0) + one;
    }, value)
  );
}

/** The part of each name between a beginning and an end. */
export function namesOf(samples: Samples, begin: string, end: string): string[] {
  return [...samples.figures.keys()]
    .filter((name) => name.startsWith(begin) && name.endsWith(end))
    .map((name) => name.slice(begin.length, name.length - end.length))
    .filter((name) => name !== "");
}

/** The average of the last numbers of a column. */
export function recent(column: readonly (number | null)[], count = 3): number | undefined {
  const numbers = column.slice(-count).filter((value) => value !== null);
  if (numbers.length === 0) return undefined;
  return numbers.reduce((all, value) => all + value, 0) / numbers.length;
}
