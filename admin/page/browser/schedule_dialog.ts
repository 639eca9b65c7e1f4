// Makes or changes a schedule.

import { useState } from "preact/hooks";
import { Dialog } from "./dialog.ts";
import { duration } from "./figures.ts";
import { type Drawn, html } from "./html.ts";
import { say } from "./notices.ts";
import { readDuration } from "./put_dialog.ts";
import { inWords } from "./schedule_words.ts";
import { call, type Values } from "./server.ts";

interface ScheduleDialogProps {
  /** The schedule that is changed; a new one if it is left out. */
  readonly schedule?: Values;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

const FIELDS = [
  { name: "name", title: "Name", hint: "", isNeeded: true },
  { name: "queue", title: "Queue", hint: "", isNeeded: true },
  { name: "cron", title: "Cron", hint: "0 8 * * 1-5", isNeeded: false },
  { name: "tz", title: "Time zone of cron", hint: "UTC", isNeeded: false },
  { name: "interval", title: "Or every", hint: "such as 15m", isNeeded: false },
  { name: "key", title: "Key", hint: "", isNeeded: false },
] as const;

/** A dialog for EVERY. It tells the times in words while they are typed. */
export function ScheduleDialog({ schedule, onClose, onDone }: ScheduleDialogProps): Drawn {
  const [values, setValues] = useState<Readonly<Record<string, string>>>(() => valuesOf(schedule));
  const [problem, setProblem] = useState("");
  const set = (name: string) => (event: Event): void =>
    setValues({ ...values, [name]: (event.target as HTMLInputElement).value });
  const given = (name: string): string | undefined => values[name]?.trim() || undefined;
  const onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      const interval = given("interval");
      const { next } = await call("EVERY", {
        name: given("name"),
        queue: given("queue"),
        body: new TextEncoder().encode(values.body ?? ""),
        cron: given("cron"),
        tz: given("tz"),
        interval: interval === undefined ? undefined : readDuration(interval),
        key: given("key"),
      });
      say(
        next === undefined
          ? `${values.name} is set, and paused.`
          : `${values.name} puts its next job in ${duration(Number(next))}.`,
      );
      onClose();
      onDone();
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  const cron = given("cron");
  return html`
    <${Dialog} title=${schedule === undefined
      ? "Make a schedule"
      : `Change ${schedule.name}`} onClose=${onClose} wide>
      <form class="put" onSubmit=${onSubmit}>
        ${FIELDS.map(({ name, title, hint, isNeeded }) =>
          html`<label key=${name}>${title}
            <input
              type="text"
              placeholder=${hint}
              required=${isNeeded}
              readonly=${name === "name" && schedule !== undefined}
              data-first=${(name === (schedule === undefined ? "name" : "queue")) || undefined}
              value=${values[name] ?? ""}
              onInput=${set(name)}
            />
          </label>`
        )}
        <p class="hint whole" role="status">${cron === undefined ? "" : inWords({ cron })}</p>
        <label class="whole">Body of each job
          <textarea rows="4" spellcheck=${false} value=${values.body ?? ""} onInput=${set(
            "body",
          )}></textarea>
        </label>
        ${schedule !== undefined &&
          html`<p class="hint whole">Options that are not shown here, such as attempts, get their defaults.</p>`}
        ${problem !== "" && html`<p class="problem whole" role="alert">${problem}</p>`}
        <footer class="whole">
          <button type="button" onClick=${onClose}>Cancel</button>
          <button type="submit" class="primary">Save</button>
        </footer>
      </form>
      <//>
  `;
}

function valuesOf(schedule: Values | undefined): Record<string, string> {
  if (schedule === undefined) return {};
  const { interval, body, ...rest } = schedule;
  const texts = Object.entries(rest).filter(([name]) => FIELDS.some((each) => each.name === name));
  return {
    ...Object.fromEntries(texts.map(([name, value]) => [name, String(value)])),
    ...(interval === undefined ? {} : { interval: `${Number(interval) / 1000}s` }),
    body: new TextDecoder().decode(body as Uint8Array),
  };
}
