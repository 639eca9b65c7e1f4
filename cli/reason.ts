// The reason of a failure, in words that say what to do.

/** Messages of systems and libraries, and what they mean. */
const MEANINGS: readonly (readonly [said: RegExp, means: string])[] = [
  [
    /Requires (\w+) access to (.*?),? run again with the (--allow-[a-z]+) flag.*/s,
    "Deno needs $3 for this ($1 access to $2): deno run $3, or deno run -A for everything",
  ],
  [
    /invalid peer certificate: .*?(UnknownIssuer|CaUsedAsEndEntity)\W*|self.signed certificate.*|unable to (verify the first|get (local )?issuer) certificate.*/s,
    "the server's certificate is not trusted here; --ca FILE trusts it, or its authority (PEM)",
  ],
  [
    /invalid peer certificate: (?:.*NotValidForName|certificate not valid for name).*|Hostname\/IP does not match certificate.*/s,
    "the server's certificate is for another name than the address has; use that name",
  ],
  [
    /invalid peer certificate: (?:.*Expired|certificate expired).*|certificate has expired/s,
    "the server's certificate has expired; it must be renewed there",
  ],
  [
    /invalid peer certificate: (?:.*NotValidYet|certificate not valid yet).*|certificate is not yet valid/s,
    "the server's certificate is not valid yet; compare the clocks of both machines",
  ],
  [
    /.*invalid HTTP version parsed.*/s,
    "the server does not speak WebSocket at this address, or it speaks TLS there: wss:// is with TLS",
  ],
  [
    /received (corrupt message|fatal alert).*|.*wrong version number.*|packet length too long/s,
    "the server does not speak TLS at this address, or not this protocol; tcp:// is without TLS",
  ],
  [
    /failed to lookup address information.*|getaddrinfo ENOTFOUND.*/s,
    "there is no host of this name",
  ],
  [
    /^(cannot listen at unix:.*): Address already in use.*/s,
    "$1: another server listens there, or the file is not a socket",
  ],
  [
    /^(cannot listen at .*): Cannot assign requested address.*/s,
    "$1: no network interface of this machine has this address",
  ],
  [
    /^(cannot listen at (?!unix:).*): Permission denied.*/s,
    "$1: permission denied; ports below 1024 need a privilege",
  ],
  // Messages of our own libraries, which know no flags.
  [/\bset insecure: true\b/, "give --insecure"],
  [/; checkSqliteFile tells more$/, "; `lineup queue --check` tells more"],
  // The form of messages of node:fs.
  [/^E[A-Z]+: (.+?), \w+ '(.+)'$/s, "$2: $1"],
  [/path must be shorter than SUN_LEN/, "the path of a socket has at most 107 bytes"],
];

/** A reason with a full stop, so that another sentence can follow. */
export function sentence(reason: string): string {
  const text = reason.trimEnd();
  if (text === "") return "the reason is unknown.";
  return /[.!?\u2026]$/.test(text) ? text : `${text}.`;
}

/** The reason of a failure, without the error numbers and calls that Deno adds. */
export function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const bare = text.replace(/ \(os error [0-9]+\)/g, "").replace(/: [a-z]+ '[^']*'$/, "");
  const known = MEANINGS.find(([said]) => said.test(bare));
  return known === undefined ? bare : bare.replace(...known);
}
