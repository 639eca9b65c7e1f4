// The tests of the queue's behaviour, which run again on PostgreSQL, and over several engines and nodes.

/**
 * Left out: `crowd`, `slices` and `sweeps` are about size; `model` and `simulation` bring their own engines.
 */
export const BEHAVIOUR: readonly string[] = [
  "engine/attempts",
  "engine/clocks",
  "engine/commands",
  "engine/endings",
  "engine/expiry",
  "engine/fairness",
  "engine/leases",
  "engine/limits",
  "engine/rates",
  "engine/read_only",
  "engine/results",
  "engine/schedules",
  "engine/takers",
  "engine/turns",
  "engine/unique",
  "protocol/protocol",
];
