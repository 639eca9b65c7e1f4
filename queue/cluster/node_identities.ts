// The nodes of a cluster among the identities of a server: where clients have to prove who they are, nodes do so too.

import type { Credential, Identities, Identity } from "../../server/mod.ts";
import { isProof, proofOf } from "./proof.ts";

/** The identity of a node. It has no rights of its own: each request was allowed at the node that passes it on. */
const NODE: Identity = { name: ":node", roles: [], grants: {} };
const CREDENTIAL: Credential = { identity: NODE, renewed: () => NODE };

/** The token of a node with this id. */
export function nodeToken(id: string, secret: string): string {
  return `node:${id}:${proofOf(id, secret)}`;
}

/** These identities, and the nodes that know the secret. */
export function withNodes(identities: Identities, secret: string): Identities {
  return {
    authenticate(token) {
      const [kind, id = "", proof = ""] = token.split(":");
      const isNode = kind === "node" && isProof(proof, id, secret);
      return isNode ? CREDENTIAL : identities.authenticate(token);
    },
    forCertificate: identities.forCertificate && ((it) => identities.forCertificate!(it)),
    named: (name) => name === NODE.name ? CREDENTIAL : identities.named(name),
    watch: (action) => identities.watch(action),
  };
}
