import { describe, expect, it } from 'vitest'
import { FAILURES, type FailureCode } from '../../../src/domain/failures.ts'
import {
  afterFailure,
  failureOfSubmission,
  lookAgainAfterMs,
  pollAfterMs,
} from '../../../src/domain/generation/after-failure.ts'
import { stretchedMs } from '../../../src/domain/stretched-pause.ts'

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

  it.each([300, 900, 1_800, 3_600])(
    'two hundred jobs of %i s, fifty at a time, leave room in the history of their plan',
    (workSeconds) => {
      // A timer, an activity, and two turns of the workflow; what a job costs besides.
      const [eventsOfPoll, eventsOfJob] = [11, 32]
      const provider = { hasWebhook: false, pollIntervalMs: 60_000 }
      const jobs = Array.from({ length: 200 }, () => ({ startedMs: 0, nextMs: 0, asks: -1 }))
      let [events, waiting] = [0, jobs.length - 50]
      const running = jobs.slice(0, 50)
      while (running.length > 0) {
        const job = running.toSorted((a, b) => a.nextMs - b.nextMs)[0]!
        const nowMs = job.nextMs
        const isFirst = job.asks < 0
        events += isFirst ? eventsOfJob : eventsOfPoll
        if (!isFirst && nowMs - job.startedMs >= workSeconds * 1_000) {
          running.splice(running.indexOf(job), 1)
          if (waiting > 0) running.push({ startedMs: nowMs, nextMs: nowMs, asks: -1 })
          waiting -= 1
          continue
        }
        job.asks += 1
        job.nextMs = nowMs + stretchedMs(pollAfterMs(job.asks, provider), events)
      }
      expect(events).toBeLessThan(51_200)
    },
  )
})
