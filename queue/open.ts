import { LocalEngine } from "./engine/local_engine.ts";
import { ownedEngine } from "./engine/owned_engine.ts";
import { queueMetrics } from "./metrics.ts";
import { type OpenQueue, openQueueOver } from "./open_queue.ts";
import { type QueueOptions, type QueueSettings, settingsOf } from "./queue_options.ts";
import { memoryStore } from "./store/memory_store.ts";

/**
 * Opens a work queue and loads the jobs of its store. If that fails, closes the store and rejects with its error.
 *
 * @example
 * ```ts
 * import { memoryStore, openQueue, queueProtocol } from "@lineup/lineup/queue";
 * import { listenMemory, serve } from "@lineup/lineup/server";
 * import { assertEquals } from "@std/assert";
 *
 * await using queue = await openQueue({ store: memoryStore() });
 * const listener = listenMemory();
 * await using server = await serve(queueProtocol, queue.handlers, { listen: [listener] });
 * const connection = listener.connect();
 * await connection.write(new TextEncoder().encode("PUT mail hello\nQUIT\n"));
 * let text = "";
 * const buffer = new Uint8Array(1024);
 * for (let n; (n = await connection.read(buffer)) !== null;) {
 *   text += new TextDecoder().decode(buffer.subarray(0, n));
 * }
 * assertEquals(text.split(/\r?\n/).slice(1, 3), ["OK id=1", "OK bye"]);
 * assertEquals(new Map(queue.stats()).get("queue-ready"), 1);
 * ```
 */
export async function openQueue(options: QueueOptions = {}): Promise<OpenQueue> {
  const { store = memoryStore() } = options;
  let settings: QueueSettings;
  try {
    settings = settingsOf(options);
  } catch (error) {
    await store.close();
    throw error;
  }
  const local = await LocalEngine.open({ ...settings, store });
  const { ownership } = store;
  const engine = ownership === undefined ? local : ownedEngine(local, ownership);
  return openQueueOver(engine, {
    metrics: (options) => queueMetrics([local.measured], options),
    queues: (after) => local.queues({ after }),
    unready: () => ownership?.holds === false ? "the database cannot be reached" : local.unready(),
    lost: ownership?.lost,
    reconfigure: (changes) => settings.reconfigure(changes),
    close: () => engine.close(),
  });
}
