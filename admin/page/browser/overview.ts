// The overview: whether all is well, and the figures of the last hours.

import { useState } from "preact/hooks";
import { bytes, digits, duration, milliseconds, perSecond, whole } from "./figures.ts";
import { type Findings, findings } from "./findings.ts";
import {
  type HistoryState,
  latest,
  namesOf,
  rates,
  recorded,
  type Samples,
  sum,
} from "./history.ts";
import { type Drawn, html } from "./html.ts";
import { Plot, type PlotLine } from "./plot.ts";
import { Sparkline } from "./sparkline.ts";
import { linkTo } from "./route.ts";
import { useStore } from "./store.ts";
import { Classes, Flows, Refusals } from "./server_tables.ts";

const RANGES = [
  { name: "10 min", ms: 10 * 60_000 },
  { name: "30 min", ms: 30 * 60_000 },
  { name: "2 h", ms: 2 * 3_600_000 },
] as const;
const COLORS: Readonly<Record<string, string>> = {
  control: "gray",
  interactive: "blue",
  normal: "teal",
  bulk: "amber",
  background: "violet",
};
const TILE_SAMPLES = 200;
const MOST_FINDINGS = 6;

/** The overview of a server, whatever its protocol. */
export function Overview(): Drawn {
  const { samples, why }: HistoryState = useStore(recorded);
  const [range, setRange] = useState(0);
  if (samples === undefined) {
    return html`<p class="empty" role="status">${why ?? "Reading the figures…"}</p>`;
  }
  const shown = Math.max(
    2,
    Math.min(samples.count, Math.round(RANGES[range].ms / samples.interval)),
  );
  return html`
    <div class="headline">
      <h1>Overview</h1>
      <p class="hint">up ${duration((latest(samples, "uptime-s") ?? 0) * 1000)}</p>
    </div>
    <${Health} ...${findings(samples)} />
    <${Tiles} samples=${samples} />
    <div class="headline">
      <h2>Over time</h2>
      <div class="segments" role="group" aria-label="Time shown">
        ${RANGES.map(({ name }, i) =>
          html`<button key=${name} type="button" aria-pressed=${i === range} onClick=${() =>
            setRange(i)}>
            ${name}
          </button>`
        )}
      </div>
    </div>
    <${Plots} samples=${samples} shown=${shown} />
    <div class="columns">
      <${Classes} samples=${samples} />
      <${Refusals} samples=${samples} />
      <${Flows} samples=${samples} />
    </div>
  `;
}

function Health({ found, unnamed }: Findings): Drawn {
  if (found.length === 0) {
    return html`<p class="health good" role="status"><span aria-hidden="true">✓</span> All is well.</p>`;
  }
  const isBad = found.some((each) => each.isBad);
  const more = Math.max(0, found.length - MOST_FINDINGS) + unnamed;
  return html`
    <div class=${`health ${isBad ? "bad" : "worth"}`}>
      <h2 class="unseen">What to look at</h2>
      <ul>
        ${found.slice(0, MOST_FINDINGS).map(({ text, link, isBad }) =>
          html`<li key=${text} class=${isBad ? "bad" : "worth"}>
            ${link === undefined ? text : html`<a href=${link}>${text}</a>`}
          </li>`
        )}
        ${more > 0 &&
          html`<li>and <a href=${linkTo("queues", undefined, { sort: "oldest" })}>${
            whole(more)
          } more</a></li>`}
      </ul>
    </div>
  `;
}

function Tiles({ samples }: { samples: Samples }): Drawn {
  const figure = (name: string): number | undefined => latest(samples, name);
  const column = (name: string): readonly (number | null)[] => samples.figures.get(name) ?? [];
  const requests = rates(samples, "requests");
  const refused = sum(refusalRates(samples));
  const seats = figure("seats");
  const isQueue = figure("queue-ready") !== undefined;
  return html`
    <dl class=${`tiles ${isQueue ? "eight" : "six"}`}>
      <${Tile} name="Requests" value=${perSecond(
        lastOf(requests),
      )} values=${requests} color="blue" />
      <${Tile} name="Refused" value=${perSecond(
        lastOf(refused),
      )} values=${refused} color="red" isBad=${(lastOf(refused) ?? 0) > 0} />
      <${Tile} name="Waiting" value=${whole(figure("waiting"))} values=${column(
        "waiting",
      )} color="amber" more=${`${whole(figure("running"))} of ${whole(seats)} seats`} />
      ${isQueue &&
        html`<${Tile} name="Jobs ready" value=${whole(figure("queue-ready"))} values=${
          column("queue-ready")
        } color="blue" more=${`${whole(figure("queue-taken"))} running`} />`}
      ${isQueue &&
        html`<${Tile} name="Jobs dead" value=${whole(figure("queue-dead"))} values=${
          column("queue-dead")
        } color="red" isBad=${(figure("queue-dead") ?? 0) > 0} />`}
      <${Tile} name="Connections" value=${whole(figure("connections"))} values=${column(
        "connections",
      )} color="violet" />
      <${Tile} name="Loop delay" value=${milliseconds(figure("loop-lag-ms"))} values=${column(
        "loop-lag-ms",
      )} color="teal" />
      <${Tile} name="Memory" value=${bytes(figure("resident-bytes"))} values=${column(
        "resident-bytes",
      )} color="teal" />
    </dl>
  `;
}

interface TileProps {
  readonly name: string;
  readonly value: string;
  readonly values: readonly (number | null)[];
  readonly color: string;
  readonly more?: string;
  readonly isBad?: boolean;
}

function Tile({ name, value, values, color, more, isBad }: TileProps): Drawn {
  return html`<div class="tile card">
    <dt>${name}</dt>
    <dd class=${isBad ? "value bad" : "value"}>${value}</dd>
    ${more && html`<dd class="hint">${more}</dd>`}
    <dd aria-hidden="true"><${Sparkline} values=${
    values.slice(-TILE_SAMPLES)
  } color=${color} /></dd>
  </div>`;
}

function lastOf(values: readonly (number | null)[]): number | undefined {
  return values[values.length - 1] ?? undefined;
}

function refusalRates(samples: Samples): (number | null)[][] {
  return ["errors-busy", "errors-quota", "errors-expired", "connections-busy", "connections-quota"]
    .map((name) => rates(samples, name));
}

function Plots({ samples, shown }: { samples: Samples; shown: number }): Drawn {
  const times = Array.from(
    { length: shown },
    (_, i) => samples.at - (shown - 1 - i) * samples.interval,
  );
  const cut = (values: readonly (number | null)[]): (number | null)[] => {
    const kept = values.slice(-shown);
    return [...new Array(shown - kept.length).fill(null), ...kept];
  };
  const column = (name: string): (number | null)[] => cut(samples.figures.get(name) ?? []);
  const classes = namesOf(samples, "", "-wait-p50-ms");
  const ofClasses = (values: (name: string) => readonly (number | null)[]): PlotLine[] =>
    classes.map((name) => ({
      label: name,
      values: cut(values(name)),
      color: COLORS[name] ?? "gray",
    }));
  const percentiles = ["p99", "p90", "p50"].map((each, i) => ({
    label: each,
    color: ["red", "amber", "blue"][i],
    values: cut(
      highest(classes.map((name) => samples.figures.get(`${name}-wait-${each}-ms`) ?? [])),
    ),
  }));
  const jobs = [["ready", "blue"], ["taken", "teal"], ["delayed", "amber"], ["dead", "red"]];
  return html`
    <div class="plots">
      <${Plot} title="Requests started" times=${times} format=${perSecond} lines=${[
        ...ofClasses((name) => rates(samples, `${name}-started`)),
        { label: "refused", color: "red", values: cut(sum(refusalRates(samples))) },
      ]} />
      <${Plot} title="Time to start" times=${times} format=${milliseconds} lines=${percentiles} />
      <${Plot} title="Waiting and running" times=${times} format=${digits} lines=${[
        { label: "running", color: "violet", values: column("running"), filled: true },
        ...ofClasses((name) => samples.figures.get(`${name}-waiting`) ?? [])
          .map((line) => ({ ...line, label: `${line.label} waiting` })),
      ]} />
      ${samples.figures.has("queue-ready") &&
        html`<${Plot} title="Jobs" times=${times} format=${digits} lines=${
          jobs.map(([state, color]) => ({
            label: state,
            color,
            values: column(`queue-${state}`),
            filled: state === "ready",
          }))
        } />`}
      <${Plot} title="Loop delay" times=${times} format=${milliseconds} lines=${[
        { label: "delay", color: "violet", values: column("loop-lag-ms"), filled: true },
      ]} />
      <${Plot} title="Memory" isBinary times=${times} format=${bytes} lines=${[
        { label: "resident", color: "blue", values: column("resident-bytes"), filled: true },
        { label: "held for clients", color: "amber", values: column("held-bytes") },
        ...(samples.figures.has("queue-held-bytes")
          ? [{ label: "held for jobs", color: "teal", values: column("queue-held-bytes") }]
          : []),
      ]} />
    </div>
  `;
}

/** At each moment the highest of several columns. */
function highest(columns: readonly (readonly (number | null)[])[]): (number | null)[] {
  const length = Math.max(0, ...columns.map((column) => column.length));
  return Array.from({ length }, (_, i) => {
    const values = columns.map((column) => column[i]).filter((value) => typeof value === "number");
    return values.length === 0 ? null : Math.max(...values);
  });
}
