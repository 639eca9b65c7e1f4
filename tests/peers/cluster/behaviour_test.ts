// The queue behaves over several engines as it does over one: its tests run again.

import { BEHAVIOUR } from "../behaviour_files.ts";
import { useNodes } from "../../test_queue.ts";
import { openShardedNode } from "../../queue/cluster/local_shards.ts";
import { useQueues as useStageQueues } from "../../queue/beanstalkd/stage.ts";
import { useQueues as useServedQueues } from "../../queue/rights/served_queue.ts";
import { systemClock } from "../../../net/clock.ts";
import type { QueueOptions } from "@lineup/lineup/queue";

useNodes((options) => openShardedNode(options, 3));
const openOne = async (options: QueueOptions) => {
  const [{ queue }] = await openShardedNode({ clock: systemClock, ...options }, 3);
  return queue;
};
useStageQueues(openOne);
useServedQueues(openOne);

const files = [
  ...BEHAVIOUR,
  "beanstalkd/dialect",
  "beanstalkd/queue",
  "beanstalkd/sessions",
  "rights/rights",
];
for (const file of files) await import(`../../queue/${file}_test.ts`);
