import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'

import { videoCodecOf } from '../../src/domain/conversion-codecs.ts'
import { correctPlan, planLoudness, TRUE_PEAK_MAX_DBFS } from '../../src/domain/loudness.ts'
import { FITS } from '../../src/domain/media-conversions.ts'
import { displaySize, fitPicture, OUTPUT_SIDE_PX } from '../../src/domain/picture-size.ts'
import { planStoryboard, storyboardVtt, vttTime } from '../../src/domain/storyboard.ts'
import { trimOf } from '../../src/domain/trim.ts'
import { frameRateText, steadyFrameRate } from '../../src/domain/video-frame-rate.ts'
import { createPeakMeter, samplesPerPixel } from '../../src/domain/waveform.ts'

const side = fc.integer({ min: 16, max: 3_840 })
const wish = fc.record({
  widthPx: fc.option(side),
  heightPx: fc.option(side),
  fit: fc.constantFrom(...FITS),
  enlarge: fc.boolean(),
})
const picture = fc.record({ widthPx: side, heightPx: side })

describe('fitPicture', () => {
  test.prop([picture, wish, fc.boolean()])(
    'never gives more than was asked for, nor odd sizes where even ones are needed',
    (source, size, even) => {
      const isBounded = size.widthPx !== null && size.heightPx !== null
      fc.pre(
        isBounded ||
          Math.max(source.widthPx / source.heightPx, source.heightPx / source.widthPx) < 2,
      )
      const { canvas, picture: scaled } = fitPicture(source, size, { even })
      expect(canvas.widthPx).toBeLessThanOrEqual(size.widthPx ?? Infinity)
      expect(canvas.heightPx).toBeLessThanOrEqual(size.heightPx ?? Infinity)
      expect(Math.min(canvas.widthPx, canvas.heightPx, scaled.widthPx)).toBeGreaterThan(0)
      if (!even) return
      for (const { widthPx, heightPx } of [canvas, scaled]) {
        expect([widthPx % 2, heightPx % 2]).toEqual([0, 0])
      }
    },
  )

  test.prop([picture, wish])('never enlarges a picture if asked not to', (source, size) => {
    const { picture: scaled } = fitPicture(source, { ...size, enlarge: false }, { even: false })
    expect(scaled.widthPx).toBeLessThanOrEqual(source.widthPx)
    expect(scaled.heightPx).toBeLessThanOrEqual(source.heightPx)
  })

  test.prop([picture, side, side])('cover leaves no gap, and pad cuts nothing', (source, w, h) => {
    const box = { widthPx: w, heightPx: h }
    const cover = fitPicture(source, { ...box, fit: 'cover' }, { even: true })
    expect(cover.picture.widthPx).toBeGreaterThanOrEqual(cover.canvas.widthPx)
    expect(cover.picture.heightPx).toBeGreaterThanOrEqual(cover.canvas.heightPx)
    const pad = fitPicture(source, { ...box, fit: 'pad' }, { even: true })
    expect(pad.canvas).toEqual({ widthPx: w - (w % 2), heightPx: h - (h % 2) })
    expect(pad.picture.widthPx).toBeLessThanOrEqual(pad.canvas.widthPx)
    expect(pad.picture.heightPx).toBeLessThanOrEqual(pad.canvas.heightPx)
  })

  it.each([1, OUTPUT_SIDE_PX.min - 1, OUTPUT_SIDE_PX.max + 1, 100_000, 20.5, Number.NaN])(
    'refuses a width of %s',
    (widthPx) => {
      const size = { widthPx, heightPx: null, fit: 'contain' } as const
      const fit = () => fitPicture({ widthPx: 640, heightPx: 360 }, size, { even: true })
      expect(fit).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }))
    },
  )

  it('knows how a turned picture of wide pixels is shown', () => {
    const stream = { index: 0, kind: 'video', codec: 'h264', isAttachedPicture: false } as const
    const shape = { widthPx: 720, heightPx: 576, pixelAspectRatio: 16 / 11, rotationDegrees: 90 }
    expect(displaySize({ ...stream, ...shape })).toEqual({ widthPx: 576, heightPx: 1_047 })
  })
})

describe('trimOf', () => {
  const seconds = fc.double({ min: 0, max: 20_000, noNaN: true })
  test.prop([fc.option(seconds), fc.option(seconds), fc.option(seconds)])(
    'gives a part within the medium, or refuses',
    (startSeconds, endSeconds, sourceSeconds) => {
      fc.pre(sourceSeconds === null || sourceSeconds > 0)
      try {
        const trim = trimOf({ startSeconds, endSeconds }, sourceSeconds)
        expect(trim.startSeconds).toBe(startSeconds ?? 0)
        if (trim.durationSeconds === null) return
        expect(trim.durationSeconds).toBeGreaterThan(0)
        const end = trim.startSeconds + trim.durationSeconds
        expect(end).toBeLessThanOrEqual((sourceSeconds ?? Infinity) + 1e-6)
      } catch (error) {
        const isBackwards = endSeconds !== null && endSeconds <= (startSeconds ?? 0)
        const isBeyond = sourceSeconds !== null && (startSeconds ?? 0) >= sourceSeconds
        expect(error).toMatchObject({ code: 'INPUT_INVALID' })
        expect(isBackwards || isBeyond).toBe(true)
      }
    },
  )
})

describe('planLoudness', () => {
  test.prop([
    fc.double({ min: -60, max: 0, noNaN: true }),
    fc.double({ min: -60, max: 3, noNaN: true }),
  ])(
    'reaches the target by one gain, with a limiter exactly where peaks would go over',
    (integratedLufs, truePeakDbfs) => {
      const plan = planLoudness({ integratedLufs, truePeakDbfs }, -14)!
      expect(integratedLufs + plan.gainDb).toBeCloseTo(-14)
      expect(plan.limit).toBe(truePeakDbfs + plan.gainDb > TRUE_PEAK_MAX_DBFS)
    },
  )

  it('is content with what is near enough, and has nothing to do with silence', () => {
    const plan = { gainDb: 3, limit: true, makeUpDb: 0 }
    expect(correctPlan(plan, { integratedLufs: -14.1, truePeakDbfs: -2 }, -14)).toBeNull()
    const corrected = correctPlan(plan, { integratedLufs: -15, truePeakDbfs: -2 }, -14)
    expect(corrected).toMatchObject({ gainDb: 4 })
    expect(planLoudness({ integratedLufs: null, truePeakDbfs: -Infinity }, -14)).toBeNull()
  })
})

describe('the peak meter', () => {
  test.prop([
    fc.array(fc.integer({ min: -32_768, max: 32_767 }), { minLength: 1, maxLength: 400 }),
    fc.integer({ min: 1, max: 50 }),
    fc.integer({ min: 1, max: 60 }),
  ])('gives the same points however the samples arrive', (samples, stretch, chunk) => {
    const meter = createPeakMeter({ channels: 1, samplesPerPixel: stretch })
    for (let at = 0; at < samples.length; at += chunk) {
      meter.add(Int16Array.from(samples.slice(at, at + chunk)))
    }
    const expected = Array.from({ length: Math.ceil(samples.length / stretch) }, (_, index) => {
      const part = samples.slice(index * stretch, (index + 1) * stretch)
      return [Math.min(...part), Math.max(...part)]
    }).flat()
    expect(meter.pointCount() * 2).toBe(expected.length)
    expect([...meter.points()].flatMap((block) => [...block])).toEqual(expected)
  })

  it('takes longer stretches where a sound would give too many points', () => {
    const spec = { pixelsPerSecond: 1_000, bits: 8, splitChannels: false } as const
    const sound = { sampleRateHz: 48_000, durationSeconds: 4 * 3_600 }
    expect(samplesPerPixel(spec, { ...sound, durationSeconds: 60 })).toBe(48)
    expect((sound.durationSeconds * 48_000) / samplesPerPixel(spec, sound)).toBeLessThan(1_500_001)
  })
})

describe('planStoryboard', () => {
  const spec = fc.record({
    tileWidthPx: fc.constant(160),
    tilesMax: fc.integer({ min: 1, max: 500 }),
    intervalSecondsMin: fc.double({ min: 0.2, max: 20, noNaN: true }),
    columns: fc.integer({ min: 1, max: 12 }),
    rows: fc.integer({ min: 1, max: 12 }),
    format: fc.constant('jpg' as const),
  })
  test.prop([spec, fc.double({ min: 0.04, max: 15_000, noNaN: true })])(
    'covers the whole length with no more tiles than allowed, all of them on a sheet',
    (board, durationSeconds) => {
      const plan = planStoryboard(board, durationSeconds)
      expect(plan.tileCount).toBeLessThanOrEqual(board.tilesMax)
      expect(plan.tileCount * plan.intervalSeconds).toBeCloseTo(durationSeconds)
      const places = plan.sheetCount * plan.columns * plan.rows
      expect(places).toBeGreaterThanOrEqual(plan.tileCount)
      const vtt = storyboardVtt(plan, { widthPx: 160, heightPx: 90 }, (index) => `s-${index}.jpg`)
      expect(vtt.match(/-->/g)).toHaveLength(plan.tileCount)
      expect(new Set(vtt.match(/s-.*/g)).size).toBe(plan.tileCount)
    },
  )

  it('writes times as WebVTT wants them', () => {
    expect(vttTime(3_725.4567)).toBe('01:02:05.457')
    expect(vttTime(59.9999)).toBe('00:01:00.000')
  })
})

describe('steadyFrameRate', () => {
  const stream = { index: 0, kind: 'video', codec: 'h264', isAttachedPicture: false } as const
  it.each([
    { mean: 25, nominal: 25, rate: 25 },
    { mean: 27.5, nominal: 30, rate: 30 },
    { mean: 7.2, nominal: 57_600, rate: 30 },
    { mean: 41, nominal: 90_000, rate: 60 },
    { mean: 120, nominal: 120, rate: 120 },
    { mean: 0, nominal: 0, rate: 25 },
  ])('is $rate for $mean in the mean and $nominal by name', ({ mean, nominal, rate }) => {
    const rates = { frameRate: mean, nominalFrameRate: nominal }
    expect(steadyFrameRate({ ...stream, ...rates })).toBe(rate)
  })

  it('is told to FFmpeg without a rounding error', () => {
    expect(frameRateText(30_000 / 1_001)).toBe('30000/1001')
    expect(frameRateText(24_000 / 1_001)).toBe('24000/1001')
    expect(frameRateText(12.5)).toBe('12.5')
    expect(frameRateText(60)).toBe('60')
  })
})

describe('videoCodecOf', () => {
  it('takes the usual one of a container, and refuses one that does not go into it', () => {
    expect(videoCodecOf({ format: 'mp4', codec: null })).toBe('h264')
    expect(videoCodecOf({ format: 'webm', codec: null })).toBe('vp9')
    expect(videoCodecOf({ format: 'gif', codec: null })).toBeNull()
    const refused = expect.objectContaining({ code: 'INPUT_INVALID' })
    expect(() => videoCodecOf({ format: 'webm', codec: 'h265' })).toThrow(refused)
    expect(() => videoCodecOf({ format: 'gif', codec: 'h264' })).toThrow(refused)
  })
})
