import type { WaveformSpec } from './media-conversions.ts'

/** Four hours at a hundred a second, and a bound on the memory that they take. */
const POINTS_MAX = 1_500_000

/** Samples that become one point; more than asked for where the sound would give too many points. */
export const samplesPerPixel = (
  spec: WaveformSpec,
  sound: { readonly sampleRateHz: number; readonly durationSeconds: number | null },
): number => {
  const asked = Math.max(1, Math.round(sound.sampleRateHz / spec.pixelsPerSecond))
  const samples = (sound.durationSeconds ?? 0) * sound.sampleRateHz
  return Math.max(asked, Math.ceil(samples / POINTS_MAX))
}

/** Minimum and maximum of each channel in every stretch of samples, one after another. */
export interface PeakMeter {
  /** Interleaved samples of 16 bits; any number of them, whole samples of all channels. */
  readonly add: (samples: Int16Array) => void
  /** Points so far, in blocks: minimum and maximum of the first channel, of the second, and so on. */
  readonly points: () => Iterable<Int16Array>
  readonly sampleCount: () => number
  readonly pointCount: () => number
}

const POINTS_IN_BLOCK = 4_096

/** *Memory:* four bytes for each point and channel, whatever the length of the sound. */
export const createPeakMeter = (options: {
  readonly channels: number
  readonly samplesPerPixel: number
}): PeakMeter => {
  const { channels, samplesPerPixel: stretch } = options
  const width = channels * 2
  const blocks: Int16Array[] = []
  const lows = new Int16Array(channels)
  const highs = new Int16Array(channels)
  let inStretch = 0
  let points = 0
  let samples = 0

  const closeStretch = (): void => {
    const at = (points % POINTS_IN_BLOCK) * width
    if (at === 0) blocks.push(new Int16Array(POINTS_IN_BLOCK * width))
    const block = blocks.at(-1)!
    for (let channel = 0; channel < channels; channel += 1) {
      block[at + channel * 2] = lows[channel]!
      block[at + channel * 2 + 1] = highs[channel]!
    }
    points += 1
    inStretch = 0
  }

  return {
    add: (added) => {
      for (let at = 0; at < added.length; at += channels) {
        for (let channel = 0; channel < channels; channel += 1) {
          const value = added[at + channel]!
          if (inStretch === 0 || value < lows[channel]!) lows[channel] = value
          if (inStretch === 0 || value > highs[channel]!) highs[channel] = value
        }
        inStretch += 1
        if (inStretch === stretch) closeStretch()
      }
      samples += added.length / channels
    },
    points: function* () {
      if (inStretch > 0) closeStretch()
      for (const [index, block] of blocks.entries()) {
        const left = points - index * POINTS_IN_BLOCK
        yield block.subarray(0, Math.min(left, POINTS_IN_BLOCK) * width)
      }
    },
    sampleCount: () => samples,
    pointCount: () => points + (inStretch > 0 ? 1 : 0),
  }
}
