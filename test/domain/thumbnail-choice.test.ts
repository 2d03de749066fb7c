import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'

import { chooseThumbnail } from '../../src/domain/thumbnail-choice.ts'
import type { FrameMeasure } from '../../src/domain/thumbnail-choice.ts'

const frame = (timeSeconds: number, changes: Partial<FrameMeasure> = {}): FrameMeasure => ({
  timeSeconds,
  luma: 90,
  lumaLow: 30,
  lumaHigh: 180,
  lumaMax: 220,
  saturation: 40,
  ...changes,
})
const black = (timeSeconds: number) =>
  frame(timeSeconds, { luma: 16, lumaLow: 16, lumaHigh: 16, lumaMax: 18, saturation: 0 })

describe('chooseThumbnail', () => {
  it('passes over black frames', () => {
    const choice = chooseThumbnail([black(0), frame(3), black(6)])
    expect(choice).toEqual({ timeSeconds: 3, isDull: false })
  })

  it('says so when there are only black ones', () => {
    expect(chooseThumbnail([black(0), black(1)])).toEqual({ timeSeconds: 0, isDull: true })
    expect(chooseThumbnail([])).toBeNull()
  })

  it('does not call a few bright bars on black dull', () => {
    const bars = { luma: 24, lumaLow: 16, lumaHigh: 18, lumaMax: 220, saturation: 6 }
    expect(chooseThumbnail([frame(1, bars)])?.isDull).toBe(false)
  })

  test.prop([fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1 })])(
    'takes the first of frames that are alike',
    (times) => {
      const choice = chooseThumbnail(times.map((timeSeconds) => frame(timeSeconds)))
      expect(choice?.timeSeconds).toBe(times[0])
    },
  )
})
