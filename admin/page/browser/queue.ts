// One queue: its figures, its limits, and its fairness.

import { useState } from "preact/hooks";
import { act } from "./acts.ts";
import { Confirmation } from "./dialog.ts";
import { Fairness } from "./fairness.ts";
import { counted, digits, duration, perSecond, whole } from "./figures.ts";
import { type HistoryState, recorded, type Samples, withoutCourse } from "./history.ts";
import { type Drawn, html } from "./html.ts";
import { Limits } from "./limits.ts";
import { Plot } from "./plot.ts";
import { polledEvery, usePolled } from "./polling.ts";
import { PutDialog } from "./put_dialog.ts";
import { linkTo } from "./route.ts";
import { list, may, type Values } from "./server.ts";
import { useShortcuts } from "./shortcuts.ts";
import { useStore } from "./store.ts";

/** The plot shows so many samples: half an hour. */
const PLOT_SAMPLES = 600;
const MOST_KEYS = 100;

const STATES = [
  { state: "ready", title: "Ready" },
  { state: "taken", title: "Running" },
  { state: "delayed", title: "Delayed" },
  { state: "dead", title: "Dead" },
  { state: "done", title: "Results kept" },
] as const;

/** All of a queue. */
export function QueueView({ name }: { name: string }): Drawn {
  const ask = (): Promise<{ items: readonly Values[]; reply: Values }> =>
    list("QUEUE", { queue: name, top: MOST_KEYS });
  const { value, error, again } = usePolled(ask, name, polledEvery);
  const { samples }: HistoryState = useStore(recorded);
  const [open, setOpen] = useState<"put" | "revive" | "purge" | undefined>(undefined);
  const queue = value?.reply;
  const isPaused = queue?.paused === true;
  const toggle = (): Promise<void> =>
    act(
      isPaused ? "RESUME" : "PAUSE",
      { queue: name },
      `${name} ${isPaused ? "goes on" : "is paused"}.`,
    )
      .then(again);
  useShortcuts([
    ...(may("PUT", name) ? [{ keys: "p", does: "Put a job", act: () => setOpen("put") }] : []),
    ...(may("PAUSE", name)
      ? [{ keys: "x", does: "Pause the queue, or go on", act: () => void toggle() }]
      : []),
  ]);
  if (queue === undefined) {
    return html`
      <div class="empty">
        <h1>${name}</h1>
        <p role="status">${error?.message ?? "Reading…"}</p>
        <p><a href=${linkTo("queues")}>Queues</a></p>
      </div>
    `;
  }
  const dead = Number(queue.dead);
  const total = STATES.reduce((sum, { state }) => sum + Number(queue[state] ?? 0), 0);
  return html`
    <p class="crumbs"><a href=${linkTo("queues")}>Queues</a></p>
    <div class="headline">
      <h1>${name}</h1>
      ${isPaused && html`<span class="badge paused">paused</span>`}
      <div class="actions">
        ${dead > 0 && may("REVIVE", name) &&
          html`<button type="button" onClick=${() => setOpen("revive")}>Revive ${
            counted(dead, "dead job")
          }</button>`}
        ${total > 0 && may("PURGE", name) &&
          html`<button type="button" onClick=${() => setOpen("purge")}>Purge</button>`}
        ${may("PAUSE", name) &&
          html`<button type="button" onClick=${toggle}>${isPaused ? "Resume" : "Pause"}</button>`}
        ${may("PUT", name) &&
          html`<button type="button" class="primary" onClick=${() =>
            setOpen("put")}>Put a job</button>`}
      </div>
    </div>
    <dl class="tiles">
      ${STATES.map(({ state, title }) =>
        html`<div key=${state} class="tile card">
          <dt>${title}</dt>
          <dd class=${state === "dead" && dead > 0 ? "value bad" : "value"}>
            <a href=${linkTo("jobs", undefined, { queue: name, state })}>${
          whole(Number(queue[state] ?? 0))
        }</a>
          </dd>
          ${
          state === "ready" &&
          html`<dd class="hint">${
            queue.oldest === undefined ? "none waits" : `oldest ${duration(Number(queue.oldest))}`
          }</dd>`
        }
          ${
          state === "taken" &&
          html`<dd class="hint">${counted(Number(queue.takers), "idle worker")}</dd>`
        }
        </div>`
      )}
      <div class="tile card broad">
        <dt>Rates, last minute</dt>
        <dd><ul class="rates">
          <li>put <b>${perSecond(Number(queue.puts))}</b></li>
          <li>taken <b>${perSecond(Number(queue.takes))}</b></li>
          <li>done <b>${perSecond(Number(queue.dones))}</b></li>
          <li>failed <b class=${Number(queue.fails) > 0 ? "bad" : ""}>${perSecond(
            Number(queue.fails),
          )}</b></li>
        </ul></dd>
      </div>
    </dl>
    <div class="plots">
      ${samples !== undefined && html`<${Course} name=${name} samples=${samples} />`}
      <${Limits} queue=${name} limits=${queue} onChange=${again} />
    </div>
    <${Fairness} queue=${name} reply=${queue} keys=${value!.items} onChange=${again} />
    ${open === "put" && html`<${PutDialog} queue=${name} onClose=${() => setOpen(undefined)} />`}
    ${open === "revive" && html`
      <${Confirmation}
        title=${`Revive ${counted(dead, "dead job")}?`}
        act=${`Revive ${whole(dead)}`}
        onClose=${() => setOpen(undefined)}
        onAct=${() =>
          act(
            "REVIVE",
            { target: name },
            ({ count }) => `${counted(Number(count), "job")} of ${name} revived.`,
          ).then(again)}
      >
        <p>They are ready again, with all their attempts.</p>
        <//>
    `}
    ${open === "purge" && html`
      <${Confirmation}
        title=${`Remove ${counted(total, "job")} of ${name}?`}
        act=${`Remove ${whole(total)}`}
        isDangerous
        onClose=${() => setOpen(undefined)}
        onAct=${() =>
          act(
            "PURGE",
            { queue: name },
            ({ count }) => `${counted(Number(count), "job")} of ${name} removed.`,
          ).then(again)}
      >
        <p>Jobs in all states are removed, also those that workers have taken. This cannot be undone.</p>
        <//>
    `}
  `;
}

function Course({ name, samples }: { name: string; samples: Samples }): Drawn {
  const without = withoutCourse(samples, name);
  if (without !== undefined) {
    return html`
      <section class="card">
        <h3>Jobs</h3>
        <p class="hint">${without}</p>
      </section>
    `;
  }
  const columns = samples.queues.get(name);
  const shown = Math.max(2, Math.min(PLOT_SAMPLES, samples.count));
  const times = Array.from(
    { length: shown },
    (_, i) => samples.at - (shown - 1 - i) * samples.interval,
  );
  const lines = [["ready", "blue"], ["taken", "teal"], ["delayed", "amber"], ["dead", "red"]].map(
    ([state, color]) => {
      const values = columns?.get(state)?.slice(-shown) ?? [];
      return {
        label: state === "taken" ? "running" : state,
        color,
        filled: state === "ready",
        values: [...new Array(shown - values.length).fill(null), ...values],
      };
    },
  );
  return html`<${Plot} title="Jobs" times=${times} lines=${lines} format=${digits} />`;
}
