// Revives or drops all jobs that match a filter, after a confirmation that counts them.

import { useEffect, useState } from "preact/hooks";
import { act } from "./acts.ts";
import { Confirmation, Dialog } from "./dialog.ts";
import { counted, whole } from "./figures.ts";
import { type Drawn, html } from "./html.ts";
import { listArgs } from "./jobs_request.ts";
import { say } from "./notices.ts";
import { call, list, type Values } from "./server.ts";

interface BulkActProps {
  readonly verb: "REVIVE" | "DROP";
  readonly filter: Readonly<Record<string, string>>;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** How many jobs match: all that the queue counts, or those that a search has found. */
interface Matches {
  readonly count: number;
  /** The jobs that a search has found; `undefined` where the server acts by itself. */
  readonly ids: readonly number[] | undefined;
  readonly isWhole: boolean;
}

/** A search for a text finds at most so many jobs to act on. */
const MOST_FOUND = 10_000;
const PAGE = 1000;
const AT_ONCE = 16;

/** The dialog of an act on many jobs. */
export function BulkAct({ verb, filter, onClose, onDone }: BulkActProps): Drawn {
  const [matches, setMatches] = useState<Matches | undefined>(undefined);
  const [looked, setLooked] = useState(0);
  const [problem, setProblem] = useState("");
  const wanted = verb === "REVIVE" ? { ...filter, state: "dead" } : filter;
  useEffect(() => {
    let isOver = false;
    const found = filter.text ? search(wanted, setLooked, () => isOver) : count(wanted);
    found.then(
      (value) => isOver || setMatches(value),
      (error) => isOver || setProblem(error.message),
    );
    return () => void (isOver = true);
  }, []);
  const name = verb === "REVIVE" ? "Revive" : "Drop";
  if (problem !== "" || matches === undefined) {
    return html`<${Dialog} title=${`${name} all that match`} onClose=${onClose}>
      ${
      problem !== ""
        ? html`<p class="problem" role="alert">${problem}</p>`
        : html`<p role="status">Counting… ${looked > 0 && `${whole(looked)} found`}</p>`
    }
      <footer><button type="button" data-first onClick=${onClose}>Cancel</button></footer>
    <//>`;
  }
  const { count: total, ids, isWhole } = matches;
  if (total === 0) {
    return html`
      <${Dialog} title=${`${name} all that match`} onClose=${onClose}>
        <p>No ${verb === "REVIVE" ? "dead job" : "job"} matches.</p>
        <footer><button type="button" class="primary" data-first onClick=${onClose}>Close</button></footer>
        <//>
    `;
  }
  const many = counted(total, verb === "REVIVE" ? "dead job" : "job");
  return html`
    <${Confirmation}
      title=${`${name} ${many}?`}
      act=${`${name} ${whole(total)}`}
      isDangerous=${verb === "DROP"}
      onClose=${onClose}
      onAct=${() => (ids === undefined ? all(verb, wanted) : each(verb, ids)).then(onDone)}
    >
        <p>${described(wanted)}</p>
        <p>${verb === "REVIVE"
          ? "They are ready again, with all their attempts."
          : "They are removed, whatever their state. This cannot be undone."}</p>
        ${!isWhole && html`<p>More match; these are the first ${whole(total)}.</p>`}
      <//>
  `;
}

function described({ queue, state, key, text }: Readonly<Record<string, string>>): string {
  const parts = [
    `Queue ${queue}`,
    state ? `state ${state}` : "all states",
    key && `key ${key}`,
    text && `with “${text}” in the body`,
  ];
  return `${parts.filter(Boolean).join(", ")}.`;
}

/** The queue's own count: nothing is looked through. */
async function count({ queue, state, key }: Readonly<Record<string, string>>): Promise<Matches> {
  const { items, reply } = await list("QUEUE", key ? { queue, key } : { queue, top: 0 });
  const counts: Values = key ? items[0] ?? {} : reply;
  const states = state ? [state] : ["ready", "taken", "delayed", "dead", "done"];
  const sum = states.reduce((sum, each) => sum + Number(counts[each] ?? 0), 0);
  return { count: sum, ids: undefined, isWhole: true };
}

async function search(
  filter: Readonly<Record<string, string>>,
  onFound: (count: number) => void,
  isOver: () => boolean,
): Promise<Matches> {
  const ids: number[] = [];
  let after: number | undefined = 0;
  while (after !== undefined && ids.length < MOST_FOUND && !isOver()) {
    const { items, reply } = await list("LIST", { ...listArgs(filter), max: PAGE, after });
    ids.push(...items.map(({ id }) => Number(id)));
    onFound(ids.length);
    after = reply.after as number | undefined;
  }
  const kept = ids.slice(0, MOST_FOUND);
  return { count: kept.length, ids: kept, isWhole: after === undefined };
}

/** The server does it to all that match when it gets there. */
function all(verb: BulkActProps["verb"], filter: Readonly<Record<string, string>>): Promise<void> {
  const { queue, state, key } = filter;
  return verb === "REVIVE"
    ? act(
      "REVIVE",
      { target: queue, key: key || undefined },
      ({ count }) => `${counted(Number(count), "job")} revived.`,
    )
    : act(
      "PURGE",
      { queue, state: state || undefined, key: key || undefined },
      ({ count }) => `${counted(Number(count), "job")} dropped.`,
    );
}

/** One after the other, some at a time. A job that is gone, or not dead any more, is left out. */
async function each(verb: BulkActProps["verb"], ids: readonly number[]): Promise<void> {
  const left = [...ids];
  let done = 0;
  let failed = 0;
  const go = async (): Promise<void> => {
    for (let id; (id = left.shift()) !== undefined;) {
      await call(verb, verb === "REVIVE" ? { target: String(id) } : { id }).then(
        () => done++,
        () => failed++,
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, go));
  const more = failed > 0 ? ` ${counted(failed, "job")} had changed meanwhile.` : "";
  say(`${counted(done, "job")} ${verb === "REVIVE" ? "revived" : "dropped"}.${more}`);
}
