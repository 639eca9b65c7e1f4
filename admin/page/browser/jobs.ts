// The jobs of a queue, filtered, a page at a time. The address bar has the filter and the page.

import { useState } from "preact/hooks";
import { BulkAct } from "./bulk_act.ts";
import { bytes, duration, whole } from "./figures.ts";
import { type Drawn, html } from "./html.ts";
import { JobFilter } from "./job_filter.ts";
import { polledEvery, usePolled } from "./polling.ts";
import { listArgs } from "./jobs_request.ts";
import { linkTo } from "./route.ts";
import { list, may, type Values } from "./server.ts";
import { useShortcuts } from "./shortcuts.ts";
import { Scrolled } from "./scrolled.ts";

/** A page has so many jobs. */
const PAGE = 50;
/** Looking for a text costs the server more, so it is done once. */
const NEVER = 2 ** 31 - 1;

type Filter = Readonly<Record<string, string>>;

/** A page of jobs. */
export function JobsView({ filter }: { filter: Filter }): Drawn {
  const { queue = "", text = "", after = "" } = filter;
  return html`
    <div class="headline">
      <h1>Jobs</h1>
    </div>
    <${JobFilter} key=${queue} filter=${filter} />
    ${queue === ""
      ? html`<p class="empty">Choose a queue to see its jobs.</p>`
      : html`<${JobPage} key=${JSON.stringify(filter)} filter=${filter} after=${
        Number(after) || 0
      } every=${text === "" ? polledEvery : NEVER} />`}
  `;
}

interface JobPageProps {
  readonly filter: Filter;
  readonly after: number;
  readonly every: number;
}

function JobPage({ filter, after, every }: JobPageProps): Drawn {
  const ask = (): Promise<{ items: readonly Values[]; reply: Values }> =>
    list("LIST", { ...listArgs(filter), max: PAGE, after });
  const { value, error, again } = usePolled(ask, JSON.stringify([filter, after]), every);
  const [act, setAct] = useState<"REVIVE" | "DROP" | undefined>(undefined);
  const { queue, state, text, key } = filter;
  const next = value?.reply.after;
  const mayRevive = may("REVIVE", queue, key || undefined) &&
    (state === "dead" || state === undefined || state === "");
  const mayDrop = may("DROP", queue, key || undefined);
  useShortcuts([
    ...(mayRevive
      ? [{ keys: "r", does: "Revive all that match", act: () => setAct("REVIVE") }]
      : []),
    ...(mayDrop ? [{ keys: "d", does: "Drop all that match", act: () => setAct("DROP") }] : []),
  ]);
  if (error !== undefined && value === undefined) {
    return html`<p class="problem" role="alert">${error.message}</p>`;
  }
  if (value === undefined) {
    return html`<p class="empty" role="status">${
      text ? "Looking through the bodies…" : "Reading…"
    }</p>`;
  }
  const page = (to: unknown): string =>
    linkTo("jobs", undefined, { ...filter, after: Number(to) || undefined });
  return html`
    <div class="toolbar">
      <p class="hint" role="status">${value.items.length === 0
        ? "No job on this page"
        : `${whole(value.items.length)} on this page`}${next !== undefined && ", more follow"}</p>
      ${mayRevive &&
        html`<button type="button" onClick=${() =>
          setAct("REVIVE")}>Revive all that match</button>`}
      ${mayDrop &&
        html`<button type="button" onClick=${() => setAct("DROP")}>Drop all that match</button>`}
    </div>
    <${Scrolled} label="Table of jobs" isCard>
      <table class="jobs">
        <thead><tr>
          <th scope="col">Job</th><th scope="col">State</th><th scope="col">Key</th>
          <th scope="col" class="number spare">Attempt</th><th scope="col" class="number">Age</th>
          <th scope="col" class="number spare">Left</th><th scope="col" class="number spare">Size</th>
          <th scope="col">Name or reason</th>
        </tr></thead>
        <tbody>${value.items.map((job) => html`<${JobRow} key=${job.id} job=${job} />`)}</tbody>
      </table>
      ${value.items.length === 0 &&
        html`<p class="empty">${
          next === undefined
            ? `No job of ${queue} matches.`
            : "Nothing here matches; the next page may have more."
        }</p>`}
    <//>
    <nav class="pages" aria-label="Pages">
      ${after > 0 && html`<a class="button" href=${page(undefined)}>First page</a>`}
      ${next !== undefined && html`<a class="button" href=${page(next)}>Next page</a>`}
    </nav>
    ${act !== undefined &&
      html`<${BulkAct} verb=${act} filter=${filter} onClose=${() =>
        setAct(undefined)} onDone=${again} />`}
  `;
}

function JobRow({ job }: { job: Values }): Drawn {
  const { id, state, key, attempt, attempts, age, left, size, unique, reason } = job;
  return html`
    <tr>
      <th scope="row"><a href=${linkTo("jobs", Number(id))}>${String(id)}</a></th>
      <td><span class=${`badge ${state}`}>${state === "taken"
        ? "running"
        : String(state)}</span></td>
      <td>${key === undefined ? html`<span class="zero">–</span>` : String(key)}</td>
      <td class="number spare">${whole(
        Number(attempt),
      )}<span class="hint"> / ${Number(attempts) === 0 ? "∞" : whole(Number(attempts))}</span></td>
      <td class="number">${duration(Number(age))}</td>
      <td class="number spare">${left === undefined
        ? html`<span class="zero">–</span>`
        : duration(Number(left))}</td>
      <td class="number spare">${bytes(Number(size))}</td>
      <td class="cut">${unique !== undefined && html`
        <code>${String(unique)}</code>
      `}${reason !== undefined && String(reason)}</td>
    </tr>
  `;
}
