// The page of a server: which paths it has, and what they answer.

import type { HttpAnswer } from "../../net/http_answer.ts";
import type { RequestHead } from "../../net/http_head.ts";
import { createDocument } from "./document.ts";
import type { RecordedFigure } from "./history.ts";
import { loadModules } from "./modules.ts";
import type { QueueSample } from "./queue_sample.ts";

const MAIN = "admin/page/browser/main.ts";
const SCRIPT = "text/javascript; charset=utf-8";
const STYLE = "text/css; charset=utf-8";

/** The sources of a page beside the figures of its server; each may be absent. */
export interface PageOptions {
  /** Further figures, as for `stats` of `serve`: those of a queue. */
  stats?: () => Iterable<RecordedFigure>;
  /** The queues of the server by name; with `after`, only those behind it. */
  queues?: (after?: string) => Iterable<QueueSample>;
}

/** A file of the page. */
interface PageFile {
  readonly type: string;
  readonly body: string;
  /** It changes with the content. */
  readonly tag: string;
  readonly headers: readonly string[];
}

/** The page of a server. Its files are loaded when the first of them is asked for. */
export class Page {
  readonly paths: readonly string[] = ["/"];
  #files: Promise<ReadonlyMap<string, PageFile>> | undefined = undefined;

  /** The answer to a request; `undefined` for a path that the page does not have. */
  async answer(
    { target, headers: sent }: Pick<RequestHead, "target" | "headers">,
  ): Promise<HttpAnswer | undefined> {
    const { pathname } = new URL(target, "http://page");
    if (!mayBeOurs(pathname)) return undefined;
    const file = (await (this.#files ??= this.#load())).get(pathname);
    if (file === undefined) return undefined;
    const { type, body, tag } = file;
    const headers = [`etag: ${tag}`, "cache-control: no-cache", ...file.headers];
    return sent.get("if-none-match") === tag
      ? { status: "304 Not Modified", type, body: "", headers }
      : { status: "200 OK", type, body, headers };
  }

  async #load(): Promise<ReadonlyMap<string, PageFile>> {
    try {
      return await loadFiles();
    } catch (error) {
      // The next request tries again.
      this.#files = undefined;
      throw error;
    }
  }
}

/** Whether a path can be one of the page's files, before they are loaded. */
function mayBeOurs(path: string): boolean {
  return /^\/(?:(?:modules|libraries)\/.*|[a-z]+\.(?:css|svg))?$/.test(path);
}

async function loadFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const [{ libraries, plotStyle }, { default: style }, { default: icon }, modules] = await Promise
    .all([
      import("./libraries.ts"),
      import("./browser/page.css", { with: { type: "text" } }),
      import("./browser/icon.svg", { with: { type: "text" } }),
      loadModules(MAIN),
    ]);
  const imports = Object.fromEntries(
    [...libraries.keys()].map((name) => [name, `/libraries/${name.replace("/", "-")}.js`]),
  );
  const preload = [...modules.keys()].filter((path) => path !== MAIN).map(moduleUrl);
  const document = await createDocument(moduleUrl(MAIN), imports, [
    ...preload,
    ...Object.values(imports),
  ]);
  const policy = [`content-security-policy: ${document.policy}`];
  return new Map(
    await Promise.all([
      fileOf("/", "text/html; charset=utf-8", document.html, policy),
      fileOf("/page.css", STYLE, style),
      fileOf("/plot.css", STYLE, plotStyle),
      fileOf("/icon.svg", "image/svg+xml", icon),
      ...[...libraries].map(([name, code]) => fileOf(imports[name], SCRIPT, code)),
      ...[...modules].map(([path, code]) => fileOf(moduleUrl(path), SCRIPT, code)),
    ]),
  );
}

function moduleUrl(path: string): string {
  return `/modules/${path}`;
}

async function fileOf(
  path: string,
  type: string,
  body: string,
  headers: readonly string[] = [],
): Promise<[path: string, file: PageFile]> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(body));
  const tag = `"${new Uint8Array(digest).toBase64({ alphabet: "base64url" }).slice(0, 22)}"`;
  return [path, { type, body, tag, headers }];
}
