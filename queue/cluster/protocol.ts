// The commands of nodes among each other, and NODES for everybody. A connection proves by NODE that it is that of a node.

import type { Protocol } from "../../protocol/spec.ts";
import { dead, notFound, notTaken, readOnly } from "../protocol/fields.ts";

/** The text that a node sends with a call whose bytes are the body. */
const call = {
  type: "text",
  max: 4096,
  summary: "The call as JSON, where the body has only its bytes.",
} as const;
const body = { type: "bytes" } as const;

/** The errors of the queue, which pass through, and that of a node without the shard. */
const errors = {
  "not-found": notFound,
  "not-taken": notTaken,
  "read-only": readOnly,
  "not-dead": { summary: "The job is not dead." },
  dead,
  "not-owner": { summary: "The queue is on another node. Nothing was changed.", retry: true },
} as const;

const forNodes = "For the nodes of the cluster: others are refused.";

/** The protocol of a node, beside that of the queue. */
export const nodeProtocol = {
  name: "nodes",
  version: "1.0",
  summary: "The nodes of a cluster, and what they ask each other.",
  commands: {
    NODES: {
      summary: "Tell the nodes that share this queue.",
      description: "The node that answers comes first.",
      items: {
        node: {
          type: "word",
          positional: true,
          summary: "Its id; a node that starts again has another.",
        },
        address: { type: "text", summary: "Where other nodes and clients reach it." },
        shards: { type: "integer", min: 0, summary: "How many parts of the queue it has." },
        up: { type: "duration", summary: "How long ago it joined." },
        renewed: { type: "duration", summary: "How long ago it was last seen in the database." },
        self: { type: "boolean", optional: true, summary: "Whether it is the node that answers." },
      },
      reply: { count: { type: "integer", min: 0, summary: "How many nodes." } },
      class: "interactive",
      idempotent: true,
    },
    NODE: {
      summary: "Prove that this connection is that of a node.",
      description: forNodes,
      args: {
        id: { type: "word", max: 64, summary: "The id of the node." },
        proof: {
          type: "word",
          max: 128,
          summary: "The proof that it knows the secret of the cluster.",
        },
      },
    },
    FORWARD: {
      summary: "Pass a request on to the node that has its queue.",
      description: forNodes,
      args: { body },
      options: { call },
      reply: { body },
      errors,
    },
    FETCH: {
      summary: "As FORWARD, for an answer of several parts.",
      description: forNodes,
      args: { body },
      items: { body },
      reply: {},
      errors,
    },
  },
} as const satisfies Protocol;
