// Random sessions of beanstalkd's protocol: each command is answered at once, whatever was sent before.

/** One command of one client. */
export interface RandomStep {
  /** The number of the client. */
  readonly client: number;
  readonly send: string;
}

const CLIENTS = 3;
const TUBES = ["default", "t1", "t2"];
const PRIORITIES = [0, 1, 2, 1023, 1024, 1025, 4294967294, 4294967295];
/** Far away: no delay and no time of a job ends while a session is played. */
const DELAYS = [0, 0, 0, 0, 3000, 4000];

/** A random session of so many commands, with a quit here and there. */
export function* randomSession(random: () => number, length: number): Generator<RandomStep> {
  const below = (limit: number): number => Math.floor(random() * limit);
  const one = <T>(from: readonly T[]): T => from[below(from.length)];
  // Ids of jobs that were put, and some that were not.
  let jobs = 0;
  const id = (): number => 1 + below(jobs + 2);
  const body = (): string => "x".repeat(below(4)) + one(["", "\r\n", "quit\r\n", "é", "\0"]);
  const commands: readonly (readonly [weight: number, make: () => string])[] = [
    [8, () => {
      jobs++;
      const bytes = body();
      const size = new TextEncoder().encode(bytes).length;
      return `put ${one(PRIORITIES)} ${one(DELAYS)} ${one([60, 90])} ${size}\r\n${bytes}\r\n`;
    }],
    [8, () => "reserve-with-timeout 0\r\n"],
    [2, () => `reserve-job ${id()}\r\n`],
    [4, () => `delete ${id()}\r\n`],
    [4, () => `release ${id()} ${one(PRIORITIES)} ${one(DELAYS)}\r\n`],
    [4, () => `bury ${id()} ${one(PRIORITIES)}\r\n`],
    [2, () => `touch ${id()}\r\n`],
    [3, () => `kick ${below(4)}\r\n`],
    [2, () => `kick-job ${id()}\r\n`],
    [2, () => `peek ${id()}\r\n`],
    [3, () => `peek-${one(["ready", "delayed", "buried"])}\r\n`],
    [3, () => `use ${one(TUBES)}\r\n`],
    [3, () => `watch ${one(TUBES)}\r\n`],
    [3, () => `ignore ${one(TUBES)}\r\n`],
    [3, () => `stats-job ${id()}\r\n`],
    [2, () => `stats-tube ${one(TUBES)}\r\n`],
    [1, () => "list-tubes\r\n"],
    [1, () => "list-tube-used\r\n"],
    [1, () => "list-tubes-watched\r\n"],
    [1, () => "stats\r\n"],
    [0.5, () => "quit\r\n"],
    [
      0.5,
      () => one(["frob\r\n", "delete\x20\r\n", "release 1 x 0\r\n", "use \x7f\r\n", "peek 1 \r\n"]),
    ],
  ];
  const total = commands.reduce((sum, [weight]) => sum + weight, 0);
  for (let step = 0; step < length; step++) {
    let at = random() * total;
    const [, make] = commands.find(([weight]) => (at -= weight) < 0)!;
    yield { client: below(CLIENTS), send: make() };
  }
}

/** Lines of YAML whose values are times, or figures of the machine, or those that Lineup has not. */
const VARIES =
  /^(age|time-left|file|pid|version|rusage-.*|uptime|id: [0-9a-f]{16}|hostname|os|platform|binlog-.*|total-connections|max-job-size)\b.*$/;

/** An answer without what may differ: times, quotes, and the order of tubes. */
export function comparable(answer: string): string {
  if (!answer.startsWith("OK ")) return answer;
  const lines = answer.replaceAll('"', "").split("\n").slice(1).filter((line) =>
    !VARIES.test(line)
  );
  return lines[1]?.startsWith("- ") ? lines.sort().join("\n") : lines.join("\n");
}
