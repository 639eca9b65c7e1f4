// The shares of the keys of a queue, and the reasons why some wait.

import { useRef, useState } from "preact/hooks";
import { Dialog } from "./dialog.ts";
import { digits, percent, perSecond, whole } from "./figures.ts";
import { type Drawn, html } from "./html.ts";
import { LimitForm } from "./limits.ts";
import { linkTo } from "./route.ts";
import { may, type Values } from "./server.ts";
import { Scrolled } from "./scrolled.ts";

interface FairnessProps {
  readonly queue: string;
  readonly reply: Values;
  readonly keys: readonly Values[];
  readonly onChange: () => void;
}

/** The share of a key in the jobs that were taken while the page looked, and the share that is its due. */
export interface Share {
  readonly key: string;
  readonly row: Values;
  /** Of all jobs that were taken lately; `undefined` if none was. */
  readonly got: number | undefined;
  /** Of the jobs that are next, by its weight; `undefined` if it asks for none. */
  readonly due: number | undefined;
  readonly why: string;
}

/** The takes of keys at one look, and what they have gained since the look before. */
interface Look {
  readonly at: number;
  readonly takes: ReadonlyMap<string, number>;
  readonly gains: ReadonlyMap<string, number>;
}

/** Shares are over so long a time. */
const OVER_MS = 60_000;

/** The keys of a queue with their shares. */
export function Fairness({ queue, reply, keys, onChange }: FairnessProps): Drawn {
  const looks = useRef<Look[]>([]);
  const [edited, setEdited] = useState<string | undefined>(undefined);
  remember(looks.current, keys);
  const shares = sharesOf(reply, keys, looks.current);
  const more = Number(reply.keys) - keys.length;
  const editedRow = keys.find((row) => keyOf(row) === edited);
  return html`
    <section class="card">
      <div class="headline">
        <h3>Fairness</h3>
        <p class="hint">Keys take turns, by their weights. The bar is a key's share of the jobs taken in the last minute, the mark its due.</p>
      </div>
      ${shares.length === 0 ? html`<p class="hint">No key has jobs or limits.</p>` : html`
        <${Scrolled} label="Table of keys">
          <table>
            <thead>
              <tr>
                <th scope="col">Key</th>
                <th scope="col">Share</th>
                <th scope="col" class="number">Ready</th>
                <th scope="col" class="number">Running</th>
                <th scope="col" class="number">Dead</th>
                <th scope="col" class="number">Weight</th>
                <th scope="col">Why it waits</th>
                <th scope="col"><span class="unseen">Limits</span></th>
              </tr>
            </thead>
            <tbody>
                    ${shares.map(({ key, row, got, due, why }) =>
                      html`
                        <tr key=${key}>
                          <th scope="row">${key === ""
                            ? html`<i>without a key</i>`
                            : html`<a href=${
                              linkTo("jobs", undefined, { queue, key })
                            }>${key}</a>`}</th>
                          <td>
                            <${ShareBar} got=${got} due=${due} />
                          </td>
                          <td class="number">${whole(Number(row.ready))}</td>
                          <td class="number">${whole(
                            Number(row.taken),
                          )}${row.running !== undefined &&
                            html`<span class="hint"> / ${whole(Number(row.running))}</span>`}</td>
                          <td class=${Number(row.dead) > 0 ? "number bad" : "number"}>${whole(
                            Number(row.dead),
                          )}</td>
                          <td class="number">${digits(Number(row.weight ?? 1))}</td>
                          <td class=${row.blocked === undefined ? "" : "worth"}>${why}</td>
                          <td class="number">${key !== "" && may("LIMIT", queue, key) && html`
                            <button type="button" class="quiet"
                              onClick=${() =>
                                setEdited(
                                  key,
                                )}>Limits<span class="unseen"> of ${key}</span></button>
                          `}</td>
                        </tr>
                      `
                    )}
                  </tbody>
          </table>
          <//>
      `}
      ${more > 0 &&
        html`<p class="hint padded">${whole(more)} more keys have fewer ready jobs.</p>`}
      ${edited !== undefined && editedRow !== undefined && html`
        <${Dialog} title=${`Limits of ${edited}`} onClose=${() => setEdited(undefined)}>
          <${LimitForm} queue=${queue} of=${edited} limits=${editedRow} onDone=${() => {
            setEdited(undefined);
            onChange();
          }} />
          <//>
      `}
    </section>
  `;
}

function ShareBar({ got, due }: Pick<Share, "got" | "due">): Drawn {
  const words = got === undefined
    ? due === undefined ? "–" : `due ${percent(due)}`
    : `${percent(got)}${due === undefined ? "" : `, due ${percent(due)}`}`;
  return html`
    <span class="share">
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
          <rect class="rail" width="100" height="8" rx="2" />
          <rect class="bar" width=${100 * (got ?? 0)} height="8" rx="2" />
          ${due !== undefined &&
            html`<rect class="mark" x=${Math.min(99, 100 * due)} width="1.2" height="8" />`}
        </svg>
      <span>${words}</span>
    </span>
  `;
}

function remember(looks: Look[], keys: readonly Values[]): void {
  const at = performance.now();
  const last = looks[looks.length - 1];
  if (last !== undefined && at - last.at < 500) return;
  const takes = new Map(keys.map((row) => [keyOf(row), Number(row["takes-total"] ?? 0)]));
  const gains = new Map([...takes].map(([key, now]) => {
    const before = last?.takes.get(key) ?? 0;
    // A key that was away begins to count anew.
    return [key, now >= before ? now - before : now];
  }));
  looks.push({ at, takes, gains });
  while (looks.length > 2 && looks[1].at < at - OVER_MS) looks.shift();
}

function keyOf({ key }: Values): string {
  return String(key ?? "");
}

/** The shares of the keys of a queue, those with the most ready jobs first. */
export function sharesOf(
  reply: Values,
  keys: readonly Values[],
  looks: readonly Look[],
): readonly Share[] {
  const taken = takenIn(looks);
  const all = [...taken.values()].reduce((sum, each) => sum + each, 0);
  const asks = (row: Values): boolean => Number(row.ready) > 0 && row.blocked === undefined;
  const weightOf = (row: Values): number => Number(row.weight ?? 1);
  const weights = keys.filter(asks).reduce((sum, row) => sum + weightOf(row), 0);
  return keys.map((row) => {
    const due = asks(row) && weights > 0 ? weightOf(row) / weights : undefined;
    const key = keyOf(row);
    const got = all > 0 ? (taken.get(key) ?? 0) / all : undefined;
    return { key, row, got, due, why: whyOf(row, reply, due) };
  });
}

/** How many jobs of each key were taken under our eyes; before the first was, all takes so far tell the shares. */
function takenIn(looks: readonly Look[]): ReadonlyMap<string, number> {
  const taken = new Map<string, number>();
  for (const { gains } of looks.slice(1)) {
    for (const [key, gain] of gains) taken.set(key, (taken.get(key) ?? 0) + gain);
  }
  const isKnown = [...taken.values()].some((count) => count > 0);
  return isKnown ? taken : looks[0]?.takes ?? taken;
}

/** Why the jobs of a key wait, in words. */
export function whyOf(row: Values, queue: Values, due: number | undefined): string {
  if (Number(row.ready) === 0) return Number(row.taken) > 0 ? "nothing waits" : "";
  const own = reasonOf(row, "its");
  if (own !== undefined) return own;
  const whole = reasonOf(queue, "the queue's");
  if (whole !== undefined) return whole;
  if (Number(queue.takers) === 0) {
    return `its turn: no worker is idle${due === undefined ? "" : `, ${percent(due)} is its due`}`;
  }
  return "being given out";
}

function reasonOf({ blocked, running, rate }: Values, whose: string): string | undefined {
  if (blocked === "paused") return whose === "its" ? "the key is paused" : "the queue is paused";
  if (blocked === "running") {
    return `${whose} limit of ${whole(Number(running))} running is reached`;
  }
  if (blocked === "rate") return `${whose} rate of ${perSecond(Number(rate))} is used up`;
  return undefined;
}
