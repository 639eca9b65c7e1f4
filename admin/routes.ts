// The routes of the admin port, as data, and the answer to a request by them.

import { type HttpAnswer, refusing } from "../net/http_answer.ts";
import type { RequestHead } from "../net/http_head.ts";

/** A path of the admin port, and its answer. */
export interface AdminRoute {
  /** Begins with a slash, and has no query. */
  readonly path: string;
  /** The roles of which one is needed, where the server has identities. Default: none is. */
  readonly roles?: readonly string[];
  /** Called for GET and HEAD. */
  answer(request: RequestHead): HttpAnswer | Promise<HttpAnswer>;
}

/** A file of a page: its path, its media type and its content. */
export interface AdminAsset {
  /** Begins with a slash: `/` is the page itself. */
  readonly path: string;
  /** The media type, such as `text/html; charset=utf-8`. */
  readonly type: string;
  /** The content, or a function that is called for each request. */
  readonly body: string | Uint8Array | (() => Promise<string | Uint8Array>);
  /** Further headers, each `name: value`, the names in lower case. One replaces the default of its name. */
  readonly headers?: readonly string[];
}

/** A page loads nothing from elsewhere, stands in no frame, and tells no other site where it is. */
const ASSET_HEADERS: readonly string[] = [
  "cache-control: no-cache",
  "content-security-policy: default-src 'self'; frame-ancestors 'none'",
  "referrer-policy: no-referrer",
];

/** The route of an asset. */
export function assetRoute({ path, type, body, headers = [] }: AdminAsset): AdminRoute {
  const own = new Set(headers.map(nameOf));
  const all = [...ASSET_HEADERS.filter((each) => !own.has(nameOf(each))), ...headers];
  return {
    path,
    async answer() {
      const content = typeof body === "function" ? await body() : body;
      return { status: "200 OK", type, body: content, headers: all };
    },
  };
}

function nameOf(header: string): string {
  return header.slice(0, header.indexOf(":"));
}

/** The path of a request, without its query. */
export function pathOf({ target }: RequestHead): string {
  return target.split("?", 1)[0];
}

/** Answers at paths that no route has. */
export interface FurtherPaths {
  /** The paths that people type. */
  readonly paths: readonly string[];
  /** `undefined` for a path that it does not have. */
  answer(request: RequestHead): Promise<HttpAnswer | undefined>;
}

/** The answer to a request, by its route or else by `further`. Rejects where that does. */
export async function answerBy(
  routes: ReadonlyMap<string, AdminRoute>,
  request: RequestHead,
  further?: FurtherPaths,
): Promise<HttpAnswer> {
  const route = routes.get(pathOf(request));
  const answer = route === undefined ? await further?.answer(request) : undefined;
  if (route === undefined && answer === undefined) {
    const known = [...new Set([...further?.paths ?? [], ...routes.keys()])].join(", ");
    return refusing("404 Not Found", `There is nothing here. The paths are ${known}.`);
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    return refusing("405 Method Not Allowed", "The methods here are GET and HEAD.", [
      "allow: GET, HEAD",
    ]);
  }
  return answer ?? await route!.answer(request);
}
