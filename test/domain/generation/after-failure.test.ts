import { describe, expect, it } from 'vitest'
import { FAILURES, type FailureCode } from '../../../src/domain/failures.ts'
import {
  afterFailure,
  failureOfSubmission,
  lookAgainAfterMs,
  pollAfterMs,
} from '../../../src/domain/generation/after-failure.ts'

const CODES = Object.keys(FAILURES) as FailureCode[]

describe('after a paid order has failed', () => {
  it('nothing is ordered again for ever', () => {
    for (const code of CODES) expect(afterFailure(code, 2)).not.toBe('again')
  })

  it('an order that may have been taken is never repeated or replaced by itself', () => {
    for (const code of CODES.filter((one) => FAILURES[one].retry === 'outcome-unknown')) {
      expect([1, 2, 3].map((count) => afterFailure(code, count))).toEqual(['ask', 'ask', 'ask'])
    }
  })

  it('what the caller is to blame for is not tried with other models', () => {
    for (const code of CODES.filter((one) => FAILURES[one].blame === 'caller')) {
      expect(afterFailure(code, 1)).toBe('give up')
    }
  })

  it('bad luck is tried once more, a refusal is not', () => {
    expect(afterFailure('PROVIDER_FAILED', 1)).toBe('again')
    expect(afterFailure('PROVIDER_FAILED', 2)).toBe('fall back')
    expect(afterFailure('PROVIDER_REJECTED', 1)).toBe('fall back')
    expect(afterFailure('PROVIDER_UNAVAILABLE', 1)).toBe('fall back')
  })
})

describe('when a submission fails', () => {
  it('on our side, the order may have been taken', () => {
    for (const code of ['INTERNAL', 'DATABASE_UNAVAILABLE', 'STORAGE_UNAVAILABLE'] as const) {
      expect(failureOfSubmission(code, 'fal')).toBe('PROVIDER_OUTCOME_UNKNOWN')
      expect(failureOfSubmission(code, 'local')).toBe(code)
    }
  })

  it('at the provider or by the input, it is what it is', () => {
    for (const code of ['PROVIDER_REJECTED', 'PROVIDER_UNAVAILABLE', 'INPUT_INVALID'] as const) {
      expect(failureOfSubmission(code, 'fal')).toBe(code)
    }
  })
})

describe('waiting', () => {
  it('for somebody else grows from half a second to half a minute', () => {
    expect([0, 1, 2, 20].map(lookAgainAfterMs)).toEqual([500, 1_000, 2_000, 30_000])
  })

  it('for a provider that tells us is patient, and for one that does not is not', () => {
    const pollIntervalMs = 60_000
    expect(pollAfterMs(0, { hasWebhook: true, pollIntervalMs })).toBe(60_000)
    expect(pollAfterMs(0, { hasWebhook: false, pollIntervalMs })).toBe(1_000)
    expect(pollAfterMs(30, { hasWebhook: false, pollIntervalMs })).toBe(60_000)
    expect(pollAfterMs(0, { hasWebhook: false, pollIntervalMs: 500 })).toBe(500)
  })
})
