// The schedules: when they put jobs, in words, and what became of the last jobs.

import { useState } from "preact/hooks";
import { act } from "./acts.ts";
import { BodyView } from "./body.ts";
import { Confirmation, Dialog } from "./dialog.ts";
import { bytes, duration, whole } from "./figures.ts";
import { type Drawn, html } from "./html.ts";
import type { PageRequest } from "./permissions.ts";
import { costing, usePolled } from "./polling.ts";
import { go, linkTo } from "./route.ts";
import { ScheduleDialog } from "./schedule_dialog.ts";
import { inWords } from "./schedule_words.ts";
import { list, may, type Values } from "./server.ts";
import { useShortcuts } from "./shortcuts.ts";
import { Scrolled } from "./scrolled.ts";

const EVERY_MS = 5000;
const MOST_ROWS = 200;

/** The part that is open beside the list. */
interface Open {
  readonly what: "new" | "jobs" | "end";
  readonly schedule?: Values;
}

/** All schedules. */
export function SchedulesView({ filter }: { filter: Readonly<Record<string, string>> }): Drawn {
  const { value, error, again } = usePolled(
    () => list("SCHEDULES"),
    "schedules",
    costing(EVERY_MS),
  );
  const [open, setOpen] = useState<Open | undefined>(undefined);
  const { name = "" } = filter;
  const mayMake = may("EVERY");
  useShortcuts(
    mayMake ? [{ keys: "n", does: "Make a schedule", act: () => setOpen({ what: "new" }) }] : [],
  );
  const wanted = name.toLowerCase();
  const rows = (value?.items ?? []).filter((each) =>
    `${each.name} ${each.queue}`.toLowerCase().includes(wanted)
  );
  const close = (): void => setOpen(undefined);
  const onName = (event: Event): void =>
    go(linkTo("schedules", undefined, { name: (event.target as HTMLInputElement).value }), true);
  return html`
    <div class="headline">
      <h1>Schedules</h1>
      <p class="hint">${value && whole(value.items.length)}</p>
      <div class="actions">
        ${mayMake &&
          html`<button type="button" class="primary" onClick=${() =>
            setOpen({ what: "new" })}>Make a schedule</button>`}
      </div>
    </div>
    <div class="filter" role="search">
      <label>Name or queue
        <input type="search" data-filter placeholder="/" value=${name} onInput=${onName} />
      </label>
    </div>
    ${error && html`<p class="problem" role="alert">${error.message}</p>`}
    <${Scrolled} label="Table of schedules" isCard>
      <table>
        <thead><tr>
          <th scope="col">Schedule</th><th scope="col">When</th><th scope="col">Queue</th>
          <th scope="col" class="number">Next in</th><th scope="col" class="number">Body</th>
          <th scope="col"><span class="unseen">Actions</span></th>
        </tr></thead>
        <tbody>
          ${rows.slice(0, MOST_ROWS).map((schedule) =>
            html`<${ScheduleRow} key=${schedule.name} schedule=${schedule} onOpen=${setOpen} onChange=${again} />`
          )}
        </tbody>
      </table>
      ${value !== undefined && rows.length === 0 &&
        html`<p class="empty">${
          name === ""
            ? "There is no schedule yet. A schedule puts a job again and again."
            : `No schedule matches “${name}”.`
        }</p>`}
      ${rows.length > MOST_ROWS &&
        html`<p class="hint padded">${
          whole(rows.length - MOST_ROWS)
        } more: filter by name to see them.</p>`}
    <//>
    ${open?.what === "new" &&
      html`<${ScheduleDialog} schedule=${open.schedule} onClose=${close} onDone=${again} />`}
    ${open?.what === "jobs" && html`<${LastJobs} schedule=${open.schedule!} onClose=${close} />`}
    ${open?.what === "end" && html`
      <${Confirmation}
        title=${`End the schedule ${open.schedule!.name}?`}
        act="End it"
        isDangerous
        onClose=${close}
        onAct=${() =>
          act(
            "EVERY",
            { name: open.schedule!.name, queue: "off" },
            `${open.schedule!.name} has ended.`,
          ).then(again)}
      >
        <p>It puts no more jobs. Those that it has put stay.</p>
        <//>
    `}
  `;
}

interface ScheduleRowProps {
  readonly schedule: Values;
  readonly onOpen: (open: Open) => void;
  readonly onChange: () => void;
}

function ScheduleRow({ schedule, onOpen, onChange }: ScheduleRowProps): Drawn {
  const { name, queue, key, cron, tz, next, body } = schedule;
  const of = html`<span class="unseen"> of ${String(name)}</span>`;
  const called = html`<span class="unseen"> ${String(name)}</span>`;
  const isPaused = schedule.paused === true;
  const mayDo = (request: PageRequest): boolean => may(request, String(queue), String(key ?? ""));
  const toggle = (): Promise<void> =>
    act(
      "EVERY",
      { name, queue: isPaused ? "resume" : "pause" },
      isPaused
        ? ({ next }) => `${name} puts its next job in ${duration(Number(next))}.`
        : `${name} is paused.`,
    ).then(onChange);
  return html`
    <tr>
      <th scope="row">${String(name)}${isPaused &&
        html`
          <span class="badge paused">paused</span>
        `}</th>
      <td>${inWords(schedule)}${cron !== undefined &&
        html`<br /><small><code>${String(cron)}</code> ${String(tz ?? "UTC")}</small>`}</td>
      <td class="named"><a href=${linkTo("queues", String(queue))}>${String(
        queue,
      )}</a>${key !== undefined &&
        html`<small> ${String(key)}</small>`}</td>
      <td class="number">${next !== undefined
        ? duration(Number(next))
        : isPaused
        ? html`<span class="zero">–</span>`
        : html`<span class="worth">never</span>`}</td>
      <td class="number">${bytes((body as Uint8Array).length)}</td>
      <td class="number acts">
          ${may("LIST", String(queue)) &&
            html`<button type="button" class="quiet" onClick=${() =>
              onOpen({ what: "jobs", schedule })}>Last jobs${of}</button>`}
          ${mayDo("EVERY pause") &&
            html`<button type="button" class="quiet" onClick=${toggle}>${
              isPaused ? "Resume" : "Pause"
            }${called}</button>`}
          ${mayDo("EVERY") &&
            html`<button type="button" class="quiet" onClick=${() =>
              onOpen({ what: "new", schedule })}>Change${called}</button>`}
          ${mayDo("EVERY off") &&
            html`<button type="button" class="quiet" onClick=${() =>
              onOpen({ what: "end", schedule })}>End${called}</button>`}
        </td>
    </tr>
  `;
}

/** The jobs that a schedule has put and that are still there: each is named by its time. */
function LastJobs({ schedule, onClose }: { schedule: Values; onClose: () => void }): Drawn {
  const name = String(schedule.name);
  const queue = String(schedule.queue);
  const ask = async (): Promise<readonly Values[]> => {
    const { items } = await list("LIST", { queue, text: `${name}@` });
    return items.filter(({ unique }) => String(unique ?? "").startsWith(`${name}@`)).reverse();
  };
  const { value, error } = usePolled(ask, name, EVERY_MS);
  return html`<${Dialog} title=${`Jobs of ${name}`} onClose=${onClose} wide>
    ${error && html`<p class="problem" role="alert">${error.message}</p>`}
    ${value === undefined && html`<p role="status">Reading…</p>`}
    ${value?.length === 0 && html`<p>None is in the queue: they are done, or none was put yet.</p>`}
    ${
    value !== undefined && value.length > 0 && html`
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Job</th>
            <th scope="col">State</th>
            <th scope="col">Reason</th>
          </tr>
        </thead>
        <tbody>${value.map((job) =>
          html`
            <tr key=${job.id}>
              <th scope="row">${String(job.unique).slice(name.length + 1)}</th>
              <td><a href=${linkTo("jobs", Number(job.id))} onClick=${onClose}>${String(
                job.id,
              )}</a></td>
              <td><span class=${`badge ${job.state}`}>${job.state === "taken"
                ? "running"
                : String(job.state)}</span></td>
              <td class="cut">${String(job.reason ?? "")}</td>
            </tr>
          `
        )}</tbody>
      </table>
    `
  }
    <details><summary>Body of each job</summary><${BodyView} body=${schedule
    .body as Uint8Array} /></details>
  <//>`;
}
