import type { Cdn } from './cdn.ts'
import { callCdn, cdnFailure } from './http-outcome.ts'

/** Caches that understand the PURGE method: Varnish, nginx with the cache-purge module, Squid. */
export interface PurgeConfig {
  readonly kind: 'purge'
  /**
   * The caches themselves, where they are not reached at the public address (or are several). Empty:
   * the PURGE goes to each URL as it is.
   */
  readonly baseUrls?: readonly string[] | undefined
}

/** 404 and 410, and 412 from newer versions of the nginx module, mean that it was not in the cache. */
const GONE_STATUSES: ReadonlySet<number> = new Set([200, 204, 404, 410, 412])

/**
 * Plain HTTP PURGE, one request per URL and cache. The Host header stays the public one, because caches
 * make it part of their key. *Idempotent:* what is not in the cache counts as dropped.
 */
export function createPurgeCdn(config: PurgeConfig): Cdn {
  const baseUrls = config.baseUrls ?? []
  return {
    name: 'purge',
    invalidate: async ({ urls, signal }) => {
      for (const publicUrl of new Set(urls)) {
        const { origin, host, pathname, search } = new URL(publicUrl)
        for (const base of baseUrls.length === 0 ? [origin] : baseUrls) {
          const answer = await callCdn('The cache', {
            url: base.replace(/\/+$/, '') + pathname + search,
            method: 'PURGE',
            headers: { host },
            signal,
          })
          if (!GONE_STATUSES.has(answer.status)) throw cdnFailure('The cache', answer)
        }
      }
      return { reference: null }
    },
  }
}
