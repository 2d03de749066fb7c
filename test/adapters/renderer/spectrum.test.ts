import { createHash } from 'node:crypto'

import { describe, expect, it, vi } from 'vitest'

import type { Pcm } from '../../../src/adapters/renderer/decode-audio.ts'
import { layoutFor } from '../../../src/adapters/renderer/layout.ts'
import { createScene, frameBytes } from '../../../src/adapters/renderer/scene.ts'
import { createSpectrumTrack } from '../../../src/adapters/renderer/spectrum.ts'
import { barCountFor } from '../../../src/adapters/renderer/templates/bars.ts'
import { createWaveformTrack } from '../../../src/adapters/renderer/waveform.ts'
import { TEMPLATES } from '../../../src/domain/render-spec.ts'
import { bandForFrequency } from '../../../src/domain/spectrum-bands.ts'
import { smallSpec, tone } from './fixtures.ts'

// Hundreds of transforms and frames, on machines that do other things too.
vi.setConfig({ testTimeout: 30_000 })

const timing = { frameRate: 30, frameCount: 60 }

const loudest = (levels: Iterable<number>): number => {
  const all = [...levels]
  return all.indexOf(Math.max(...all))
}

/** Two seconds whose loudness and pitch change all the time, the same in every run. */
const music = (): Pcm => {
  const { samples, sampleRateHz } = tone(110, 2)
  let seed = 1
  for (let index = 0; index < samples.length; index += 1) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    const beat = Math.exp(-((index % 11_025) / 3_000))
    samples[index] = (samples[index] ?? 0) * beat + ((seed >>> 16) / 65_536 - 0.5) * 0.2 * beat
  }
  return { samples, sampleRateHz }
}

describe('the spectrum', () => {
  it.each([100, 440, 1000, 8000])('a tone of %i Hz lights its own bar, and that one most', (hz) => {
    for (const bandCount of [30, 56, 64]) {
      const track = createSpectrumTrack(tone(hz, 2), timing, bandCount)
      for (const frame of [10, 30, 50]) {
        expect(loudest(track.levelsAt(frame))).toBe(bandForFrequency(hz, bandCount))
      }
    }
  })

  it('two octaves away from a tone the bars are down', () => {
    const levels = createSpectrumTrack(tone(1000, 2), timing, 64).levelsAt(30)
    expect(levels[bandForFrequency(1000)]).toBeGreaterThan(0.9)
    expect(levels[bandForFrequency(250)]).toBeLessThan(0.02)
    expect(levels[bandForFrequency(4000)]).toBeLessThan(0.02)
  })

  it('a tone that ends lets its bar fall within half a second, never rise', () => {
    const pcm = tone(1000, 2)
    pcm.samples.fill(0, 44_100)
    const track = createSpectrumTrack(pcm, timing, 64)
    const heights = Array.from(
      { length: 26 },
      (_, index) => track.levelsAt(32 + index)[bandForFrequency(1000)] ?? 1,
    )
    expect(heights).toEqual(heights.toSorted((one, other) => other - one))
    expect(heights.at(-1)).toBe(0)
  })

  it('silence and an empty recording light nothing', () => {
    for (const samples of [new Float32Array(88_200), new Float32Array(0)]) {
      const track = createSpectrumTrack({ samples, sampleRateHz: 44_100 }, timing, 64)
      expect(Math.max(...track.levelsAt(5))).toBe(0)
      expect(track.bassAt(5)).toBe(0)
    }
  })
})

it('the waveform is high where the sound is and flat where it is not', () => {
  const pcm = tone(440, 2)
  pcm.samples.fill(0, 44_100)
  const wave = createWaveformTrack(pcm, 10)
  expect(wave.sliceCount).toBe(20)
  expect(wave.heightAt(4)).toBeGreaterThan(0.9)
  expect(wave.heightAt(15)).toBe(0)
  expect(wave.heightAt(-1)).toBe(0)
  expect(wave.heightAt(20)).toBe(0)
})

describe('a frame', () => {
  const size = frameBytes(smallSpec)

  it.each([100, 1000, 8000])('shows the bar of a %i Hz tone higher than all others', async (hz) => {
    const scene = await createScene({ spec: smallSpec, pcm: tone(hz, 2) })
    const frame = new Uint8Array(size)
    scene.drawFrame(30, frame)
    const silent = await createScene({
      spec: smallSpec,
      pcm: { samples: new Float32Array(88_200), sampleRateHz: 44_100 },
    })
    const quiet = new Uint8Array(size)
    silent.drawFrame(30, quiet)

    const { visual, unitPx } = layoutFor(smallSpec.template, smallSpec)
    const barCount = barCountFor(visual.width, unitPx)
    const changed = Array.from({ length: barCount }, (_, bar) => {
      const middle = Math.floor(visual.x + ((bar + 0.5) * visual.width) / barCount)
      let pixels = 0
      for (let y = Math.ceil(visual.y); y < visual.y + visual.height * 0.75; y += 1) {
        const at = (y * smallSpec.widthPx + middle) * 4
        if (Math.abs((frame[at] ?? 0) - (quiet[at] ?? 0)) > 24) pixels += 1
      }
      return pixels
    })
    expect(loudest(changed)).toBe(bandForFrequency(hz, barCount))
  })

  it.each(TEMPLATES)('of %s is the same in any order and in any run', async (template) => {
    const spec = { ...smallSpec, template }
    const hashes = async (frames: readonly number[]): Promise<Map<number, string>> => {
      const scene = await createScene({ spec, pcm: music() })
      const target = new Uint8Array(size)
      return new Map(
        frames.map((frame) => {
          scene.drawFrame(frame, target)
          return [frame, createHash('sha256').update(target).digest('hex')]
        }),
      )
    }
    const whole = await hashes(Array.from({ length: 60 }, (_, frame) => frame))
    const part = await hashes([41, 42, 43, 44, 20, 59])
    for (const [frame, hash] of part) expect(hash).toBe(whole.get(frame))
    expect(new Set(whole.values()).size).toBe(60)
  })
})
