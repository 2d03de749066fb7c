import { randomBytes } from 'node:crypto'
import type dns from 'node:dns'
import { RequestError, Server } from 'proxy-chain'
import { createAddressGuard, type AddressGuardOptions } from './address-guard.ts'

/** A door to the outside for a program that looks up and connects by itself. */
export interface GuardedProxy {
  /** With a password that nobody else on this machine knows. */
  readonly url: string
  /** Hosts that were refused, in order. */
  readonly refused: readonly string[]
  close(): Promise<void>
}

/**
 * Opens an HTTP proxy on loopback that connects to public addresses only, each of them checked when the
 * socket is opened: what a page links to, redirects to or embeds is judged like the page itself.
 */
export const openGuardedProxy = async (options: AddressGuardOptions): Promise<GuardedProxy> => {
  const guard = createAddressGuard(options)
  const password = randomBytes(16).toString('hex')
  const refused: string[] = []
  const server = new Server({
    host: '127.0.0.1',
    port: 0,
    prepareRequestFunction: ({ hostname, port, password: given }) => {
      if (given !== password) return { requestAuthentication: true }
      const lookup = guard.lookupFor(String(port))
      try {
        guard.checkHost(hostname.replace(/^\[|\]$/g, '').toLowerCase(), String(port))
      } catch {
        refused.push(hostname)
        throw new RequestError('This address may not be fetched', 403)
      }
      return {
        dnsLookup: ((
          name: string,
          how: dns.LookupOptions,
          answer: (error: Error | null, ...found: unknown[]) => void,
        ) =>
          lookup(name, how, (error, ...found) => {
            if (error !== null) refused.push(name)
            answer(error, ...found)
          })) as typeof dns.lookup,
      }
    },
  })
  await server.listen()
  return {
    url: `http://spool:${password}@127.0.0.1:${server.port}`,
    refused,
    close: () => server.close(true),
  }
}
