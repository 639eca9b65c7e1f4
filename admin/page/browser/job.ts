// One job: its timeline, its options, and its body when asked for.

import { useState } from "preact/hooks";
import { act } from "./acts.ts";
import { BodyView } from "./body.ts";
import { Confirmation } from "./dialog.ts";
import { bytes, duration, moment, whole } from "./figures.ts";
import { type Drawn, html } from "./html.ts";
import { usePolled } from "./polling.ts";
import { PutDialog } from "./put_dialog.ts";
import type { PageRequest } from "./permissions.ts";
import { go, linkTo } from "./route.ts";
import { list, may, type Values } from "./server.ts";
import { useShortcuts } from "./shortcuts.ts";
import { Timeline } from "./timeline.ts";

/** A job comes with its body, so it is not asked for often. */
const EVERY_MS = 10_000;

/** All of a job. */
export function JobView({ id }: { id: string }): Drawn {
  const { value, error, again } = usePolled(() => list("JOB", { id: Number(id) }), id, EVERY_MS);
  const [open, setOpen] = useState<"drop" | "copy" | undefined>(undefined);
  const [isShown, setShown] = useState(false);
  const job = value?.reply;
  const isDead = job?.state === "dead";
  const mayDo = (request: PageRequest): boolean =>
    may(request, String(job!.queue), String(job!.key ?? ""));
  const revive = (): Promise<void> =>
    act("REVIVE", { target: id }, `Job ${id} is revived.`).then(again);
  useShortcuts(
    job === undefined ? [] : [
      ...(isDead && mayDo("REVIVE")
        ? [{ keys: "r", does: "Revive the job", act: () => void revive() }]
        : []),
      ...(mayDo("DROP") ? [{ keys: "d", does: "Drop the job", act: () => setOpen("drop") }] : []),
      { keys: "b", does: "Show or hide the body", act: () => setShown(!isShown) },
    ],
  );
  if (job === undefined) {
    return html`
      <div class="empty">
        <h1>Job ${id}</h1>
        <p role="status">${error?.message ?? "Reading…"}</p>
        <p><a href=${linkTo("jobs")}>Jobs</a></p>
      </div>
    `;
  }
  const body = job.body as Uint8Array;
  const queue = String(job.queue);
  return html`
    <p class="crumbs">
      <a href=${linkTo("queues", queue)}>${queue}</a>
      <a href=${linkTo("jobs", undefined, { queue })}>Jobs</a>
    </p>
    <div class="headline">
      <h1>Job ${id}</h1>
      <span class=${`badge ${job.state}`}>${job.state === "taken"
        ? "running"
        : String(job.state)}</span>
      <div class="actions">
        ${isDead && mayDo("REVIVE") &&
          html`<button type="button" class="primary" onClick=${revive}>Revive</button>`}
        ${may("PUT", queue) &&
          html`<button type="button" onClick=${() => setOpen("copy")}>Put a copy</button>`}
        ${mayDo("DROP") &&
          html`<button type="button" onClick=${() => setOpen("drop")}>Drop</button>`}
      </div>
    </div>
    ${error && html`<p class="problem" role="alert">${error.message}</p>`}
    <div class="columns">
      <${Timeline} job=${job} attempts=${value!.items} />
      <section class="card">
        <h3>Details</h3>
        <${Details} job=${job} />
      </section>
      <section class="card wide-card">
        <div class="headline">
          <h3>${job.state === "done" ? "Result" : "Body"}</h3>
          <p class="hint">${bytes(body.length)}</p>
          <button type="button" aria-expanded=${isShown} onClick=${() =>
            setShown(!isShown)}>${isShown ? "Hide" : "Show"}</button>
        </div>
        ${isShown && html`<${BodyView} body=${body} />`}
      </section>
    </div>
    ${open === "copy" &&
      html`<${PutDialog} queue=${queue} body=${new TextDecoder().decode(body)} onClose=${() =>
        setOpen(undefined)} />`}
    ${open === "drop" && html`
      <${Confirmation}
        title=${`Drop job ${id}?`}
        act="Drop 1 job"
        isDangerous
        onClose=${() => setOpen(undefined)}
        onAct=${() =>
          act("DROP", { id: Number(id) }, `Job ${id} is dropped.`).then(() =>
            go(linkTo("jobs", undefined, { queue }))
          )}
      >
        <p>It is removed, whatever its state. This cannot be undone.</p>
        <//>
    `}
  `;
}

function Details({ job }: { job: Values }): Drawn {
  const rows: readonly (readonly [string, unknown])[] = [
    ["Queue", html`<a href=${linkTo("queues", String(job.queue))}>${String(job.queue)}</a>`],
    ["Key", job.key],
    ["Name", job.unique],
    ["Priority", job.priority],
    [
      "Attempts",
      `${whole(Number(job.attempt))} of ${
        Number(job.attempts) === 0 ? "any number" : whole(Number(job.attempts))
      }${job.spared === undefined ? "" : `, ${whole(Number(job.spared))} not counted`}`,
    ],
    ["Lease", duration(Number(job.lease))],
    ["Backoff", job.backoff === undefined ? undefined : `from ${duration(Number(job.backoff))}`],
    ["Put", moment(Date.now() - Number(job.age))],
    ["Expires in", job.expires === undefined ? undefined : duration(Number(job.expires))],
  ];
  return html`<dl class="details">
    ${
    rows.filter(([, value]) => value !== undefined).map(([name, value]) =>
      html`
        <div key=${name}>
          <dt>${name}</dt>
          <dd>${typeof value === "object" ? value : String(value)}</dd>
        </div>
      `
    )
  }
  </dl>`;
}
