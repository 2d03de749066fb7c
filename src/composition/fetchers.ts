import { createGuardedFetcher, type GuardedFetcher } from '../adapters/fetcher/guarded-fetch.ts'
import type { Config } from '../config.ts'

/** One fetcher for each degree of trust; they differ in nothing but the private hosts they may reach. */
export interface Fetchers {
  /** Addresses that strangers gave us: sources and webhook targets. */
  readonly strangers: GuardedFetcher
  /** Ourselves: the internal account's webhooks. */
  readonly self: GuardedFetcher
  /** A renderer or a provider that the operator has named. */
  readonly renderer: (server: { readonly url: string }) => GuardedFetcher
}

const hostOf = (url: string): string => {
  const { hostname, port, protocol } = new URL(url)
  return `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`
}

export const createFetchers = ({ settings }: Config): Fetchers => {
  const fetcherTo = (allowPrivateHosts: readonly string[]) =>
    createGuardedFetcher({
      allowPrivateHosts: [...allowPrivateHosts],
      maxRedirects: 3,
      connectTimeoutMs: 10_000,
      headersTimeoutMs: 30_000,
      bodyTimeoutMs: 30_000,
      totalTimeoutMs: settings.SPOOL_SOURCE_TIMEOUT_SECONDS * 1000,
      userAgent: 'Spool/1',
    })
  return {
    strangers: fetcherTo(settings.SPOOL_ALLOW_PRIVATE_SOURCES),
    self: fetcherTo([hostOf(settings.SPOOL_PUBLIC_URL)]),
    renderer: ({ url }) => fetcherTo([hostOf(url)]),
  }
}
