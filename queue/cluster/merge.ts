// Several sorted sequences as one.

/** Items, some of which may have to be waited for. */
export type Sequence<T> = Iterable<T> | AsyncIterable<T>;

/** The next item of a sequence. */
interface Head<T> {
  readonly rest: Iterator<T> | AsyncIterator<T>;
  item: T;
}

/**
 * The items of all sequences in the order of their names. Each sequence is in this order already. Of items with one name,
 * only those of one sequence are told: a queue that moves meanwhile could be in two.
 */
export async function* merge<T>(
  sequences: readonly Sequence<T>[],
  nameOf: (item: T) => string,
): AsyncGenerator<T, void, void> {
  const heads: Head<T>[] = [];
  const open = new Set<Iterator<T> | AsyncIterator<T>>();
  try {
    for (const sequence of sequences) {
      const rest = iteratorOf(sequence);
      open.add(rest);
      const { done, value } = await rest.next();
      if (!done) heads.push({ rest, item: value });
    }
    let last: { readonly name: string; readonly rest: unknown } | undefined;
    for (let at; (at = indexOfFirst(heads, nameOf)) !== -1;) {
      const head = heads[at];
      const { rest, item } = head;
      const name = nameOf(item);
      if (last?.name !== name) last = { name, rest };
      if (last.rest === rest) yield item;
      const next = rest.next();
      const { done, value } = next instanceof Promise ? await next : next;
      if (done) heads.splice(at, 1);
      else head.item = value;
    }
  } finally {
    for (const rest of open) await rest.return?.();
  }
}

function iteratorOf<T>(sequence: Sequence<T>): Iterator<T> | AsyncIterator<T> {
  return Symbol.asyncIterator in sequence
    ? sequence[Symbol.asyncIterator]()
    : sequence[Symbol.iterator]();
}

function indexOfFirst<T>(heads: readonly Head<T>[], nameOf: (item: T) => string): number {
  let first = -1;
  let least = "";
  for (const [at, { item }] of heads.entries()) {
    const name = nameOf(item);
    if (first !== -1 && name >= least) continue;
    [first, least] = [at, name];
  }
  return first;
}
