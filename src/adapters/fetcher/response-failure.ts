import { MediaError } from '../../domain/failures.ts'
import { parseRetryAfterMs } from '../../domain/retry-after.ts'

type Headers = Readonly<Record<string, string | string[] | undefined>>

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
  const retryAfterMs = parseRetryAfterMs(oneHeader(headers, 'retry-after'), Date.now())
  return new MediaError(
    'SOURCE_UNAVAILABLE',
    detail,
    retryAfterMs === undefined ? {} : { retryAfterMs },
  )
}
