import { expect, it } from 'vitest'
import { LoudnessMeter } from '../../src/domain/loudness-meter.ts'

const RATE_HZ = 48_000

const tone = (seconds: number, amplitude: { left: number; right: number }): Float32Array => {
  const samples = new Float32Array(Math.round(seconds * RATE_HZ) * 2)
  for (let index = 0; index < samples.length / 2; index += 1) {
    const wave = Math.sin((2 * Math.PI * 997 * index) / RATE_HZ)
    samples[index * 2] = wave * amplitude.left
    samples[index * 2 + 1] = wave * amplitude.right
  }
  return samples
}

const lufsOf = (...parts: readonly Float32Array[]): number | null => {
  const meter = new LoudnessMeter()
  for (const part of parts) meter.add(part)
  return meter.integratedLufs
}

// The one figure that the recommendation itself gives.
it('a full tone of 997 Hz in one of two channels has -3.01 LUFS', () => {
  expect(lufsOf(tone(2, { left: 1, right: 0 }))).toBeCloseTo(-3.01, 1)
  expect(lufsOf(tone(2, { left: 0.1, right: 0.1 }))).toBeCloseTo(-20, 1)
})

it('pauses do not count', () => {
  const heard = tone(2, { left: 0.1, right: 0.1 })
  expect(lufsOf(heard, tone(4, { left: 0, right: 0 }), heard)).toBeCloseTo(-20, 0)
  expect(lufsOf(heard, tone(4, { left: 0.001, right: 0.001 }))).toBeCloseTo(-20, 0)
})

it('makes no difference in which pieces a sound comes', () => {
  const whole = tone(1.7, { left: 0.3, right: 0.2 })
  const cut = 2 * 12_345
  expect(lufsOf(whole.subarray(0, cut), whole.subarray(cut))).toBe(lufsOf(whole))
})

it('silence, and less than a block, have no loudness', () => {
  expect(lufsOf(tone(1, { left: 0, right: 0 }))).toBeNull()
  expect(lufsOf(tone(0.39, { left: 1, right: 1 }))).toBeNull()
  expect(lufsOf()).toBeNull()
})
