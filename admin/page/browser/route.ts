// The address bar: which view is shown, of what, and by which filter. A link or a reload shows the same again.

import { createStore, type Watched } from "./store.ts";

/** A place of the page: `#/jobs?queue=mail&state=dead`, `#/queues/mail`, `#/jobs/17`. */
export interface PagePlace {
  /** The view: `overview`, `queues`, `jobs`, `schedules`. */
  readonly view: string;
  /** The queue or the job that it is about. */
  readonly of: string | undefined;
  /** The filter. */
  readonly filter: Readonly<Record<string, string>>;
}

/** Reads the part of an address behind `#`. */
export function readRoute(hash: string): PagePlace {
  const [path, query = ""] = hash.replace(/^#?\/?/, "").split("?", 2);
  const slash = path.indexOf("/");
  const [view, of] = slash < 0 ? [path, undefined] : [path.slice(0, slash), path.slice(slash + 1)];
  return {
    view: view || "overview",
    of: of ? decoded(of) : undefined,
    filter: Object.fromEntries(new URLSearchParams(query)),
  };
}

/** The address of a place. Empty parts of the filter are left out. */
export function linkTo(
  view: string,
  of?: string | number,
  filter: Readonly<Record<string, string | number | undefined>> = {},
): string {
  const parts = Object.entries(filter).filter(([, value]) => value !== undefined && value !== "");
  const query = new URLSearchParams(parts.map(([name, value]) => [name, String(value)]));
  const path = of === undefined ? view : `${view}/${encodeURIComponent(of)}`;
  return `#/${path}${query.size > 0 ? `?${query}` : ""}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The present place. */
export const route: Watched<PagePlace> = createStore(readRoute(location.hash));

addEventListener("hashchange", () => route.set(readRoute(location.hash)));

/** Goes to a place. With `replace` the one before is not kept for the back button. */
export function go(link: string, replace = false): void {
  if (!replace) location.hash = link;
  else {
    history.replaceState(null, "", link);
    route.set(readRoute(link));
  }
}
