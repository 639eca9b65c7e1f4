/**
 * The prefixes under which an address is counted, the narrowest first: an IPv4 address stands for
 * itself; an IPv6 address for its /64 (one network, which hands its hosts any number of addresses)
 * and its /48 (one site, which may hold 65 536 networks). An IPv4 address inside an IPv6 one
 * (`::ffff:0:0/96`, and NAT64's `64:ff9b::/96`, where all IPv4 users would share one /64) is IPv4.
 *
 * @param address an IP address in any of its spellings; a zone (`%eth0`) is ignored
 * @throws {TypeError} where it is no IP address
 *
 * @example
 * ```ts
 * import { addressPrefixes } from "@lineup/lineup/scheduling";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(addressPrefixes("192.0.2.7"), ["192.0.2.7/32"]);
 * assertEquals(addressPrefixes("2001:db8:1:2::9"), ["2001:db8:1:2::/64", "2001:db8:1::/48"]);
 * assertEquals(addressPrefixes("::ffff:192.0.2.7"), ["192.0.2.7/32"]);
 * ```
 */
export function addressPrefixes(address: string): string[] {
  const v4 = parseIpv4(address);
  if (v4 !== undefined) return [formatIpv4(v4)];
  const groups = parseIpv6(address);
  if (groups === undefined) throw new TypeError(`not an IP address: ${address}`);
  if (holdsIpv4(groups)) return [formatIpv4([groups[6], groups[7]])];
  return [formatIpv6(groups, 4), formatIpv6(groups, 3)];
}

/** An IPv4 address as two 16-bit groups. */
type Ipv4 = readonly [number, number];

function parseIpv4(text: string): Ipv4 | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  if (!parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return undefined;
  const [a, b, c, d] = parts.map(Number);
  return [a * 256 + b, c * 256 + d];
}

function parseIpv6(text: string): number[] | undefined {
  const halves = text.split("%", 1)[0].split("::");
  if (halves.length > 2) return undefined;
  const [left, right] = halves.map((half, i) => parseGroups(half, i === halves.length - 1));
  if (left === undefined) return undefined;
  if (halves.length === 1) return left.length === 8 ? left : undefined;
  if (right === undefined || left.length + right.length > 7) return undefined;
  return [...left, ...Array(8 - left.length - right.length).fill(0), ...right];
}

/** Groups between colons, the last of which may be an IPv4 address where the text is the end. */
function parseGroups(text: string, isEnd: boolean): number[] | undefined {
  const groups: number[] = [];
  const words = text === "" ? [] : text.split(":");
  for (const [i, word] of words.entries()) {
    const v4 = isEnd && i === words.length - 1 ? parseIpv4(word) : undefined;
    if (v4 !== undefined) groups.push(...v4);
    else if (/^[0-9a-f]{1,4}$/i.test(word)) groups.push(parseInt(word, 16));
    else return undefined;
  }
  return groups;
}

function holdsIpv4(groups: number[]): boolean {
  const high = groups.slice(0, 6).map((group) => group.toString(16)).join(":");
  return high === "0:0:0:0:0:ffff" || high === "64:ff9b:0:0:0:0";
}

function formatIpv4([high, low]: Ipv4): string {
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}/32`;
}

function formatIpv6(groups: number[], kept: number): string {
  return `${groups.slice(0, kept).map((group) => group.toString(16)).join(":")}::/${kept * 16}`;
}
