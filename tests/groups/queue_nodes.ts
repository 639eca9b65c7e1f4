import { loadGroup } from "../groups.ts";

await loadGroup("queue_nodes");
