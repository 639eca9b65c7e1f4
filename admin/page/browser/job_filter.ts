// The filter of jobs: queue, state, key, number, text.

import { useEffect, useState } from "preact/hooks";
import { type Drawn, html } from "./html.ts";
import { go, linkTo } from "./route.ts";
import { list } from "./server.ts";

const STATES = [
  { state: "", title: "All" },
  { state: "ready", title: "Ready" },
  { state: "taken", title: "Running" },
  { state: "delayed", title: "Delayed" },
  { state: "dead", title: "Dead" },
  { state: "done", title: "Done" },
] as const;

/** A queue with thousands of siblings needs no list of all. */
const MOST_SUGGESTED = 500;

/** A form whose state is the address. */
export function JobFilter({ filter }: { filter: Readonly<Record<string, string>> }): Drawn {
  const [edited, setEdited] = useState<Readonly<Record<string, string>>>({});
  const [queues, setQueues] = useState<readonly string[]>([]);
  useEffect(() => {
    list("QUEUES", { max: MOST_SUGGESTED }).then(
      ({ items }) => setQueues(items.map(({ queue }) => String(queue))),
      () => {},
    );
  }, []);
  const valueOf = (name: string): string => edited[name] ?? filter[name] ?? "";
  const set = (name: string) => (event: Event): void =>
    setEdited({ ...edited, [name]: (event.target as HTMLInputElement).value });
  const show = (more: Readonly<Record<string, string>> = {}): void => {
    const { number = "", ...rest } = { ...filter, ...edited, ...more };
    setEdited({});
    if (number.trim() !== "") return go(linkTo("jobs", number.trim()));
    go(linkTo("jobs", undefined, { ...rest, after: "" }));
  };
  return html`
    <form
      class="filter"
      role="search"
      onSubmit=${(event: Event) => {
        event.preventDefault();
        show();
      }}
    >
      <label>Queue
        <input type="text" list="queues" data-filter=${(valueOf("queue") === "") ||
          undefined} value=${valueOf(
            "queue",
          )} onInput=${set("queue")} onChange=${() => show()} />
        <datalist id="queues">${queues.map((name) =>
          html`<option key=${name} value=${name} />`
        )}</datalist>
      </label>
      <label>Key <input type="text" value=${valueOf("key")} onInput=${set("key")} /></label>
      <label class="grows">Text in the body
        <input type="search" data-filter=${(valueOf("queue") !== "") ||
          undefined} placeholder="/" value=${valueOf(
            "text",
          )} onInput=${set("text")} />
      </label>
      <label
        class="short">Number <input type="text" inputmode="numeric" pattern="[0-9]*" value=${valueOf(
          "number",
        )} onInput=${set("number")} /></label>
      <button type="submit" class="primary">Show</button>
      <div class="segments" role="group" aria-label="State">
        ${STATES.map(({ state, title }) =>
          html`
            <button
              key=${state}
              type="button"
              aria-pressed=${(filter.state ?? "") === state}
              onClick=${() => show({ state })}
            >${title}</button>
          `
        )}
      </div>
    </form>
  `;
}
