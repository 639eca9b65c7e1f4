// The limits of a queue or of a key, edited in place.

import { useState } from "preact/hooks";
import { act } from "./acts.ts";
import { type Drawn, html } from "./html.ts";
import { may, type Values } from "./server.ts";

interface LimitsProps {
  readonly queue: string;
  readonly key?: string;
  readonly limits: Values;
  readonly onChange: () => void;
}

const FIELDS = [
  { name: "running", title: "Running at a time", none: "no limit", step: "1" },
  { name: "rate", title: "Taken a second", none: "no limit", step: "any" },
  { name: "weight", title: "Weight", none: "1", step: "any" },
  { name: "depth", title: "Depth", none: "no limit", step: "1" },
] as const;

/** A card with the limits of a queue. */
export function Limits({ queue, limits, onChange }: LimitsProps): Drawn {
  return html`
    <section class="card">
      <h3>Limits</h3>
      <${LimitForm} queue=${queue} limits=${limits} onDone=${onChange} />
    </section>
  `;
}

interface LimitFormProps {
  readonly queue: string;
  /** The key that they are for; the queue as a whole if it is left out. */
  readonly of?: string;
  readonly limits: Values;
  readonly onDone: () => void;
}

/** A field for each limit. An empty field lifts it. */
export function LimitForm({ queue, of, limits, onDone }: LimitFormProps): Drawn {
  const [edited, setEdited] = useState<Readonly<Record<string, string>>>({});
  const [isBusy, setBusy] = useState(false);
  const changed = FIELDS.filter(({ name }) =>
    edited[name] !== undefined && edited[name] !== String(limits[name] ?? "")
  );
  const onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (changed.length === 0) return;
    setBusy(true);
    const values = Object.fromEntries(changed.map(({ name }) => [name, Number(edited[name] || 0)]));
    const words = changed.map(({ name, none }) => `${name} ${edited[name] || none}`).join(", ");
    await act("LIMIT", { queue, key: of, ...values }, `${of ?? queue}: ${words}.`);
    setBusy(false);
    setEdited({});
    onDone();
  };
  const isReadOnly = !may("LIMIT", queue, of);
  return html`
    <form class="limits" onSubmit=${onSubmit}>
      ${FIELDS.map(({ name, title, none, step }) =>
        html`<label key=${name}>${title}
          <input
            type="number"
            min="0"
            step=${step}
            placeholder=${none}
            readonly=${isReadOnly}
            data-first=${(of !== undefined && name === "running") || undefined}
            value=${edited[name] ?? String(limits[name] ?? "")}
            onInput=${(event: Event) =>
          setEdited({ ...edited, [name]: (event.target as HTMLInputElement).value })}
          />
        </label>`
      )}
      ${!isReadOnly && html`
        <div class="buttons">
          <button type="submit" class="primary" disabled=${changed.length === 0 ||
            isBusy}>Save</button>
          <button type="button" disabled=${changed.length === 0} onClick=${() =>
            setEdited({})}>Undo</button>
        </div>
      `}
    </form>
  `;
}
