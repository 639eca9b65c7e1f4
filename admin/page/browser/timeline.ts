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

interface TimelineProps {
  readonly job: Values;
  /** Its last attempts, the oldest first. */
  readonly attempts: readonly Values[];
}

/** The steps of a job, the first one first. */
export function Timeline({ job, attempts }: TimelineProps): Drawn {
  return html`
    <section class="card">
      <h3>Timeline</h3>
      <ol class="timeline">
          ${happenings(job, attempts).map(({ title, when, more, kind }, i) =>
            html`<li key=${i} class=${kind}>
          <b>${title}</b> <span class="hint">${when}</span>
          ${more !== undefined && html`<p class="reason">${more}</p>`}
        </li>`
          )}
        </ol>
    </section>
  `;
}

/** The known events in the life of a job. */
export function happenings(job: Values, attempts: readonly Values[]): readonly Happening[] {
  const age = Number(job.age);
  const attempt = Number(job.attempt);
  const left = job.left === undefined ? undefined : duration(Number(job.left));
  const reason = job.reason === undefined ? undefined : String(job.reason);
  const steps: Happening[] = [
    { title: "Put", when: `${duration(age)} ago, ${moment(Date.now() - age)}`, kind: "past" },
  ];
  const past = attempts.filter(({ outcome }) => outcome !== "running");
  const [oldest] = attempts;
  const missing = oldest === undefined
    ? job.state === "taken" ? attempt - 1 : attempt
    : Number(oldest.attempt) - 1;
  if (missing > 0) {
    const title = missing === 1 ? "Tried once before" : `Tried ${missing} times before`;
    // Jobs of an older file have no history.
    const more = past.length === 0 && job.state !== "done" ? reason : undefined;
    steps.push({ title, when: "", more, kind: more === undefined ? "past" : "failed" });
  }
  steps.push(...past.map(toHappening));
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

const OUTCOMES: Readonly<Record<string, string>> = {
  done: "done",
  failed: "failed",
  released: "given back",
  timeout: "its lease ran out",
  disconnected: "its worker was gone",
  undelivered: "nobody read it",
  unreadable: "its body could not be read",
};
const HARMLESS = ["done", "released", "undelivered"];

function toHappening({ attempt, age, ran, outcome, by, reason }: Values): Happening {
  const words = OUTCOMES[String(outcome)] ?? String(outcome);
  const when = [
    age !== undefined && `${duration(Number(age))} ago`,
    ran !== undefined && `for ${duration(Number(ran))}`,
    by !== undefined && `by ${by}`,
  ];
  return {
    title: `Attempt ${attempt}: ${words}`,
    when: when.filter(Boolean).join(", "),
    more: reason === undefined ? undefined : String(reason),
    kind: outcome === "done" ? "done" : HARMLESS.includes(String(outcome)) ? "past" : "failed",
  };
}
