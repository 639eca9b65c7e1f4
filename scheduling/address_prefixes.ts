/**
 * The prefixes under which a server counts an address, the narrowest first. An IPv4 address counts as itself. An IPv6
 * address counts as its /64, one network, which gives its hosts any number of addresses; and as its /48, one site,
 * which may hold 65 536 networks. An IPv4 address inside an IPv6 one counts as IPv4: `::ffff:0:0/96`, and
 * `64:ff9b::/96` of NAT64, where all IPv4 users would share one /64.
 *
 * @param address an IP address in any of its spellings; a zone (`%eth0`) is ignored
 * @throws {TypeError} if it is not an IP address
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
  const bytes = parseIpv4(address);
  if (bytes !== undefined) return [`${bytes.join(".")}/32`];
  const groups = parseIpv6(address);
  if (groups === undefined) throw new TypeError(`not an IP address: ${address}`);
  if (holdsIpv4(groups)) return [`${groups.slice(6).flatMap(bytesOf).join(".")}/32`];
  return [4, 3].map((kept) => `${groups.slice(0, kept).join(":")}::/${16 * kept}`);
}

/** The four bytes; leading zeros are decimal. */
function parseIpv4(text: string): number[] | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return undefined;
  const bytes = text.split(".").map(Number);
  return bytes.every((byte) => byte < 256) ? bytes : undefined;
}

/** The eight groups in hexadecimal, without leading zeros. The URL parser of the platform checks and shortens them. */
function parseIpv6(text: string): string[] | undefined {
  const [address] = text.split("%", 1);
  const url = /^[0-9a-f:.]+$/i.test(address) ? URL.parse(`http://[${address}]`) : null;
  if (url === null) return undefined;
  const halves = url.hostname.slice(1, -1).split("::");
  const [left, right] = halves.map((half) => half === "" ? [] : half.split(":"));
  if (right === undefined) return left;
  return [...left, ...Array(8 - left.length - right.length).fill("0"), ...right];
}

function holdsIpv4(groups: readonly string[]): boolean {
  const high = groups.slice(0, 6).join(":");
  return high === "0:0:0:0:0:ffff" || high === "64:ff9b:0:0:0:0";
}

function bytesOf(group: string): [number, number] {
  const value = parseInt(group, 16);
  return [value >> 8, value & 255];
}
