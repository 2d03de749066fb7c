import { describe, expect, it } from 'vitest'
import {
  type FailureCode,
  failureRule,
  FAILURES,
  isFailureCode,
  MediaError,
  publicFailure,
} from '../../src/domain/failures.ts'

const CODES = Object.keys(FAILURES) as FailureCode[]
const rows = CODES.map((code) => ({ code, ...failureRule(code) }))

describe('the catalogue of failures', () => {
  it.each(rows)('$code blames the caller with a 4xx, and nobody else with one', (row) => {
    const isRefusal = row.httpStatus < 500
    // A conflict over a hold, or with how the server is set up, is ours to explain, though the request is
    // what cannot be done.
    const isOurs = row.code === 'HOLD_CONFLICT' || row.code === 'NOT_CONFIGURED'
    expect(isRefusal).toBe(row.blame === 'caller' || isOurs)
    expect(row.httpStatus).toBeGreaterThanOrEqual(400)
  })

  it.each(rows)('$code tells the public one plain sentence', ({ publicMessage }) => {
    expect(publicMessage).toMatch(/^[A-Z].{8,118}\.$/)
    // Addresses, paths, codes and stack traces belong into the log.
    expect(publicMessage).not.toMatch(/https?:|\/|\\|[A-Z]{2,}_|\bat\b .*:\d/)
  })

  it('a request that failed for want of a part is told when to come back, not to give up', () => {
    const unavailable = rows.filter(({ httpStatus }) => httpStatus === 503)
    expect(unavailable.length).toBeGreaterThan(0)
    expect(unavailable.filter(({ retry }) => retry !== 'yes')).toEqual([])
  })

  it('a code is known only if it is a row of its own', () => {
    expect(CODES.every(isFailureCode)).toBe(true)
    expect(['toString', '__proto__', 'constructor', '', null, 7].some(isFailureCode)).toBe(false)
  })
})

describe('MediaError', () => {
  it('keeps what happened for operators and shows the public the catalogue alone', () => {
    const cause = new Error('ECONNREFUSED 10.0.0.7:443')
    const error = new MediaError('CDN_FAILED', 'PURGE of 10.0.0.7: refused', {
      cause,
      retryAfterMs: 3_000,
    })
    expect(error).toMatchObject({
      code: 'CDN_FAILED',
      internalDetail: 'PURGE of 10.0.0.7: refused',
      retryAfterMs: 3_000,
      problems: [],
      cause,
    })
    expect(JSON.stringify(publicFailure(error.code))).not.toContain('10.0.0.7')
  })

  it('carries which fields were refused and how to mend them', () => {
    const problems = [{ path: 'region.endSeconds', message: 'is too large', fix: 'take 30' }]
    expect(new MediaError('INPUT_INVALID', 'bad region', { problems }).problems).toEqual(problems)
  })
})
