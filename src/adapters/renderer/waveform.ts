import type { Pcm } from './decode-audio.ts'

const REFERENCE_QUANTILE = 0.98
/** Below this a recording counts as silent and is not turned up. */
const QUIETEST_REFERENCE = 0.004
/** Under 1: quiet passages stay visible next to loud ones. */
const CURVE = 0.8

/** The loudness of a recording over time, in equal slices. */
export interface WaveformTrack {
  readonly slicesPerSecond: number
  readonly sliceCount: number
  /** Height 0 to 1 of a slice; 0 outside the recording. */
  heightAt(slice: number): number
}

const sliceLoudness = (samples: Float32Array, start: number, end: number): number => {
  let squares = 0
  let peak = 0
  for (let index = start; index < end; index += 1) {
    const value = samples[index] ?? 0
    squares += value * value
    peak = Math.max(peak, Math.abs(value))
  }
  // Mostly what is heard (the mean power), partly what is seen in an editor (the peak).
  return 0.65 * Math.sqrt(squares / Math.max(1, end - start)) + 0.35 * peak * Math.SQRT1_2
}

/** Measures a whole recording once; a pure function of it. */
export const createWaveformTrack = (pcm: Pcm, slicesPerSecond: number): WaveformTrack => {
  const sliceSamples = pcm.sampleRateHz / slicesPerSecond
  const sliceCount = Math.ceil(pcm.samples.length / sliceSamples)
  const heights = Float32Array.from({ length: sliceCount }, (_, slice) =>
    sliceLoudness(
      pcm.samples,
      Math.round(slice * sliceSamples),
      Math.min(pcm.samples.length, Math.round((slice + 1) * sliceSamples)),
    ),
  )
  const sorted = heights.toSorted()
  const reference = Math.max(
    QUIETEST_REFERENCE,
    sorted[Math.floor((sliceCount - 1) * REFERENCE_QUANTILE)] ?? 0,
  )
  return {
    slicesPerSecond,
    sliceCount,
    heightAt: (slice) => Math.min(1, (heights[slice] ?? 0) / reference) ** CURVE,
  }
}
