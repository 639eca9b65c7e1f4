// The connections of this node to another one.

import {
  ConnectionLost,
  openSession,
  type Session,
  type SessionOptions,
} from "../../client/mod.ts";
import { formatWord } from "../../protocol/quoting.ts";
import {
  LinkLost,
  type NodeCall,
  type NodeLink,
  type SentCall,
} from "../../queue/cluster/node_link.ts";
import { nodeToken } from "../../queue/cluster/node_identities.ts";
import { proofOf } from "../../queue/cluster/proof.ts";

/** The options of a link. */
export interface LinkOptions extends Pick<SessionOptions, "dial" | "tls" | "clock"> {
  /** The id of this node. */
  readonly id: string;
  /** The secret of the cluster. */
  readonly secret: string;
  /** After how many ms without a sign of life a connection is lost. Default 2000. */
  readonly heartbeat?: number;
}

/** The most connections to one node. */
const MOST_SESSIONS = 64;
/** The time in ms for a connection and the proof. */
const OPEN_MS = 2_000;
const HEARTBEAT_MS = 1_000;
const EMPTY = new Uint8Array();

/** Calls that cannot be sent yet. */
type PendingSend = (session: Session | Error) => void;

/** The connections to a node at this address. They are opened when calls need them. */
export function nodeLink(address: string, options: LinkOptions): NodeLink {
  const { id, secret, heartbeat = HEARTBEAT_MS, ...more } = options;
  let sessions: Session[] = [];
  let waiting: PendingSend[] = [];
  let isOpening = false;
  let isClosed = false;

  /** The session with fewest requests; `undefined` if all have as many as their server takes. */
  function free(): Session | undefined {
    sessions = sessions.filter(({ open }) => open);
    let best: Session | undefined;
    for (const session of sessions) {
      if (best === undefined || session.load < best.load) best = session;
    }
    if (best === undefined || sessions.length === MOST_SESSIONS) return best;
    return best.load < best.greeting.maxInFlight - 2 ? best : undefined;
  }

  async function open(): Promise<void> {
    if (isOpening) return;
    isOpening = true;
    let opened: Session | Error;
    try {
      opened = await openSession(address, {
        ...more,
        timeout: OPEN_MS,
        heartbeat,
        maxInFlight: Infinity,
        token: nodeToken(id, secret),
      }, prove);
      if (isClosed) opened.cut();
      else sessions.push(opened);
    } catch (error) {
      opened = error as Error;
    }
    isOpening = false;
    const ready = waiting;
    waiting = [];
    for (const each of ready) each(opened);
  }

  function prove(session: Session): Promise<void> {
    session.introduce();
    return new Promise((resolve, reject) =>
      void session.send(
        { head: "NODE", text: ` ${formatWord(id)} ${formatWord(proofOf(id, secret))}` },
        { item: () => true, final: () => resolve(), failed: reject },
      )
    );
  }

  return {
    send({ verb, call, body, onPart }: NodeCall): SentCall {
      const { promise: reply, resolve, reject } = Promise.withResolvers<Uint8Array>();
      const text = call === undefined ? "" : ` call=${formatWord(call)}`;
      let stop: (() => void) | undefined;
      let isStopped = false;
      const go: PendingSend = (session) => {
        if (isStopped) return reject(new LinkLost("no", new Error("nobody wants it any more")));
        if (session instanceof Error) return reject(lost(session));
        try {
          const sent = session.send({ head: verb, text, body }, {
            item(frame) {
              onPart?.(frame.body ?? EMPTY);
              return true;
            },
            final: (frame) => resolve(frame.body ?? EMPTY),
            failed: (error) => reject(lost(error)),
          });
          stop = () => void sent.stop();
        } catch (error) {
          reject(lost(error as Error));
        }
      };
      const session = free();
      if (isClosed) go(new ConnectionLost("it was closed here", "no"));
      else if (session !== undefined) go(session);
      else {
        waiting.push(go);
        void open();
      }
      return {
        reply,
        stop() {
          isStopped = true;
          stop?.();
        },
      };
    },

    // deno-lint-ignore require-await
    async close() {
      isClosed = true;
      for (const session of sessions) session.cut();
    },
  };
}

/** The error of a call as the remote engine knows it. */
function lost(error: Error): Error {
  if (!(error instanceof ConnectionLost)) return error;
  return new LinkLost(error.executed, error);
}
