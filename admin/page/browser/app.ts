// The frame of the page: navigation, the state of the connection, and the view that the address bar names.

import { useEffect, useMemo, useState } from "preact/hooks";
import { printable } from "../../../protocol/printable.ts";
import { Dialog } from "./dialog.ts";
import { Help } from "./help.ts";
import { type Drawn, html } from "./html.ts";
import { FIGURES_ARE_FOR, recorded } from "./history.ts";
import { JobView } from "./job.ts";
import { JobsView } from "./jobs.ts";
import { Jump } from "./jump.ts";
import { Notices } from "./notices.ts";
import { Overview } from "./overview.ts";
import { QueueView } from "./queue.ts";
import { QueuesView } from "./queues.ts";
import { go, linkTo, type PagePlace, route } from "./route.ts";
import { SchedulesView } from "./schedules.ts";
import { connection, may, maySeeFigures, type PageConnection } from "./server.ts";
import { type Shortcut, useShortcuts } from "./shortcuts.ts";
import { useStore } from "./store.ts";
import { choice, choose } from "./theme.ts";
import { Locked, TokenForm } from "./token_form.ts";

/** A part of the page, and the request that it is made of. Those of a queue are shown where the server is one. */
const PARTS = [
  { view: "overview", title: "Overview", key: "g o", needs: undefined },
  { view: "queues", title: "Queues", key: "g q", needs: "QUEUES" },
  { view: "jobs", title: "Jobs", key: "g j", needs: "LIST" },
  { view: "schedules", title: "Schedules", key: "g s", needs: "SCHEDULES" },
] as const;
type Part = typeof PARTS[number];

/** The whole page. */
export function App(): Drawn {
  const place = useStore(route);
  const { state, takesTokens, identity } = useStore(connection);
  const [open, setOpen] = useState<"help" | "jump" | "token" | undefined>(undefined);
  const parts = shownParts();
  const list = useMemo((): Shortcut[] => [
    { keys: "?", does: "Show the keys", act: () => setOpen("help") },
    { keys: ":", does: "Jump to a queue, a job or a part", act: () => setOpen("jump") },
    {
      keys: "/",
      does: "Filter what is shown",
      act: () => document.querySelector<HTMLInputElement>("[data-filter]")?.focus(),
    },
    ...parts.map(({ view, title, key }) => ({
      keys: key,
      does: `Go to ${title}`,
      act: () => go(linkTo(view)),
    })),
  ], [parts.map(({ view }) => view).join()]);
  useShortcuts(list);
  useTitle(place);
  return html`
    <a class="skip" href="#main" onClick=${skipToMain}>Skip to the content</a>
    <header class="top">
      <a class="brand" href=${linkTo(parts[0]?.view ?? "overview")}><${Mark} />Lineup</a>
      <nav aria-label="Parts">
        ${parts.map(({ view, title }) =>
          html`
            <a
              key=${view}
              href=${linkTo(view)}
              aria-current=${place.view === view ? "page" : undefined}
            >${title}</a>
          `
        )}
      </nav>
      <div class="tools">
        <${Status} />
        <button type="button" class="quiet" onClick=${() =>
          setOpen("jump")}>Jump <kbd>:</kbd></button>
        <button type="button" class="quiet" onClick=${() =>
          setOpen("help")}>Keys <kbd>?</kbd></button>
        ${takesTokens && state === "open" && html`
          <button type="button" class="quiet" onClick=${() => setOpen("token")}>
            ${identity === undefined ? "Token" : "Other token"}
          </button>
        `}
        <${ThemeSwitch} />
      </div>
    </header>
    <main id="main" tabindex="-1">
      <${Banner} />
      ${state === "locked" ? html`<${Locked} />` : html`<${View} place=${place} parts=${parts} />`}
    </main>
    <${Notices} />
    ${open === "token" && html`
      <${Dialog} title="Use a token" onClose=${() => setOpen(undefined)}>
        <${TokenForm} onDone=${() => setOpen(undefined)} />
        <//>
    `}
    ${open === "help" && html`<${Help} onClose=${() => setOpen(undefined)} />`}
    ${open === "jump" && html`<${Jump} parts=${parts} onClose=${() => setOpen(undefined)} />`}
  `;
}

function skipToMain(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** The parts that we may see something of. */
function shownParts(): readonly Part[] {
  return PARTS.filter(({ needs }) => needs === undefined ? maySeeFigures() : may(needs));
}

interface ViewProps {
  readonly place: PagePlace;
  readonly parts: readonly Part[];
}

function View({ place: { view, of, filter }, parts }: ViewProps): Drawn {
  const { state } = useStore(connection);
  const part = PARTS.find((each) => each.view === view);
  if (part === undefined) {
    return html`
      <div class="empty">
        <h1>Nothing is here</h1>
        <p>The address names no part of this page. <a href=${linkTo("overview")}>Overview</a></p>
      </div>
    `;
  }
  if (!parts.includes(part)) {
    if (state !== "open") return html`<p class="empty" role="status">Connecting…</p>`;
    return html`
      <div class="empty">
        <h1>${part.title}</h1>
        <p>${part.needs === undefined
          ? FIGURES_ARE_FOR
          : "This server is no queue, or your token does not let you see it."}</p>
        <p>${parts.map(({ view, title }) =>
          html`
            <a key=${view} href=${linkTo(view)}>${title}</a>
          `
        )}</p>
      </div>
    `;
  }
  if (view === "queues") {
    return of === undefined
      ? html`<${QueuesView} filter=${filter} />`
      : html`<${QueueView} key=${of} name=${of} />`;
  }
  if (view === "jobs") {
    return of === undefined
      ? html`<${JobsView} filter=${filter} />`
      : html`<${JobView} key=${of} id=${of} />`;
  }
  return view === "schedules" ? html`<${SchedulesView} filter=${filter} />` : html`<${Overview} />`;
}

function useTitle({ view, of }: PagePlace): void {
  useEffect(() => {
    const part = PARTS.find((each) => each.view === view)?.title ?? "Lineup";
    document.title = printable(`${of === undefined ? part : `${of} · ${part}`} · Lineup`);
  }, [view, of]);
}

function Mark(): Drawn {
  return html`
    <svg class="logo" viewBox="0 0 20 20" aria-hidden="true">
      <rect x="2" y="3" width="16" height="3" rx="1.5" />
      <rect x="2" y="8.5" width="11" height="3" rx="1.5" opacity=".75" />
      <rect x="2" y="14" width="6" height="3" rx="1.5" opacity=".5" />
    </svg>
  `;
}

function Status(): Drawn {
  const { state, protocol, identity } = useStore(connection);
  const words: Record<PageConnection["state"], string> = {
    connecting: "Connecting",
    open: protocol ?? "Connected",
    lost: "Not connected",
    locked: "Locked",
    foreign: "Figures only",
  };
  return html`<span class=${`status ${state}`}>
    <span class="dot" aria-hidden="true"></span>${words[state]}${identity && ` as ${identity}`}
  </span>`;
}

/** Says that what is shown is old, and why. */
function Banner(): Drawn | null {
  const { state, why } = useStore(connection);
  const history = useStore(recorded);
  if (state === "lost") {
    return html`<p class="banner" role="alert">
      <b>The connection is lost.</b> What you see is old. Trying again every 2 seconds. <small>${why}</small>
    </p>`;
  }
  if (history.why !== undefined && !history.isForbidden && state !== "locked") {
    return html`<p class="banner" role="alert"><b>The figures cannot be read.</b> <small>${history.why}</small></p>`;
  }
  return null;
}

function ThemeSwitch(): Drawn {
  const chosen = useStore(choice);
  const next = chosen === "system" ? "light" : chosen === "light" ? "dark" : "system";
  const sign = chosen === "system" ? "◐" : chosen === "light" ? "☀" : "☾";
  return html`
    <button
      type="button"
      class="quiet icon"
      aria-label=${`Theme: ${chosen}. Change to ${next}.`}
      onClick=${() => choose(next)}
    >${sign}</button>
  `;
}
