import type { DeliveredJob } from "./engine.ts";

/** A job on its way to a consumer: its body may have to be read first. */
export interface JobOnTheWay extends Omit<DeliveredJob, "body"> {
  body: Uint8Array | undefined;
}

/** The jobs of a TAKE. */
export interface Delivery {
  /** Once the delivery is whole, the jobs whose bodies could be read. */
  jobs: readonly JobOnTheWay[];
  /** Resolves once the jobs are stored as taken: the client must not learn of them before. */
  readonly whole: Promise<Delivery>;
}
