// `:`: jumps to a part, a queue or a job.

import { useEffect, useState } from "preact/hooks";
import { Dialog } from "./dialog.ts";
import { type Drawn, html } from "./html.ts";
import { go, linkTo } from "./route.ts";
import { list, may } from "./server.ts";

interface JumpTarget {
  readonly name: string;
  readonly kind: string;
  readonly link: string;
}

interface JumpProps {
  readonly parts: readonly { readonly view: string; readonly title: string }[];
  readonly onClose: () => void;
}

const MOST = 8;

/** A field with suggestions: the arrows choose, Enter goes. */
export function Jump({ parts, onClose }: JumpProps): Drawn {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const [queues, setQueues] = useState<readonly string[]>([]);
  useEffect(() => {
    if (!may("QUEUES") || /\s/.test(text)) return;
    let isOver = false;
    list("QUEUES", { match: `*${text}*`, max: MOST }).then(
      ({ items }) => isOver || setQueues(items.map(({ queue }) => String(queue))),
      () => {},
    );
    return () => void (isOver = true);
  }, [text]);
  const all: readonly JumpTarget[] = [
    ...(/^[0-9]+$/.test(text) && may("JOB")
      ? [{ name: `Job ${text}`, kind: "job", link: linkTo("jobs", text) }]
      : []),
    ...parts.map(({ view, title }) => ({ name: title, kind: "part", link: linkTo(view) })),
    ...queues.map((name) => ({ name, kind: "queue", link: linkTo("queues", name) })),
  ];
  const wanted = text.toLowerCase();
  const matches = ({ name, kind }: JumpTarget): boolean =>
    kind === "job" || name.toLowerCase().includes(wanted);
  const found = all.filter(matches).slice(0, MOST);
  const jump = ({ link }: JumpTarget): void => {
    onClose();
    go(link);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && found.length > 0) {
      event.preventDefault();
      setChosen((chosen + step + found.length) % found.length);
    } else if (event.key === "Enter" && found[chosen] !== undefined) {
      event.preventDefault();
      jump(found[chosen]);
    }
  };
  return html`
    <${Dialog} title="Jump" onClose=${onClose}>
      <label>Queue, number of a job, or part
        <input
          type="text"
          role="combobox"
          aria-expanded="true"
          aria-controls="jump-list"
          aria-activedescendant=${found[chosen] && `jump-${chosen}`}
          autocomplete="off"
          data-first
          maxlength="100"
          value=${text}
          onKeyDown=${onKeyDown}
          onInput=${(event: Event) => {
            setText((event.target as HTMLInputElement).value);
            setChosen(0);
          }}
        />
      </label>
      <ul id="jump-list" class="choices" role="listbox" aria-label="Places">
        ${found.map((target, i) =>
          html`
            <li
              key=${target.link}
              id=${`jump-${i}`}
              role="option"
              aria-selected=${i === chosen}
              onClick=${() => jump(target)}
            >${target.name}<small>${target.kind}</small></li>
          `
        )}
      </ul>
      ${found.length === 0 && html`<p class="hint">Nothing is called so.</p>`}
    <//>
  `;
}
