/**
 * The handlers of the shelf, and the roles of its clients.
 *
 * @module
 */

import { type Around, type Clock, Refusal, type Service, service } from "@lineup/lineup";
import type { Document, Documents } from "./documents.ts";
import { protocol } from "./protocol.ts";

/** What a connection may do. */
interface Session {
  role: "reader" | "editor";
}

const EDITING = new Set(["STORE", "REMOVE"]);

/** Lets only editors change something. */
const editorsOnly: Around<{ state: Session }> = (_args, { state, verb }, next) => {
  if (EDITING.has(verb) && state.role !== "editor") {
    throw new Refusal("forbidden", `${verb} is for editors. Send SIGNIN with the token first.`);
  }
  return next();
};

/** How a shelf is kept. */
export interface ShelfOptions {
  /** The token of editors. */
  readonly token: string;
  /** The most bytes of all documents. */
  readonly mostBytes: number;
  /** The time. */
  readonly clock: Clock;
}

type Change = { change: "stored" | "removed"; name: string };

/** The most changes that a slow WATCH may have before it. */
const MOST_UNREAD = 1000;

/** A shelf of these documents. */
export function shelf(
  documents: Documents,
  { token, mostBytes, clock }: ShelfOptions,
): Service<typeof protocol> {
  // The time of day, because it is kept over restarts.
  const now = (): number => Math.floor(clock.wall?.() ?? clock.now());
  const watchers = new Set<(change: Change) => void>();
  const tell = (change: Change): void => watchers.forEach((watcher) => watcher(change));
  const expire = (): void => {
    for (const name of documents.expire(now())) tell({ change: "removed", name });
  };
  const find = (name: string): Document | undefined => {
    expire();
    return documents.find(name);
  };

  return service(protocol)({
    state: (): Session => ({ role: "reader" }),
    around: [editorsOnly],
    handlers: {
      SIGNIN({ token: given }, { state }) {
        if (given !== token) throw new Refusal("forbidden", "This is not the token.");
        state.role = "editor";
      },

      STORE({ name, body, title = null, kind, ttl, labels }) {
        const before = find(name);
        const bytes = documents.bytes - (before?.body.length ?? 0) + body.length;
        if (bytes > mostBytes) {
          throw new Refusal("full", "There is no room for this document.", { retry: 1000 });
        }
        const stored = now();
        documents.store({
          ...{ name, body, title, kind, stored },
          labels: labels === undefined ? null : JSON.stringify(labels),
          expires: ttl === undefined ? null : stored + ttl,
        });
        tell({ change: "stored", name });
        return { replaced: before !== undefined };
      },

      FETCH({ name }) {
        const found = find(name);
        if (found === undefined) throw new Refusal("not-found", `There is no document ${name}.`);
        const { title, kind, labels, stored, body } = found;
        return {
          title: title ?? undefined,
          kind,
          labels: labels === null ? undefined : JSON.parse(labels),
          age: Math.max(0, now() - stored),
          body,
        };
      },

      REMOVE({ names }) {
        const removed = names.filter((name) => find(name) && documents.remove(name));
        for (const name of removed) tell({ change: "removed", name });
        return { count: removed.length };
      },

      *LIST({ kind }) {
        expire();
        const all = documents.bytes;
        let count = 0;
        for (let at = documents.after(""); at; at = documents.after(at.name)) {
          if (kind !== undefined && at.kind !== kind) continue;
          count++;
          const size = at.body.length;
          yield { name: at.name, kind: at.kind, size, share: all === 0 ? 0 : size / all };
        }
        return { count };
      },

      async *SEARCH({ text, most }, { signal }) {
        expire();
        let count = 0;
        for (let at = documents.after(""); at; at = documents.after(at.name)) {
          // Others have their turn between two documents, and CANCEL is heard.
          await new Promise((resolve) => setTimeout(resolve));
          signal.throwIfAborted();
          if (at.kind !== "text") continue;
          for (const [i, line] of new TextDecoder().decode(at.body).split("\n").entries()) {
            if (!line.includes(text)) continue;
            if (count === most) return { count, more: true };
            count++;
            yield { name: at.name, line: i + 1, text: line };
          }
        }
        return { count, more: false };
      },

      async *WATCH(_, { park }) {
        const unread: Change[] = [];
        let wake = (): void => {};
        const watcher = (change: Change): void => {
          // A slow reader loses the oldest changes.
          if (unread.length === MOST_UNREAD) unread.shift();
          unread.push(change);
          wake();
        };
        watchers.add(watcher);
        try {
          for (;;) {
            while (unread.length > 0) yield unread.shift()!;
            await park(new Promise<void>((resolve) => wake = resolve));
          }
        } finally {
          watchers.delete(watcher);
        }
      },
    },
  });
}
