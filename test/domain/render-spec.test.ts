import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { DEFAULT_TEMPLATE, frameCount, TEMPLATES } from '../../src/domain/render-spec.ts'

describe('the number of frames', () => {
  it.each([
    [1, 30, 30],
    [14.5, 60, 870],
    [0.001, 30, 1],
    [0, 30, 1],
  ])('%d seconds at %i frames a second are %i frames', (durationSeconds, frameRate, frames) => {
    expect(frameCount(durationSeconds, frameRate)).toBe(frames)
  })

  test.prop([fc.double({ min: 0.05, max: 36_000, noNaN: true }), fc.constantFrom(30, 60)])(
    'is never further from the audio than half a frame',
    (durationSeconds, frameRate) => {
      const lengthSeconds = frameCount(durationSeconds, frameRate) / frameRate
      // Half a frame, and what a float loses on ten hours.
      expect(Math.abs(lengthSeconds - durationSeconds)).toBeLessThanOrEqual(0.5 / frameRate + 1e-9)
    },
  )
})

it('the template that is taken when none is named exists', () => {
  expect(TEMPLATES).toContain(DEFAULT_TEMPLATE)
})
