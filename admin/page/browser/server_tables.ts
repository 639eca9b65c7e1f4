// The tables of the overview: classes of requests, refusals by reason, and the heaviest flows.

import { bytes, milliseconds, perSecond, whole } from "./figures.ts";
import { latest, namesOf, rates, recent, type Samples } from "./history.ts";
import { type Drawn, html } from "./html.ts";
import { Scrolled } from "./scrolled.ts";

interface TableProps {
  readonly samples: Samples;
}

/** A row for each class of requests. */
export function Classes({ samples }: TableProps): Drawn {
  const names = namesOf(samples, "", "-wait-p50-ms");
  const rate = (name: string): number | undefined => recent(rates(samples, name));
  const bad = (value: number | undefined): string => value ? "number bad" : "number";
  return html`
    <section class="card wide-card">
      <h3>Classes of requests</h3>
      <${Scrolled} label="Table of classes">
        <table>
          <thead><tr>
            <th scope="col">Class</th>
            ${["Waiting", "Running", "Started", "Shed", "Quota", "Expired", "p50", "p90", "p99"]
              .map((head) => html`<th key=${head} scope="col" class="number">${head}</th>`)}
          </tr></thead>
          <tbody>
            ${names.map((name) =>
              html`<tr key=${name}>
                <th scope="row">${name}</th>
                ${
                ["waiting", "running"].map((each) =>
                  html`<td key=${each} class="number">${
                    whole(latest(samples, `${name}-${each}`))
                  }</td>`
                )
              }
                <td class="number">${perSecond(rate(`${name}-started`))}</td>
                ${
                ["shed", "quota", "expired"].map((each) => {
                  const value = rate(`${name}-${each}`);
                  return html`<td key=${each} class=${bad(value)}>${perSecond(value)}</td>`;
                })
              }
                ${
                ["p50", "p90", "p99"].map((each) =>
                  html`<td key=${each} class="number">${
                    milliseconds(latest(samples, `${name}-wait-${each}-ms`))
                  }</td>`
                )
              }
              </tr>`
            )}
          </tbody>
        </table>
      <//>
      ${names.length === 0 && html`<p class="hint">No request has come yet.</p>`}
    </section>
  `;
}

/** A row for each code with which requests were refused. */
export function Refusals({ samples }: TableProps): Drawn {
  const rows = [
    ...namesOf(samples, "errors-", "-total").map((code) => [code, `errors-${code}`]),
    ["connections: busy", "connections-busy"],
    ["connections: quota", "connections-quota"],
    ["connections: dropped", "connections-dropped"],
  ].map(([title, name]) => ({
    title,
    total: latest(samples, `${name}-total`) ?? 0,
    rate: recent(rates(samples, name)) ?? 0,
  })).filter(({ total }) => total > 0).sort((a, b) => b.rate - a.rate || b.total - a.total);
  return html`
    <section class="card">
      <h3>Refusals by reason</h3>
      ${rows.length === 0 ? html`<p class="hint">Nothing was refused.</p>` : html`
        <table>
          <thead>
            <tr>
              <th scope="col">Reason</th>
              <th scope="col" class="number">Now</th>
              <th scope="col" class="number">In all</th>
            </tr>
          </thead>
          <tbody>
                    ${rows.map(({ title, total, rate }) =>
                      html`
                        <tr key=${title}>
                          <th scope="row">${title}</th>
                          <td class="number">${perSecond(rate)}</td>
                          <td class="number">${whole(total)}</td>
                        </tr>
                      `
                    )}
                  </tbody>
        </table>
      `}
    </section>
  `;
}

/** The flows that hold most. */
export function Flows({ samples }: TableProps): Drawn {
  const flows = Object.entries(samples.texts)
    .filter(([name]) => /(^|-)heaviest-\d+$/.test(name))
    .map(([, text]) => /^(.*) class=(\S+) waiting=(\d+) bytes=(\d+)$/.exec(text))
    .filter((match) => match !== null);
  return html`
    <section class="card">
      <h3>Heaviest flows</h3>
      ${flows.length === 0 ? html`<p class="hint">No client has requests that wait.</p>` : html`
        <table>
          <thead>
            <tr>
              <th scope="col">Flow</th>
              <th scope="col">Class</th>
              <th scope="col" class="number">Waiting</th>
              <th scope="col" class="number">Memory</th>
            </tr>
          </thead>
          <tbody>
                    ${flows.map(([, key, name, waiting, held]) =>
                      html`
                        <tr key=${key + name}>
                          <th scope="row">${key}</th>
                          <td>${name}</td>
                          <td class="number">${whole(Number(waiting))}</td>
                          <td class="number">${bytes(Number(held))}</td>
                        </tr>
                      `
                    )}
                  </tbody>
        </table>
      `}
    </section>
  `;
}
