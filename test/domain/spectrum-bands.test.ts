import { expect, it } from 'vitest'

import {
  bandForFrequency,
  BAR_FALL_SECONDS,
  barFall,
  spectrumBands,
} from '../../src/domain/spectrum-bands.ts'

it('every frequency of a band belongs to that band', () => {
  for (const bandCount of [24, 40, 64]) {
    for (const [index, band] of spectrumBands(bandCount).entries()) {
      expect(bandForFrequency(band.centreHz, bandCount)).toBe(index)
      expect(bandForFrequency(band.lowHz * 1.001, bandCount)).toBe(index)
      expect(bandForFrequency(band.highHz * 0.999, bandCount)).toBe(index)
    }
  }
})

it('frequencies beyond either end belong to the outermost bands', () => {
  expect(bandForFrequency(0)).toBe(0)
  expect(bandForFrequency(10)).toBe(0)
  expect(bandForFrequency(22_050)).toBe(63)
})

it('a bar at full height is down after the fall time', () => {
  expect(barFall(0)).toBe(0)
  expect(barFall(BAR_FALL_SECONDS)).toBeCloseTo(1, 9)
})
