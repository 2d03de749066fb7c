import type { GuardedFetcher } from '../adapters/fetcher/guarded-fetch.ts'
import type { ApiDependencies } from '../api/dependencies.ts'
import { MediaError } from '../domain/failures.ts'

/** Somebody waits for the answer, and a slow server is not a broken one. */
const PATIENCE_MS = 3_000

/** What these say now may be another thing in a minute. */
const PASSING = new Set([408, 425, 429])

/** Tries the first byte of a source: whether it may be fetched at all, and is there. */
export const checkSource =
  (fetcher: Pick<GuardedFetcher, 'request'>): ApiDependencies['checkSource'] =>
  async (url) => {
    try {
      const { status } = await fetcher.request(url, {
        method: 'GET',
        headers: { range: 'bytes=0-0' },
        timeoutMs: PATIENCE_MS,
        maxResponseBytes: 1,
      })
      if (status < 400) return null
      const severity = status < 500 && !PASSING.has(status) ? 'error' : 'warning'
      return { severity, message: `answers with status ${status}` }
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      return error.code === 'SOURCE_FORBIDDEN'
        ? { severity: 'error', message: 'leads to an address that is not public' }
        : { severity: 'warning', message: 'cannot be reached at present' }
    }
  }
