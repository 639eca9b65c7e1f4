// Which engine serves a request: the engine itself, or one with the rights of the identity that asks.

import { type QueueIdentity, Rights } from "../rights.ts";

/** The engine for an identity; the engine itself for `undefined`, which is any client of a server without identities. */
export type EngineFor<E> = (identity: QueueIdentity | undefined) => E;

/** Makes the engine for each identity, once. */
export function engineFor<E>(engine: E, guard: (engine: E, rights: Rights) => E): EngineFor<E> {
  const guarded = new WeakMap<QueueIdentity, E>();
  return (identity) => {
    if (identity === undefined) return engine;
    let own = guarded.get(identity);
    if (own === undefined) {
      guarded.set(identity, own = guard(engine, new Rights(identity)));
    }
    return own;
  };
}
