const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/**
 * How long to wait before each attempt at one delivery: ten attempts over some 75.5 hours.
 * *Source:* Standard Webhooks 1.0, "Deliverability and reliability".
 */
export const DELIVERY_DELAYS_MS: readonly number[] = [
  0,
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
]

/** The share of a delay that jitter may add, so that a thousand failures do not return in one second. */
const JITTER_RATIO_MAX = 0.1

/** An endpoint's own Retry-After counts up to the schedule's longest step. */
const RETRY_AFTER_MS_MAX = 24 * HOUR_MS

export interface DeliveryDelayOptions {
  /** Spreads deliveries; the same seed always gives the same delay (a replay must not differ). */
  readonly seed?: string
  /** The endpoint's Retry-After: the wait is never shorter than this. */
  readonly retryAfterMs?: number
}

/**
 * The wait before the next attempt, given how many have been made (0 before the first), or null when
 * the schedule is exhausted. Never shorter than the schedule says, at most a tenth longer, unless the
 * endpoint asked for more.
 */
export const nextDeliveryDelayMs = (
  attemptsMade: number,
  options: DeliveryDelayOptions = {},
): number | null => {
  const delayMs = DELIVERY_DELAYS_MS[attemptsMade]
  if (delayMs === undefined) return null
  const { seed, retryAfterMs = 0 } = options
  const ratio = seed === undefined ? 0 : seededRatio(`${seed}:${attemptsMade}`) * JITTER_RATIO_MAX
  const jitteredMs = Math.round(delayMs * (1 + ratio))
  return Math.max(jitteredMs, Math.min(retryAfterMs, RETRY_AFTER_MS_MAX))
}

/** `gone`: the endpoint asks never to be called again and is to be disabled. */
export type DeliveryOutcome = 'delivered' | 'retry' | 'gone'

/**
 * What an endpoint's answer means; null is no answer at all. Only 2xx is a success: a redirect is a
 * wrongly configured endpoint, and following it would hand the signed event to somebody else.
 */
export const deliveryOutcome = (status: number | null): DeliveryOutcome => {
  if (status === 410) return 'gone'
  return status !== null && status >= 200 && status < 300 ? 'delivered' : 'retry'
}

/** FNV-1a with a final mix, from 0 up to but not including 1. Spread, not secrecy, is what is needed. */
const seededRatio = (text: string): number => {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b)
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}
