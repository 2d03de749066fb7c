import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { measurePeaks } from '../../../src/adapters/ffmpeg/peaks.ts'
import { DEFAULT_WAVEFORM } from '../../../src/domain/media-conversions.ts'
import type { WaveformSpec } from '../../../src/domain/media-conversions.ts'
import { PROGRAMS } from '../../support/converted-media.ts'
import { halfOf, makeMedia, makeTone } from '../../support/media-corpus.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-peaks-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Peaks {
  readonly length: number
  readonly data: readonly number[]
}

const measure = async (inputPath: string, wish: Partial<WaveformSpec> = {}) => {
  const outputPath = join(folder, 'peaks.json')
  const spec = { ...DEFAULT_WAVEFORM, ...wish }
  const measured = await measurePeaks({ ...PROGRAMS, inputPath, outputPath, spec })
  return { measured, peaks: JSON.parse(await readFile(outputPath, 'utf8')) as Peaks }
}

/** Silence, then a full square wave on the left and a half one on the right. */
const makeSteps = (): Promise<string> =>
  makeMedia(
    folder,
    ...['-f', 'lavfi', '-i'],
    "aevalsrc='gte(t,1)*0.9*(1-2*lt(mod(t,0.01),0.005))|gte(t,1)*0.45*(1-2*lt(mod(t,0.01),0.005))'" +
      ':s=44100:d=2',
    ...['-c:a', 'pcm_s16le', 'steps.wav'],
  )

describe('measurePeaks', () => {
  it('writes what waveform views read', async () => {
    const { measured, peaks } = await measure(await makeSteps(), { bits: 16 })
    expect(measured).toEqual({ contentType: 'application/json', durationSeconds: 2 })
    expect(peaks).toMatchObject({
      version: 2,
      channels: 1,
      sample_rate: 44_100,
      samples_per_pixel: 2_205,
      bits: 16,
      length: 40,
    })
    expect(peaks.data).toHaveLength(80)
  })

  it('finds the lowest and the highest sample of each stretch', async () => {
    const { peaks } = await measure(await makeSteps(), { bits: 8, splitChannels: true })
    expect(peaks).toMatchObject({ channels: 2, bits: 8, length: 40 })
    expect(peaks.data).toHaveLength(160)
    expect(peaks.data.slice(0, 4)).toEqual([0, 0, 0, 0])
    const [leftLow = 0, leftHigh = 0, rightLow = 0, rightHigh = 0] = peaks.data.slice(120)
    const near = [leftLow / 128, leftHigh / 128, rightLow / 128, rightHigh / 128]
    for (const [index, value] of [-0.9, 0.9, -0.45, 0.45].entries()) {
      expect(near[index]).toBeCloseTo(value, 1)
    }
  })

  it('counts a last stretch that is not whole', async () => {
    const tone = await makeTone(folder, 'tone.wav', { durationSeconds: 1.01 })
    const { peaks } = await measure(tone, { pixelsPerSecond: 10 })
    expect(peaks).toMatchObject({ length: 11 })
    expect(peaks.data).toHaveLength(22)
  })

  it('measures a long sound in little memory', async () => {
    const long = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'anullsrc=r=8000:cl=mono', '-t', '1800', 'long.flac'],
    )
    globalThis.gc?.()
    const before = process.memoryUsage().rss
    const { peaks } = await measure(long)
    expect(peaks.length).toBe(36_000)
    // The samples alone have 29 megabytes, as numbers of JavaScript four times that.
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000)
  })

  it('refuses pictures without sound, and half a source', async () => {
    const silent = await makeMedia(folder, '-f', 'lavfi', '-i', 'testsrc=d=0.2', 'silent.mp4')
    await expect(measure(silent)).rejects.toMatchObject({ code: 'MEDIA_NO_AUDIO' })
    const whole = await makeTone(folder, 'whole.flac', { durationSeconds: 4 })
    await expect(measure(await halfOf(whole))).rejects.toMatchObject({ code: 'MEDIA_UNREADABLE' })
  })
})
