// Sessions from a seed: requests of all commands, most of them right, some with one mistake.

const KEYS = ["k", "l", "m", "n"];
const STRINGS = ["v", "", "10", "-1", "007", "9223372036854775807", "\xe9\0\r\n", "x".repeat(100)];
const NUMBERS = ["0", "1", "-1", "2", "100", "5"];
const NO_NUMBERS = ["abc", "1.5", "", " 1", "9223372036854775808", "1e3"];

type Pick = <T>(from: readonly T[]) => T;
/** A time that does not run out within a session, and that no other request of it has: GT and LT compare them. */
type NextTime = () => string;

/** The requests, each with the words of one that is right. */
const REQUESTS: readonly ((pick: Pick, time: NextTime) => string[])[] = [
  (pick) => ["GET", pick(KEYS)],
  (pick) => ["SET", pick(KEYS), pick(STRINGS)],
  (pick) => ["SET", pick(KEYS), pick(STRINGS), pick(["NX", "XX", "GET", "KEEPTTL", "xx"])],
  (pick) => ["SET", pick(KEYS), pick(STRINGS), "GET", pick(["NX", "XX"])],
  (pick, time) => ["SET", pick(KEYS), pick(STRINGS), pick(["EX", "ex"]), time()],
  (pick, time) => ["SET", pick(KEYS), pick(STRINGS), "NX", "PX", `${time()}000`],
  (pick) => ["MGET", pick(KEYS), pick(KEYS), pick(KEYS)],
  (pick) => ["MSET", pick(KEYS), pick(STRINGS), pick(KEYS), pick(STRINGS)],
  (pick) => ["INCR", pick(KEYS)],
  (pick) => ["STRLEN", pick(KEYS)],
  (pick) => ["DEL", pick(KEYS), pick(KEYS)],
  (pick) => ["EXISTS", pick(KEYS), pick(KEYS), pick(KEYS)],
  (pick) => ["TYPE", pick(KEYS)],
  (pick, time) => ["EXPIRE", pick(KEYS), pick([time(), time(), "0", "-1"])],
  (pick, time) => ["EXPIRE", pick(KEYS), time(), pick(["NX", "XX", "GT", "LT"])],
  (pick, time) => ["PEXPIRE", pick(KEYS), `${time()}000`],
  (pick) => ["TTL", pick(KEYS)],
  (pick) => ["PERSIST", pick(KEYS)],
  (pick) => [pick(["LPUSH", "RPUSH", "rpush"]), pick(KEYS), pick(STRINGS), pick(STRINGS)],
  (pick) => [pick(["LPOP", "RPOP"]), pick(KEYS)],
  (pick) => [pick(["LPOP", "RPOP"]), pick(KEYS), pick(["0", "1", "2", "100"])],
  (pick) => ["LLEN", pick(KEYS)],
  (pick) => ["LRANGE", pick(KEYS), pick(NUMBERS), pick(NUMBERS)],
  () => ["DBSIZE"],
  (pick) => ["ECHO", pick(STRINGS)],
  () => ["PING"],
  () => ["CLIENT", "GETNAME"],
  (pick) => ["CLIENT", "SETNAME", pick(["me", "", "a b", "\xe9"])],
];

/** Ways to make one mistake. */
const MISTAKES: readonly ((words: string[], pick: Pick) => string[])[] = [
  (words) => words.slice(0, -1),
  (words, pick) => [...words, pick([...KEYS, ...NO_NUMBERS, "NX"])],
  (words, pick) => [...words.slice(0, -1), pick(NO_NUMBERS)],
  ([verb, ...words]) => [`${verb}FROB`, ...words],
  ([verb]) => [verb],
];

/** A session: its requests as words. */
export function generatedSession(random: () => number): string[][] {
  const pick: Pick = (from) => from[Math.floor(random() * from.length)];
  const times = Array.from({ length: 60 }, (_, i) => String(100 + 10 * i))
    .map((time) => ({ time, rank: random() })).sort((a, b) => a.rank - b.rank);
  return Array.from({ length: 30 }, () => {
    const words = pick(REQUESTS)(pick, () => times.pop()!.time);
    const isWrong = random() < 0.15;
    const sent = isWrong ? pick(MISTAKES)(words, pick) : words;
    return sent.length > 0 ? sent : ["PING"];
  });
}
