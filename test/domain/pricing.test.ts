import fc from 'fast-check'
import { expect, test } from 'vitest'
import { renderPriceCredits, taskPriceCredits } from '../../src/domain/pricing.ts'

test.each([
  [0, 15, 15],
  [12.5, 27, 15],
  [0, 0.2, 1],
  [0, 14.001, 15],
  [0.1, 0.3 + 0.8, 1],
  [0, 14.5 + 2e-15, 15],
])('from %d s to %d s costs %d', (startSeconds, endSeconds, credits) => {
  expect(renderPriceCredits(startSeconds, endSeconds)).toBe(credits)
})

test('a region costs its seconds, a begun one as a whole, wherever in the song it lies', () => {
  const milliseconds = fc.integer({ min: 1, max: 3_600_000 })
  fc.assert(
    fc.property(milliseconds, milliseconds, (startMs, lengthMs) => {
      const price = renderPriceCredits(startMs / 1000, (startMs + lengthMs) / 1000)
      expect(price).toBe(Math.ceil(lengthMs / 1000))
    }),
  )
})

test('plans that are not billed pay nothing for a task', () => {
  expect(taskPriceCredits('internal', 'render', 30)).toBe(0)
  expect(taskPriceCredits('free', 'render', 30)).toBe(30)
})
