/** A value that a layer gives: its text as a person types it, and where it stands. */
export interface LayerValue {
  readonly texts: readonly string[];
  readonly at: string;
}

/** A layer of a configuration: its values by flag, and the sentences about what is wrong in it. */
export interface Layer {
  readonly values: ReadonlyMap<string, LayerValue>;
  readonly problems: readonly string[];
}
