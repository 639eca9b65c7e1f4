/** A TCP port of loopback that was free a moment ago: `preferredPort` where it is free. */
export function getAvailablePort(options?: { preferredPort?: number }): number {
  for (const port of options?.preferredPort === undefined ? [0] : [options.preferredPort, 0]) {
    try {
      using listener = Deno.listen({ hostname: "127.0.0.1", port });
      return listener.addr.port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse) || port === 0) throw error;
    }
  }
  throw new Deno.errors.AddrNotAvailable("no free port");
}

/** The first address of this machine in the family that is no loopback address. */
export function getNetworkAddress(family: "IPv4" | "IPv6" = "IPv4"): string | undefined {
  return Deno.networkInterfaces().find((each) =>
    each.family === family && !/^(127\.|::1$|fe80:)/.test(each.address)
  )?.address;
}
