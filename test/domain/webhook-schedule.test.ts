import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import {
  DELIVERY_DELAYS_MS,
  deliveryOutcome,
  nextDeliveryDelayMs,
} from '../../src/domain/webhook-schedule.ts'

const DAY_MS = 24 * 60 * 60 * 1000

describe('the delivery schedule', () => {
  test('is ten attempts over about 75.5 hours, as the specification gives them', () => {
    const delays = Array.from({ length: 11 }, (_, made) => nextDeliveryDelayMs(made))
    const minutes = delays.map((delayMs) => (delayMs === null ? null : delayMs / 60_000))
    expect(minutes).toEqual([0, 5 / 60, 5, 30, 120, 300, 600, 840, 1200, 1440, null])
  })

  property.prop([fc.integer({ min: 0, max: 9 }), fc.string()])(
    'jitter lengthens a wait by at most a tenth, and the same seed gives the same wait',
    (attemptsMade, seed) => {
      const delayMs = nextDeliveryDelayMs(attemptsMade, { seed })
      const baseMs = DELIVERY_DELAYS_MS[attemptsMade] ?? Number.NaN
      expect(delayMs).toBeGreaterThanOrEqual(baseMs)
      expect(delayMs).toBeLessThanOrEqual(baseMs * 1.1)
      expect(nextDeliveryDelayMs(attemptsMade, { seed })).toBe(delayMs)
    },
  )

  property.prop([fc.string(), fc.double({ min: 0, max: 1, noNaN: true })])(
    'a receiver that is down for a day gets its events within the day after',
    (seed, share) => {
      const attemptsAtMs: number[] = []
      for (let atMs = 0, made = 0; ; made += 1) {
        const delayMs = nextDeliveryDelayMs(made, { seed })
        if (delayMs === null) break
        atMs += delayMs
        attemptsAtMs.push(atMs)
      }
      // It was down already for a part of the day when the event came.
      const backAtMs = DAY_MS * share
      const first = attemptsAtMs.find((atMs) => atMs >= backAtMs) ?? Infinity
      expect(first - backAtMs).toBeLessThan(DAY_MS)
    },
  )

  test('a thousand deliveries that failed together do not come back together', () => {
    const waits = Array.from({ length: 1000 }, (_, index) =>
      nextDeliveryDelayMs(2, { seed: `dlv_${index}` }),
    )
    const tenths = new Set(waits.map((waitMs) => Math.floor((Number(waitMs) - 300_000) / 3_000)))
    expect(new Set(waits).size).toBeGreaterThan(900)
    expect(tenths.size).toBe(10)
  })

  test('an endpoint may ask for a longer wait, up to a day, but not for a shorter one', () => {
    expect(nextDeliveryDelayMs(1, { retryAfterMs: 60_000 })).toBe(60_000)
    expect(nextDeliveryDelayMs(2, { retryAfterMs: 1000 })).toBe(300_000)
    expect(nextDeliveryDelayMs(2, { retryAfterMs: 10 * DAY_MS })).toBe(DAY_MS)
    expect(nextDeliveryDelayMs(10, { retryAfterMs: 1000 })).toBeNull()
  })
})

describe('an answer', () => {
  test.each([
    [200, 'delivered'],
    [204, 'delivered'],
    [299, 'delivered'],
    [199, 'retry'],
    [301, 'retry'],
    [304, 'retry'],
    [400, 'retry'],
    [404, 'retry'],
    [410, 'gone'],
    [429, 'retry'],
    [500, 'retry'],
    [null, 'retry'],
  ] as const)('of %s means %s', (status, outcome) => {
    expect(deliveryOutcome(status)).toBe(outcome)
  })
})
