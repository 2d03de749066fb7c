import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { ACCELERATION_MAX, cropPath, SPEED_MAX } from '../../../src/domain/clips/crop-path.ts'

const FRAME_RATE = 30
const SAMPLES_PER_SECOND = 5

const path = (
  centerRatios: readonly (number | null)[],
  { widthRatio = 0.3164, cutsSeconds = [] as readonly number[] } = {},
) =>
  cropPath(
    { centerRatios, samplesPerSecond: SAMPLES_PER_SECOND },
    {
      durationSeconds: centerRatios.length / SAMPLES_PER_SECOND,
      frameRate: FRAME_RATE,
      widthRatio,
      cutsSeconds,
    },
  )

const samples = (seconds: number, at: (seconds: number) => number | null) =>
  Array.from({ length: seconds * SAMPLES_PER_SECOND }, (_, index) => at(index / SAMPLES_PER_SECOND))

const differences = (values: readonly number[]) =>
  values.slice(1).map((value, index) => value - values[index]!)

const arbitraryFaces = fc.array(fc.option(fc.double({ min: 0, max: 1, noNaN: true })), {
  minLength: 1,
  maxLength: 60,
})

describe('the way of the crop window', () => {
  test.prop([arbitraryFaces, fc.double({ min: 0.05, max: 1, noNaN: true })])(
    'never leaves the picture, wherever faces are seen',
    (faces, widthRatio) => {
      for (const left of path(faces, { widthRatio })) {
        expect(left).toBeGreaterThanOrEqual(-1e-9)
        expect(left + widthRatio).toBeLessThanOrEqual(1 + 1e-9)
      }
    },
  )

  test.prop([arbitraryFaces])('has a bounded speed and acceleration', (faces) => {
    const speeds = differences(path(faces)).map((step) => step * FRAME_RATE)
    const accelerations = differences(speeds).map((step) => step * FRAME_RATE)
    for (const speed of speeds) expect(Math.abs(speed)).toBeLessThanOrEqual(SPEED_MAX + 1e-6)
    for (const one of accelerations) {
      expect(Math.abs(one)).toBeLessThanOrEqual(ACCELERATION_MAX + 1e-6)
    }
  })

  it('does not move for a detector that trembles', () => {
    const trembling = samples(6, (seconds) => 0.5 + 0.01 * Math.sin(seconds * 40))
    const steps = differences(path(trembling)).map(Math.abs)
    expect(Math.max(...steps) * FRAME_RATE).toBeLessThan(0.01)
  })

  it('follows a face that walks without delay', () => {
    const walking = samples(8, (seconds) => 0.3 + 0.05 * seconds)
    const lefts = path(walking)
    const errors = lefts.map((left, frame) =>
      Math.abs(left + 0.3164 / 2 - (0.3 + (0.05 * frame) / FRAME_RATE)),
    )
    expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(0.03)
  })

  it('stays where a face was while it is not seen', () => {
    const lost = samples(6, (seconds) => (seconds < 2 ? 0.7 : null))
    expect(path(lost).at(-1)! + 0.3164 / 2).toBeCloseTo(0.7, 1)
  })

  it('is in the middle where no face was ever seen', () => {
    for (const left of path(samples(2, () => null))) expect(left).toBeCloseTo(0.5 - 0.3164 / 2)
  })

  it('jumps at a cut, and neither before nor after it', () => {
    const twoScenes = samples(8, (seconds) => (seconds < 4 ? 0.25 : 0.75))
    const lefts = path(twoScenes, { cutsSeconds: [4] })
    const cut = 4 * FRAME_RATE
    expect(lefts[cut]! - lefts[cut - 1]!).toBeCloseTo(0.5, 2)
    for (const step of differences(lefts).toSpliced(cut - 1, 1)) {
      expect(Math.abs(step)).toBeLessThan(1e-6)
    }
  })

  it('has as many places as there are frames', () => {
    expect(
      path(
        samples(3, () => 0.5),
        { cutsSeconds: [0, 1.01, 99] },
      ),
    ).toHaveLength(90)
  })
})
