import { MediaError } from '../../domain/failures.ts'

type Headers = Readonly<Record<string, string | string[] | undefined>>

/** Whatever a server wishes, an hour is the longest that anything waits for it. */
const RETRY_AFTER_MS_MAX = 60 * 60 * 1000
/** Client errors that mean "not now". */
const PASSING = new Set([408, 425, 429])

export const oneHeader = (headers: Headers, name: string): string | undefined => {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}

/** What the answer of a source means when it is not the file. */
export const failureOfStatus = (status: number, headers: Headers): MediaError => {
  const detail = `the source answered ${status}`
  if (status < 500 && !PASSING.has(status)) return new MediaError('SOURCE_NOT_FOUND', detail)
  const retryAfterMs = readRetryAfter(oneHeader(headers, 'retry-after'))
  return new MediaError(
    'SOURCE_UNAVAILABLE',
    detail,
    retryAfterMs === undefined ? {} : { retryAfterMs },
  )
}

/** Seconds or an HTTP date, as milliseconds from now; `undefined` for anything else. */
export const readRetryAfter = (
  value: string | undefined,
  nowMs = Date.now(),
): number | undefined => {
  if (value === undefined) return undefined
  const waitMs = /^\d+$/.test(value.trim()) ? Number(value) * 1_000 : Date.parse(value) - nowMs
  return Number.isFinite(waitMs) ? Math.min(Math.max(0, waitMs), RETRY_AFTER_MS_MAX) : undefined
}
