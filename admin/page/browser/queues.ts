// The list of queues.

import { useRef, useState } from "preact/hooks";
import { duration, whole } from "./figures.ts";
import { type HistoryState, recorded, withoutCourse } from "./history.ts";
import { type Drawn, html } from "./html.ts";
import { costing, polledEvery, usePolled } from "./polling.ts";
import { PutDialog } from "./put_dialog.ts";
import { go, linkTo } from "./route.ts";
import { list, may, type Values } from "./server.ts";
import { useShortcuts } from "./shortcuts.ts";
import { Sparkline } from "./sparkline.ts";
import { useStore } from "./store.ts";
import { Scrolled } from "./scrolled.ts";

/** A sparkline shows so many samples: ten minutes. */
const SPARK_SAMPLES = 200;
/** So many queues are drawn at first, and so many more each time that somebody asks. */
const ROWS = 200;

const COLUMNS = [
  { name: "ready", title: "Ready" },
  { name: "oldest", title: "Oldest" },
  { name: "taken", title: "Running" },
  { name: "delayed", title: "Delayed" },
  { name: "dead", title: "Dead" },
  { name: "takers", title: "Idle workers" },
] as const;

/** All queues: sorted, filtered, each with its course. */
export function QueuesView({ filter }: { filter: Readonly<Record<string, string>> }): Drawn {
  const { samples }: HistoryState = useStore(recorded);
  const [most, setMost] = useState(ROWS);
  const [isPutting, setPutting] = useState(false);
  const { name = "", sort = "" } = filter;
  // The server has them by name: to sort them otherwise takes all.
  const max = sort === "" ? most : undefined;
  const { value: latest, error } = usePolled(
    () => askQueues(name, max),
    JSON.stringify([name, max]),
    pauseAfter,
  );
  // While another filter is asked for, the table stays.
  const kept = useRef(latest);
  const value = kept.current = latest ?? kept.current;
  const change = (more: Record<string, string>): void =>
    go(linkTo("queues", undefined, { ...filter, ...more }), true);
  useShortcuts(may("PUT") ? [{ keys: "p", does: "Put a job", act: () => setPutting(true) }] : []);
  const rows = sorted(value?.items ?? [], sort);
  const hasMore = value?.reply.after !== undefined;
  const pause = value === undefined ? 0 : pauseAfter(value);
  return html`
    <div class="headline">
      <h1>Queues</h1>
      <p class="hint">${value && whole(rows.length)}${hasMore &&
        ", and more"}${pause > polledEvery && `, read every ${duration(pause)}`}</p>
      <div class="actions">
        ${may("PUT") &&
          html`<button type="button" class="primary" onClick=${() =>
            setPutting(true)}>Put a job</button>`}
      </div>
    </div>
    ${value?.reply["read-only"] === true &&
      html`<p class="banner" role="alert"><b>The store fails.</b> Nothing can change until it works again.</p>`}
    <div class="filter" role="search">
      <label>Name
        <input
          type="search"
          data-filter
          maxlength="100"
          value=${name}
          placeholder="/"
          onInput=${(event: Event) => change({ name: (event.target as HTMLInputElement).value })}
        />
      </label>
    </div>
    ${error && html`<p class="problem" role="alert">${error.message}</p>`}
    <${Scrolled} label="Table of queues" isCard>
      <table class="queues">
        <thead><tr>
          <${SortHead} title="Queue" name="" sort=${sort} onSort=${change} />
          <th scope="col">Last 10 minutes</th>
          ${COLUMNS.map(({ name, title }) =>
            html`
              <${SortHead} key=${name} title=${title} name=${name} sort=${sort} onSort=${change}
                isNumber />
            `
          )}
        </tr></thead>
        <tbody>
          ${rows.slice(0, most).map((row) =>
            html`<${QueueRow} key=${row.queue} row=${row} without=${
              withoutCourse(samples, String(row.queue))
            } values=${samples?.queues.get(String(row.queue))?.get("ready") ?? []} />`
          )}
        </tbody>
      </table>
      ${value !== undefined && rows.length === 0 && html`<div class="empty">
        ${
        name === ""
          ? html`<p><b>There is no queue yet.</b> A queue is there as soon as a job is put into it.</p>`
          : html`<p>No queue has “${name}” in its name.</p>`
      }
      </div>`}
      ${(hasMore || rows.length > most) && html`
        <p class="padded">
          <button type="button" onClick=${() => setMost(most + ROWS)}>${hasMore
            ? `Show ${ROWS} more`
            : `Show ${whole(Math.min(ROWS, rows.length - most))} more of ${
              whole(rows.length - most)
            }`}</button>
        </p>
      `}
    <//>
    ${isPutting && html`<${PutDialog} queue="" onClose=${() => setPutting(false)} />`}
  `;
}

interface QueueList {
  readonly items: readonly Values[];
  readonly reply: Values;
}

const pauseAfter = costing(polledEvery);

/** The queues with a text in their names; at most `max`. */
async function askQueues(text: string, max: number | undefined): Promise<QueueList> {
  // No name has a space.
  if (/\s/.test(text)) return { items: [], reply: {} };
  return await list("QUEUES", { match: text === "" ? undefined : `*${text}*`, max });
}

function sorted(rows: readonly Values[], by: string): readonly Values[] {
  if (by === "") return rows;
  return [...rows].sort((a, b) => Number(b[by] ?? 0) - Number(a[by] ?? 0));
}

interface SortHeadProps {
  readonly title: string;
  readonly name: string;
  readonly sort: string;
  readonly isNumber?: boolean;
  readonly onSort: (change: Record<string, string>) => void;
}

function SortHead({ title, name, sort, isNumber, onSort }: SortHeadProps): Drawn {
  const isChosen = sort === name;
  return html`
    <th
      scope="col"
      class=${isNumber ? "number" : ""}
      aria-sort=${isChosen ? name === "" ? "ascending" : "descending" : undefined}
    >
      <button type="button" class="head"
        onClick=${() => onSort({ sort: name })}>${title}<span aria-hidden="true">${isChosen
          ? " ↓"
          : ""}</span></button>
    </th>
  `;
}

interface QueueRowProps {
  readonly row: Values;
  readonly values: readonly (number | null)[];
  /** Why it has no course. */
  readonly without: string | undefined;
}

function QueueRow({ row, values, without }: QueueRowProps): Drawn {
  const queue = String(row.queue);
  const jobs = (state: string): Drawn => {
    const count = Number(row[state] ?? 0);
    if (count === 0) return html`<span class="zero">0</span>`;
    return html`
      <a href=${linkTo("jobs", undefined, { queue, state })}
        class=${state === "dead" ? "bad" : ""}>${whole(
          count,
        )}<span class="unseen"> ${state} jobs of ${queue}</span></a>
    `;
  };
  return html`
    <tr>
      <th scope="row">
          <a href=${linkTo("queues", queue)}>${queue}</a>
          ${row.paused === true && html`
            <span class="badge paused">paused</span>
          `}
        </th>
      <td>
        ${without === undefined
          ? html`<${Sparkline} values=${values.slice(-SPARK_SAMPLES)} />`
          : html`<small title=${without}>no course kept</small>`}
      </td>
      <td class="number">${jobs("ready")}</td>
      <td class="number">${row.oldest === undefined
        ? html`<span class="zero">–</span>`
        : duration(Number(row.oldest))}</td>
      <td class="number">${jobs("taken")}</td>
      <td class="number">${jobs("delayed")}</td>
      <td class="number">${jobs("dead")}</td>
      <td class="number">${Number(row.takers) === 0
        ? html`<span class="zero">0</span>`
        : whole(Number(row.takers))}</td>
    </tr>
  `;
}
