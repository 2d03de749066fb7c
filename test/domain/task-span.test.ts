import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { taskPriceCredits } from '../../src/domain/pricing.ts'
import { TASK_KINDS, taskKindOf, taskWorkOf } from '../../src/domain/task-kinds.ts'
import { workedSeconds } from '../../src/domain/task-span.ts'

const seconds = fc.double({ min: 0.001, max: 10_000, noNaN: true })

describe('what a task works on', () => {
  property.prop([seconds, seconds, seconds])(
    'is never longer than its input, nor negative',
    (start, end, durationSeconds) => {
      fc.pre(start < durationSeconds)
      const worked = workedSeconds({ start, end }, durationSeconds)
      expect(worked).toBeGreaterThanOrEqual(0)
      expect(worked).toBeLessThanOrEqual(durationSeconds)
    },
  )

  test('is nothing, and refused, where the input ends before', () => {
    expect(() => workedSeconds({ start: 5 }, 5)).toThrow(/MEDIA_RANGE_EMPTY/)
  })

  test('is all of it when nothing is said, or `best`', () => {
    expect(workedSeconds({}, 7)).toBe(7)
    expect(workedSeconds({ start: 'best' }, 7)).toBe(7)
  })

  test('of a picture has no length, whatever is said', () => {
    expect(workedSeconds({ start: 3 }, 0)).toBe(0)
  })
})

describe('the price of a task', () => {
  property.prop([fc.constantFrom(...TASK_KINDS), seconds, seconds])(
    'is a whole number of credits, at least one, and never falls with the length',
    (kind, one, other) => {
      const [short, long] = [Math.min(one, other), Math.max(one, other)]
      const [low, high] = [short, long].map((length) => taskPriceCredits('creator', kind, length))
      expect(Number.isInteger(low)).toBe(true)
      expect(low).toBeGreaterThanOrEqual(1)
      expect(high).toBeGreaterThanOrEqual(low ?? 0)
    },
  )

  test.each([
    ['video', 5, 1],
    ['video', 5.001, 2],
    ['image', 10_000, 1],
    ['transcription', 60, 6],
    ['audio', 60.0000000001, 1],
  ] as const)('of %s over %d s is %d', (kind, length, credits) => {
    expect(taskPriceCredits('free', kind, length)).toBe(credits)
  })
})

test('what is asked for in the words of others is what is done', () => {
  expect(taskKindOf('speech')).toBe('transcription')
  expect(taskWorkOf('audio', { format: 'json' })).toBe('transcription')
  expect(taskWorkOf('audio', { format: 'mp3' })).toBe('audio')
})
