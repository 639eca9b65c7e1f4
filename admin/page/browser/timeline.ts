// The life of a job so far, and what comes next.

import { duration, moment } from "./figures.ts";
import { type Drawn, html } from "./html.ts";
import type { Values } from "./server.ts";

/** Something that happened to a job, or will. */
interface Happening {
  readonly title: string;
  readonly when: string;
  readonly more?: string;
  readonly kind: string;
}

/** The steps of a job, the first one first. */
export function Timeline({ job }: { job: Values }): Drawn {
  return html`
    <section class="card">
      <h3>Timeline</h3>
      <ol class="timeline">
          ${happenings(job).map(({ title, when, more, kind }, i) =>
            html`<li key=${i} class=${kind}>
          <b>${title}</b> <span class="hint">${when}</span>
          ${more !== undefined && html`<p class="reason">${more}</p>`}
        </li>`
          )}
        </ol>
    </section>
  `;
}

/** What is known of the life of a job. */
export function happenings(job: Values): readonly Happening[] {
  const age = Number(job.age);
  const attempt = Number(job.attempt);
  const left = job.left === undefined ? undefined : duration(Number(job.left));
  const reason = job.reason === undefined ? undefined : String(job.reason);
  const steps: Happening[] = [
    { title: "Put", when: `${duration(age)} ago, ${moment(Date.now() - age)}`, kind: "past" },
  ];
  const failed = job.state === "taken" ? attempt - 1 : attempt;
  if (failed > 0 && job.state !== "done") {
    const title = failed === 1 ? "Tried once" : `Tried ${failed} times`;
    steps.push({ title, when: "", more: reason, kind: reason === undefined ? "past" : "failed" });
  }
  switch (job.state) {
    case "delayed":
      steps.push({ title: "Waits for its time", when: `ready in ${left}`, kind: "next" });
      break;
    case "ready":
      steps.push({ title: "Ready", when: "waits for a worker", kind: "next" });
      break;
    case "taken":
      steps.push({
        title: `Running, attempt ${attempt}`,
        when: `its lease ends in ${left}`,
        kind: "now",
      });
      break;
    case "dead":
      steps.push({ title: "Dead", when: "until somebody revives or drops it", kind: "failed" });
      break;
    case "done":
      steps.push({ title: "Done", when: `its result is kept for ${left}`, kind: "done" });
      break;
  }
  return steps;
}
