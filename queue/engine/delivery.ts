import type { DeliveredJob } from "./engine.ts";

/** A job on its way to a consumer: its body may have to be read first. */
export interface JobOnTheWay extends Omit<DeliveredJob, "body"> {
  body: Uint8Array | undefined;
}

/** The jobs of a TAKE. */
export interface Delivery {
  readonly jobs: readonly JobOnTheWay[];
  /**
   * Resolves once the jobs are stored as taken: the client must not learn of them before. With those whose bodies could be
   * read; all of them if the bodies are in memory.
   */
  readonly whole: Promise<readonly DeliveredJob[]>;
  /** Whether all bodies are in memory. */
  readonly isInMemory: boolean;
}
