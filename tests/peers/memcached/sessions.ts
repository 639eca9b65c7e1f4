// Random requests of memcached's protocol that both servers must answer alike.

/** The state of a session that makes requests. */
export interface Session {
  readonly random: () => number;
  /** A number of an item that was seen last. */
  cas: number;
}

const KEYS = ["a", "b", "c", "num", "é", "k".repeat(250)];
const BASE64_KEYS = ["YQBi", "Zm9v", "/w=="];
const VALUES = [
  "",
  "x",
  "5",
  "99",
  "100",
  "18446744073709551615",
  "  7",
  "12 3",
  "abc",
  "he\r\nlo\r\n",
  "x".repeat(100),
  "y".repeat(3000),
];
const FLAGS = ["0", "0", "1", "123", "4294967295"];
const EXPTIMES = ["0", "0", "0", "1000", "-1", "2592001", "2000000000"];
const DELTAS = [
  "1",
  "1",
  "5",
  "90",
  "18446744073709551615",
  "0",
  "x",
  "-1",
  "18446744073709551616",
];

/** Requests that are wrong, or seldom. */
const ODD = [
  "get",
  "gets",
  "gat",
  "gat 0",
  "gat x a",
  "GET a",
  "",
  "foo",
  "touch a",
  "touch a x",
  "touch a 0 foo",
  "incr a",
  "incr a 1 2 3",
  "incr num 1 foo",
  "delete",
  "delete a 5",
  "delete a 0",
  "delete a 0 noreply",
  "delete a 5 noreply",
  "delete a b c d",
  `get ${"k".repeat(251)}`,
  `touch ${"k".repeat(251)} 0`,
  `incr ${"k".repeat(251)} 1`,
  `delete ${"k".repeat(251)}`,
  "flush_all x",
  "flush_all 0 noreply",
  "flush_all noreply",
  "flush_all 1 2 3",
  "verbosity",
  "verbosity x",
  "verbosity 0",
  "verbosity 0 noreply",
  "stats foo",
  "mg",
  "mg a v v",
  "mg a !",
  "mg a N",
  "mg a Tx",
  "mg a b",
  `mg a v O${"o".repeat(31)}`,
  `mg ${"k".repeat(251)} v`,
  "mg a b c d e f g h i j k l m n o p q r s t u v w",
  "md",
  "md a !",
  "md a k k",
  "md a Cx",
  "ma",
  "ma a !",
  "ma a MX",
  "ma a MII",
  "ma a Dx",
  "ma a Jx N0",
  "ms a 2 MX\r\nab",
  "ms a 2 !\r\nab",
  "ms a 2 F1 F2\r\nab",
  "ms a 2 Fx\r\nab",
  "ms a 2 Tx\r\nab",
  "ms a 2 MAB\r\nab",
  "ms a 2 S2\r\nab",
  `ms a 2 O${"o".repeat(32)}\r\nab`,
  "mx a",
  "version1",
  "getx a",
  " get  a   b ",
  "get a b c num a",
  "gets a b c num a",
  "gat 1000 a b c",
  "gats 0 a b",
  "mn foo",
];

/** The next request, with the line end behind it. */
export function request({ random, cas }: Session): string {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)];
  const maybe = (share: number, text: string): string => random() < share ? text : "";
  const noreply = maybe(0.1, " noreply");
  const anyCas = (): number => Math.max(0, cas - Math.floor(random() * 3));
  const key = pick(KEYS);
  const value = pick(VALUES);
  const data = `${value.length}${noreply}\r\n${value}`;
  // The original pads a number that gets shorter, unless another thread looks at its item.
  const renewed = `set num 0 0 2\r\n${pick(["10", "99", "07"])}\r\n`;
  const stored = `${key} ${pick(FLAGS)} ${pick(EXPTIMES)}`;
  switch (Math.floor(random() * 20)) {
    case 0:
    case 1:
      return `${pick(["get", "gets"])} ${key}${maybe(0.3, ` ${pick(KEYS)}`)}\r\n`;
    case 2:
      return `${pick(["gat", "gats"])} ${pick(EXPTIMES)} ${key}\r\n`;
    case 3:
    case 4:
      return `set ${stored} ${data}\r\n`;
    case 5:
      return `${pick(["add", "replace"])} ${stored} ${data}\r\n`;
    case 6:
      return `${pick(["append", "prepend"])} ${stored} ${data}\r\n`;
    case 7:
      return `cas ${stored} ${value.length} ${anyCas()}${noreply}\r\n${value}\r\n`;
    case 8:
    case 9:
      return `${pick(["incr", "decr"])} num ${pick(DELTAS)}${noreply}\r\n${renewed}`;
    case 10:
      return `delete ${key}${noreply}\r\n`;
    case 11:
      return `touch ${key} ${pick(EXPTIMES)}${noreply}\r\n`;
    case 12:
      return maybe(0.2, "flush_all\r\n") || renewed;
    case 13:
    case 14:
      return `mg ${key}${lookupFlags(random)}\r\n`;
    case 15: {
      const flags = maybe(0.3, ` T${pick(EXPTIMES)}`) + maybe(0.3, ` F${pick(FLAGS)}`) +
        maybe(0.3, ` C${anyCas()}`) + maybe(0.3, " I") + maybe(0.5, ` M${pick([..."EAPRS"])}`) +
        tellFlags(random, "kcqO7");
      return `ms ${key} ${value.length}${flags}\r\n${value}\r\n`;
    }
    case 16: {
      const flags = maybe(0.3, ` C${anyCas()}`) + maybe(0.4, " I") +
        maybe(0.3, ` T${pick(EXPTIMES)}`);
      return `md ${key}${flags}${tellFlags(random, "kqO7")}\r\n`;
    }
    case 17: {
      const flags = maybe(0.2, ` C${anyCas()}`) + maybe(0.3, " N1000") + maybe(0.3, " J13") +
        maybe(0.4, ` D${pick(["1", "5", "90"])}`) + maybe(0.4, ` M${pick([..."ID+-"])}`);
      return `ma num${flags}${tellFlags(random, "ctvkO7")}\r\n${renewed}`;
    }
    case 18: {
      const coded = pick(BASE64_KEYS);
      return pick([
        `ms ${coded} 1 b k\r\nx\r\n`,
        `mg ${coded} b k v c\r\n`,
        `md ${coded} b k\r\n`,
      ]);
    }
    default:
      return `${pick(ODD)}\r\n`;
  }
}

/** Flags of mg. A flag that sets a time stands before one that tells it. */
function lookupFlags(random: () => number): string {
  const times = [" N1000", " T1000", " T-1", " T0", ""];
  const time = random() < 0.4 ? times[Math.floor(random() * times.length)] : "";
  const recache = random() < 0.3 ? [" R30", " R2000"][Math.floor(random() * 2)] : "";
  // The original tells a time to live below 0 as 4294967295.
  return time + recache + tellFlags(random, time === " T-1" ? "scfhvqukO7" : "scfhvqtukO7");
}

/** Some of these flags, in any order. O has a token behind it. */
function tellFlags(random: () => number, from: string): string {
  return [...from.matchAll(/[A-Z]\w|\w/g)].map(([flag]) => flag)
    .filter(() => random() < 0.4)
    .map((flag) => ({ flag, at: random() })).sort((a, b) => a.at - b.at)
    .map(({ flag }) => ` ${flag}`).join("");
}
