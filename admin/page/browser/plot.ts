// A plot over time: drawn by uPlot, and also told: a cursor that speaks, and a table of the same figures.

import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { NOTHING, timeOfDay } from "./figures.ts";
import { type Drawn, html } from "./html.ts";
import { useStore } from "./store.ts";
import { theme } from "./theme.ts";

/** One line of a plot. */
export interface PlotLine {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** The name of a colour of the style sheet, such as `blue`. */
  readonly color: string;
  /** Whether the area below it is filled. */
  readonly filled?: boolean;
}

interface PlotProps {
  readonly title: string;
  /** Whether the values are bytes: then the axis has round powers of two. */
  readonly isBinary?: boolean;
  /** The times of the values, in ms. */
  readonly times: readonly number[];
  readonly lines: readonly PlotLine[];
  /** How a value is written. */
  readonly format: (value: number | undefined) => string;
}

const HEIGHT = 170;
const BINARY_STEPS = Array.from({ length: 41 }, (_, power) => 2 ** power);
/** A table of a plot has about so many rows. */
const ROWS = 40;

/** A plot with its legend and its table. */
export function Plot({ title, times, lines, format, isBinary }: PlotProps): Drawn {
  const [cursor, setCursor] = useState<number | undefined>(undefined);
  const [spoken, setSpoken] = useState("");
  const [isTable, setTable] = useState(false);
  const at = cursor === undefined || cursor >= times.length ? times.length - 1 : cursor;
  const valueOf = ({ values }: PlotLine): string => format(values[at] ?? undefined);
  const move = (to: number): void => {
    const next = Math.max(0, Math.min(times.length - 1, to));
    setCursor(next);
    const told = lines.map(({ label, values }) => `${label} ${format(values[next] ?? undefined)}`);
    setSpoken(`${timeOfDay(times[next])}: ${told.join(", ")}`);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.shiftKey ? 20 : 1;
    const moves: Record<string, number> = {
      ArrowLeft: at - step,
      ArrowRight: at + step,
      Home: 0,
      End: times.length - 1,
    };
    if (!(event.key in moves) || times.length === 0) return;
    event.preventDefault();
    move(moves[event.key]);
  };
  return html`
    <figure class="plot card">
      <figcaption>
        <h3>${title}</h3>
        <ul class="legend">
          ${lines.map((line) =>
            html`<li key=${line.label}>
              <span class=${`swatch ${line.color}`} aria-hidden="true"></span>
              ${line.label} <b>${valueOf(line)}</b>
            </li>`
          )}
        </ul>
        <button type="button" class="quiet" aria-pressed=${isTable} onClick=${() =>
          setTable(!isTable)}>
          Table<span class="unseen"> of ${title}</span>
        </button>
      </figcaption>
      ${isTable
        ? html`<${PlotTable} title=${title} times=${times} lines=${lines} format=${format} />`
        : html`
          <div
            class="canvas"
            role="group"
            tabindex="0"
            aria-label=${`Plot of ${title}. The arrow keys move the cursor and tell the figures.`}
            onKeyDown=${onKeyDown}
            onBlur=${() => setCursor(undefined)}
          >
            <${Canvas} times=${times} lines=${lines} format=${format} isBinary=${isBinary}
              cursor=${cursor} onCursor=${setCursor} />
            <p class="unseen" aria-live="polite">${spoken}</p>
          </div>
        `}
    </figure>
  `;
}

function PlotTable({ title, times, lines, format }: PlotProps): Drawn {
  const step = Math.max(1, Math.ceil(times.length / ROWS));
  const rows = times.flatMap((time, i) => (times.length - 1 - i) % step === 0 ? [{ time, i }] : [])
    .reverse();
  return html`
    <div class="scrolled" role="region" tabindex="0" aria-label=${`Table of ${title}`}>
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            ${lines.map(({ label }) =>
              html`<th key=${label} scope="col" class="number">${label}</th>`
            )}
          </tr>
        </thead>
        <tbody>
          ${rows.map(({ time, i }) =>
            html`<tr key=${time}>
              <th scope="row">${timeOfDay(time)}</th>
              ${
              lines.map(({ label, values }) =>
                html`<td key=${label} class="number">${format(values[i] ?? undefined)}</td>`
              )
            }
            </tr>`
          )}
        </tbody>
      </table>
    </div>
  `;
}

interface CanvasProps extends Omit<PlotProps, "title"> {
  readonly cursor: number | undefined;
  readonly onCursor: (at: number | undefined) => void;
}

function Canvas({ times, lines, format, isBinary, cursor, onCursor }: CanvasProps): Drawn {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const seen = useStore(theme);
  const shape = JSON.stringify([seen, lines.map(({ label, color }) => [label, color])]);
  const data = [times.map((at) => at / 1000), ...lines.map(({ values }) => values)];
  useEffect(() => {
    const element = box.current!;
    const made = new uPlot(
      optionsOf({ lines, format, isBinary, onCursor }, element.clientWidth),
      data as unknown as uPlot.AlignedData,
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: HEIGHT })
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [shape]);
  useEffect(() => plot.current?.setData(data as unknown as uPlot.AlignedData), [times, lines]);
  useEffect(() => {
    const made = plot.current;
    if (made === undefined || cursor === undefined || times[cursor] === undefined) return;
    const left = made.valToPos(times[cursor] / 1000, "x");
    if (made.cursor.idx !== cursor) made.setCursor({ left, top: 10 }, false);
  }, [cursor]);
  return html`<div ref=${box} aria-hidden="true"></div>`;
}

function optionsOf(
  { lines, format, isBinary, onCursor }: Pick<
    CanvasProps,
    "lines" | "format" | "isBinary" | "onCursor"
  >,
  width: number,
): uPlot.Options {
  const color = (name: string): string =>
    getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const font = "11px system-ui, sans-serif";
  const axis = {
    stroke: color("faint-text"),
    font,
    grid: { stroke: color("line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.1 : 1] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        space: 80,
        values: (_plot, marks) => clocks(marks),
      },
      {
        ...axis,
        size: 62,
        incrs: isBinary ? BINARY_STEPS : undefined,
        values: (_plot, marks) => marks.map((mark) => mark === null ? NOTHING : format(mark)),
      },
    ],
    series: [
      {},
      ...lines.map(({ label, color: name, filled }) => ({
        label,
        stroke: color(name),
        width: 1.5,
        fill: filled ? `${color(name)}22` : undefined,
        points: { show: false },
      })),
    ],
    hooks: {
      setCursor: [({ cursor }) => {
        const { idx, left } = cursor;
        onCursor(idx === null || idx === undefined || (left ?? -1) < 0 ? undefined : idx);
      }],
    },
  };
}

/** Times of day, with seconds where the marks are less than a minute apart. */
function clocks(marks: readonly number[]): string[] {
  const length = marks[1] - marks[0] < 60 ? 8 : 5;
  return marks.map((seconds) => timeOfDay(seconds * 1000).slice(0, length));
}
