// Puts a job.

import { useState } from "preact/hooks";
import { Dialog } from "./dialog.ts";
import { type Drawn, html } from "./html.ts";
import { say } from "./notices.ts";
import { go, linkTo } from "./route.ts";
import { call, connection } from "./server.ts";

const OPTIONS = [
  { name: "key", title: "Key", hint: "whose job it is" },
  { name: "id", title: "Name", hint: "unique in its queue" },
  { name: "delay", title: "Delay", hint: "such as 10m" },
  { name: "priority", title: "Priority", hint: "0 to 9, first is 0" },
  { name: "attempts", title: "Attempts", hint: "10" },
  { name: "backoff", title: "Backoff", hint: "such as 30s" },
  { name: "lease", title: "Lease", hint: "60s" },
  { name: "expires", title: "Expires after", hint: "never" },
] as const;
const NUMBERS = ["priority", "attempts"];
const DURATIONS = ["delay", "backoff", "lease", "expires"];
const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Reads `500ms`, `5s`, `1.5m`, `2h`, `1d` as ms. Throws for anything else. */
export function readDuration(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim()) ?? [];
  if (number === undefined) {
    throw new Error(`“${text}” is no duration such as 500ms, 5s, 1.5m, 2h or 1d.`);
  }
  return Number(number) * UNITS[unit];
}

/** An identity that may put jobs of some keys only is told which. */
function hintOf(name: string, hint: string): string {
  return (name === "key" && connection.get().keys?.join(" ")) || hint;
}

interface PutDialogProps {
  readonly queue: string;
  readonly body?: string;
  readonly onClose: () => void;
}

/** A dialog with all that PUT takes. */
export function PutDialog({ queue, body = "", onClose }: PutDialogProps): Drawn {
  const [values, setValues] = useState<Readonly<Record<string, string>>>({ queue, body });
  const [problem, setProblem] = useState("");
  const set = (name: string) => (event: Event): void =>
    setValues({ ...values, [name]: (event.target as HTMLInputElement).value });
  const onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      const given = OPTIONS.filter(({ name }) => values[name]?.trim());
      const options = Object.fromEntries(given.map(({ name }) => {
        const text = values[name].trim();
        if (DURATIONS.includes(name)) return [name, readDuration(text)];
        return [name, NUMBERS.includes(name) ? Number(text) : text];
      }));
      const { id, duplicate } = await call("PUT", {
        queue: values.queue.trim(),
        body: new TextEncoder().encode(values.body),
        ...options,
      });
      say(duplicate === true ? `Job ${id} has this name already.` : `Job ${id} is put.`);
      onClose();
      go(linkTo("jobs", Number(id)));
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return html`
    <${Dialog} title="Put a job" onClose=${onClose} wide>
      <form class="put" onSubmit=${onSubmit}>
        <label>Queue
          <input type="text" required maxlength="128" data-first=${(queue === "") ||
            undefined} value=${values
            .queue} onInput=${set("queue")} />
        </label>
        <label class="whole">Body
          <textarea rows="6" spellcheck=${false} data-first=${(queue !== "") ||
            undefined} value=${values
            .body} onInput=${set("body")}></textarea>
        </label>
        ${OPTIONS.map(({ name, title, hint }) =>
          html`<label key=${name}>${title}
            <input type="text" placeholder=${hintOf(name, hint)} value=${
            values[name] ?? ""
          } onInput=${set(name)} />
          </label>`
        )}
        ${problem !== "" && html`<p class="problem whole" role="alert">${problem}</p>`}
        <footer class="whole">
          <button type="button" onClick=${onClose}>Cancel</button>
          <button type="submit" class="primary">Put the job</button>
        </footer>
      </form>
      <//>
  `;
}
