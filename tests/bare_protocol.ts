/** A protocol without commands of its own, for tests of connections. */
export const bareProtocol = {
  name: "bare",
  version: "1.0",
  summary: "Nothing of its own.",
  commands: {},
} as const;
