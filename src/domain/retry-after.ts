/** A wish beyond a day is taken as a day: no answer of a stranger may park a step for a year. */
const LONGEST_WAIT_MS = 24 * 60 * 60 * 1000

/**
 * What a `Retry-After` header asks for, in milliseconds from `nowMs`, capped at one day; `undefined`
 * when it is missing or says nothing usable. *Source:* RFC 9110, 10.2.3 (seconds, or an HTTP date).
 */
export const parseRetryAfterMs = (
  value: string | null | undefined,
  nowMs: number,
): number | undefined => {
  const text = value?.trim()
  if (text === undefined || text === '') return undefined
  const waitMs = /^\d{1,12}(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs
  if (Number.isNaN(waitMs)) return undefined
  return Math.min(Math.max(Math.ceil(waitMs), 0), LONGEST_WAIT_MS)
}
