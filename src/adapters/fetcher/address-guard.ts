import type { LookupAddress, LookupOptions } from 'node:dns'
import { lookup } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import { callbackify } from 'node:util'

import ipaddr from 'ipaddr.js'
import { buildConnector } from 'undici'

import { MediaError } from '../../domain/failures.ts'

/** Names to addresses; all of them, for each is a place where a connection might go. */
export type ResolveHost = (hostname: string) => Promise<readonly LookupAddress[]>

const systemResolve: ResolveHost = (hostname) => lookup(hostname, { all: true })

export interface AddressGuardOptions {
  /** `host` or `host:port`, compared exactly: these may be private. */
  readonly allowPrivateHosts: readonly string[]
  readonly connectTimeoutMs: number
  readonly resolve?: ResolveHost
}

const forbidden = (why: string): MediaError => new MediaError('SOURCE_FORBIDDEN', why)

const unbracketed = (hostname: string): string => hostname.replace(/^\[|\]$/g, '').toLowerCase()

const portOf = (protocol: string, port: string): string =>
  port || (protocol === 'https:' ? '443' : '80')

/**
 * Keeps connections away from loopback, private, link-local and other addresses that are not of the
 * public Internet, in every spelling: only what ipaddr.js calls `unicast` passes, so that a range which
 * nobody thought of is closed. That leaves out IPv4 inside IPv6 (mapped, 6to4, NAT64) as well.
 */
export const createAddressGuard = (options: AddressGuardOptions) => {
  const allowed = new Set(options.allowPrivateHosts.map((host) => host.toLowerCase()))
  const resolve = options.resolve ?? systemResolve
  const mayBePrivate = (hostname: string, port: string): boolean =>
    allowed.has(hostname) ||
    allowed.has(`${hostname}:${port}`) ||
    allowed.has(`[${hostname}]:${port}`)

  /** Checks what can be seen in a URL itself; throws SOURCE_FORBIDDEN. */
  const checkUrl = (text: string, base?: URL): URL => {
    const url = URL.parse(text, base?.href)
    if (!url) throw forbidden('not a URL')
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw forbidden(`the scheme ${url.protocol} is not fetched`)
    }
    if (url.username || url.password) throw forbidden('a URL with a user name is not fetched')
    checkLiteral(unbracketed(url.hostname), portOf(url.protocol, url.port))
    return url
  }

  /** Node's look-up is not asked about literal addresses, so they are checked on their own. */
  const checkLiteral = (hostname: string, port: string): void => {
    if (mayBePrivate(hostname, port)) return
    // Loopback by definition (RFC 6761), whatever a resolver says, or fails to say.
    if (/(?:^|\.)localhost\.?$/.test(hostname)) throw forbidden(`${hostname} is this machine`)
    if (ipaddr.isValid(hostname)) checkAddress(hostname, hostname)
  }

  const resolveChecked = async (hostname: string, port: string) => {
    const addresses = await resolve(hostname)
    if (addresses.length === 0) throw new Error(`${hostname} has no address`)
    if (!mayBePrivate(unbracketed(hostname), port)) {
      for (const { address } of addresses) checkAddress(address, hostname)
    }
    return addresses
  }

  /** A look-up for sockets to this port that answers with addresses that were checked, or not at all. */
  const lookupFor = (port: string): LookupFunction =>
    callbackify((name: string, _options: LookupOptions) =>
      resolveChecked(name, port),
    ) as unknown as LookupFunction

  /**
   * An undici connector whose socket gets the very addresses that were checked: there is no second
   * look-up that could answer otherwise.
   */
  const connect: buildConnector.connector = (target, callback) => {
    const hostname = unbracketed(target.hostname)
    const port = portOf(target.protocol, target.port)
    try {
      checkLiteral(hostname, port)
    } catch (error) {
      callback(error as Error, null)
      return
    }
    const connector = buildConnector({
      timeout: options.connectTimeoutMs,
      // Makes Node ask for all addresses at once, which is the form in which they are answered here.
      autoSelectFamily: true,
      lookup: lookupFor(port),
    })
    connector(target, callback)
  }

  /** As `checkUrl`, and looks up where the name leads; for addresses that are kept for later. */
  const checkReachable = async (text: string): Promise<void> => {
    const url = checkUrl(text)
    await resolveChecked(unbracketed(url.hostname), portOf(url.protocol, url.port))
  }

  return { checkUrl, checkHost: checkLiteral, checkReachable, connect, lookupFor }
}

const checkAddress = (address: string, hostname: string): void => {
  const range = ipaddr.isValid(address) ? ipaddr.parse(address).range() : 'unreadable'
  if (range !== 'unicast') throw forbidden(`${hostname} leads to an address that is ${range}`)
}
