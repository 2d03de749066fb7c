import FFT from 'fft.js'

import type { SpectrumBand } from '../../domain/spectrum-bands.ts'
import { BAR_FALL_SECONDS, barFall, spectrumBands } from '../../domain/spectrum-bands.ts'
import type { Pcm } from './decode-audio.ts'

/** Low notes need a long window to be told apart, high ones a short one to keep their attack. */
const LOW_WINDOW_SAMPLES = 8192
const HIGH_WINDOW_SAMPLES = 2048
const CROSSOVER_HZ = 600

/**
 * Bands of equal musical width already hold about as much of music each, whatever their height; this
 * little is given back to the treble, so that its bars move as those of the bass do.
 */
const TILT_DB_PER_OCTAVE = 2.4
const DYNAMIC_RANGE_DB = 44
/** Below this a recording counts as silent and is not turned up. */
const QUIETEST_REFERENCE_DB = -50
const REFERENCE_PROBES = 240
const REFERENCE_QUANTILE = 0.97
/** Above 1, so that the loud stands out from the merely present. */
const CONTRAST = 1.7

/** The bars of a spectrum as a function of the frame number alone. */
export interface SpectrumTrack {
  readonly bandCount: number
  /** Heights 0 to 1 at a frame, peaks held and falling. The array is reused by the next call. */
  levelsAt(frame: number): Float32Array
  /** 0 to 1: the kick and the bass. */
  bassAt(frame: number): number
}

class WindowedSpectrum {
  readonly #size: number
  readonly #fft: FFT
  readonly #window: Float64Array
  readonly #input: Float64Array
  readonly #output: Float64Array
  readonly binHz: number

  constructor(size: number, sampleRateHz: number) {
    this.#size = size
    this.#fft = new FFT(size)
    this.#window = Float64Array.from(
      { length: size },
      (_, index) => 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / (size - 1)),
    )
    this.#input = new Float64Array(size)
    this.#output = new Float64Array(size * 2)
    this.binHz = sampleRateHz / size
  }

  /** Looks at the samples around `centre`; outside the recording is silence. */
  analyse(samples: Float32Array, centre: number): void {
    const start = centre - this.#size / 2
    for (let index = 0; index < this.#size; index += 1) {
      this.#input[index] = (samples[start + index] ?? 0) * (this.#window[index] ?? 0)
    }
    this.#fft.realTransform(this.#output, this.#input)
  }

  /**
   * The energy inside a band, that of a full-scale sine being 1. A bin that lies across an edge is
   * shared by width: taken whole, it would decide by chance which of two neighbours a tone lights.
   */
  bandEnergy(band: SpectrumBand): number {
    const low = band.lowHz / this.binHz + 0.5
    const high = band.highHz / this.binHz + 0.5
    let energy = 0
    for (let bin = Math.floor(low); bin < high; bin += 1) {
      const real = this.#output[2 * bin] ?? 0
      const imaginary = this.#output[2 * bin + 1] ?? 0
      const share = Math.min(high, bin + 1) - Math.max(low, bin)
      energy += (real * real + imaginary * imaginary) * share
    }
    // 4 / size makes a bin's amplitude that of its sine; a Hann window spreads it over 1.5 bins.
    return (energy * 16) / (this.#size * this.#size * 1.5)
  }
}

const decibels = (energy: number): number => 10 * Math.log10(Math.max(energy, 1e-18))

const tiltDb = (band: SpectrumBand): number => TILT_DB_PER_OCTAVE * Math.log2(band.centreHz / 1000)

/** Tilted loudness in dB of every band at any frame; nothing is remembered between frames. */
class BandMeter {
  readonly bands: readonly SpectrumBand[]
  readonly #pcm: Pcm
  readonly #frameRate: number
  readonly #low: WindowedSpectrum
  readonly #high: WindowedSpectrum
  readonly #tilts: readonly number[]

  constructor(pcm: Pcm, frameRate: number, bandCount: number) {
    this.bands = spectrumBands(bandCount)
    this.#pcm = pcm
    this.#frameRate = frameRate
    this.#low = new WindowedSpectrum(LOW_WINDOW_SAMPLES, pcm.sampleRateHz)
    this.#high = new WindowedSpectrum(HIGH_WINDOW_SAMPLES, pcm.sampleRateHz)
    this.#tilts = this.bands.map(tiltDb)
  }

  measure(frame: number, into: Float32Array): void {
    // The middle of the time that the frame is shown.
    const centre = Math.round(((frame + 0.5) / this.#frameRate) * this.#pcm.sampleRateHz)
    this.#low.analyse(this.#pcm.samples, centre)
    this.#high.analyse(this.#pcm.samples, centre)
    for (const [index, band] of this.bands.entries()) {
      const spectrum = band.centreHz < CROSSOVER_HZ ? this.#low : this.#high
      into[index] = decibels(spectrum.bandEnergy(band)) + (this.#tilts[index] ?? 0)
    }
  }

  /** What counts as loud in this recording, so that a quiet one fills the bars as well. */
  referenceDb(frameCount: number): number {
    const probes = Math.min(REFERENCE_PROBES, frameCount)
    const row = new Float32Array(this.bands.length)
    const peaks = Float32Array.from({ length: probes }, (_, probe) => {
      this.measure(Math.floor(((probe + 0.5) * frameCount) / probes), row)
      return row.reduce((loudest, value) => Math.max(loudest, value), -Infinity)
    }).toSorted()
    return Math.max(
      QUIETEST_REFERENCE_DB,
      peaks[Math.floor((probes - 1) * REFERENCE_QUANTILE)] ?? QUIETEST_REFERENCE_DB,
    )
  }
}

/**
 * Prepares the spectrum of a recording. `frameCount` is that of the whole recording even when only
 * a part of it is drawn: the reference loudness must not depend on the part.
 */
export const createSpectrumTrack = (
  pcm: Pcm,
  timing: { frameRate: number; frameCount: number },
  bandCount: number,
): SpectrumTrack => {
  const meter = new BandMeter(pcm, timing.frameRate, bandCount)
  const floorDb = meter.referenceDb(timing.frameCount) - DYNAMIC_RANGE_DB
  const reach = Math.ceil(BAR_FALL_SECONDS * timing.frameRate)
  const falls = Float32Array.from({ length: reach + 1 }, (_, age) =>
    barFall(age / timing.frameRate),
  )
  // A cache of the last measurements, not a state: any entry can be measured anew.
  const measured = Array.from({ length: reach + 1 }, () => ({
    frame: -1,
    levels: new Float32Array(bandCount),
  }))
  const levels = new Float32Array(bandCount)

  const rawLevels = (frame: number): Float32Array => {
    const entry = measured[frame % measured.length]
    if (entry === undefined) return levels
    if (entry.frame !== frame) {
      meter.measure(frame, entry.levels)
      entry.levels.forEach((levelDb, band) => {
        const height = Math.min(1, Math.max(0, (levelDb - floorDb) / DYNAMIC_RANGE_DB))
        entry.levels[band] = height ** CONTRAST
      })
      entry.frame = frame
    }
    return entry.levels
  }

  const levelsAt = (frame: number): Float32Array => {
    levels.fill(0)
    for (let age = 0; age <= Math.min(reach, frame); age += 1) {
      const raw = rawLevels(frame - age)
      const fall = falls[age] ?? 1
      for (let band = 0; band < bandCount; band += 1) {
        levels[band] = Math.max(levels[band] ?? 0, (raw[band] ?? 0) - fall)
      }
    }
    return levels
  }

  const bassBands = meter.bands.filter((band) => band.centreHz < 160).length
  return {
    bandCount,
    levelsAt,
    bassAt: (frame) => {
      const bass = levelsAt(frame).subarray(0, bassBands)
      return bass.reduce((sum, level) => sum + level, 0) / bassBands
    },
  }
}
