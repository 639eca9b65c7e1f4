/** A job as a TAKE gets it. */
export interface Given {
  readonly id: number;
  readonly queue: string;
  readonly key: string | undefined;
  readonly attempt: number;
  /** In ms. */
  readonly lease: number;
  /** Here once the grant is whole. */
  body: Uint8Array;
}

/** The jobs that a TAKE gets. */
export interface Grant {
  readonly given: readonly Given[];
  /** Resolves once they are stored as taken and their bodies are here: not before may anybody be told. */
  readonly whole: Promise<Grant>;
}
