import { describe, expect, test } from 'vitest'
import { parseRetryAfterMs } from '../../src/domain/retry-after.ts'

const NOW_MS = Date.parse('2026-11-21T10:00:00Z')

describe('Retry-After', () => {
  test.each([
    ['30', 30_000],
    [' 0 ', 0],
    ['1.5', 1500],
    ['Sat, 21 Nov 2026 10:02:00 GMT', 120_000],
    ['Sat, 21 Nov 2026 09:00:00 GMT', 0],
    ['999999999999', 86_400_000],
    ['', undefined],
    ['soon', undefined],
    [null, undefined],
    [undefined, undefined],
  ])('%j asks for %s ms', (value, waitMs) => {
    expect(parseRetryAfterMs(value, NOW_MS)).toBe(waitMs)
  })
})
