/**
 * Where a sound's frequencies lie among the bars of a spectrum: bands of equal musical width between
 * the lowest note that small speakers give and the last octave that listeners hear well.
 */

const SPECTRUM_LOW_HZ = 40
const SPECTRUM_HIGH_HZ = 16_000

/** Bars of a wide picture; narrow ones show fewer. */
const DEFAULT_BAND_COUNT = 64

export interface SpectrumBand {
  readonly lowHz: number
  readonly centreHz: number
  readonly highHz: number
}

const edgeHz = (position: number, bandCount: number): number =>
  SPECTRUM_LOW_HZ * (SPECTRUM_HIGH_HZ / SPECTRUM_LOW_HZ) ** (position / bandCount)

/** All bands from low to high; each begins where the one before ends. */
export const spectrumBands = (bandCount = DEFAULT_BAND_COUNT): SpectrumBand[] =>
  Array.from({ length: bandCount }, (_, index) => ({
    lowHz: edgeHz(index, bandCount),
    centreHz: edgeHz(index + 0.5, bandCount),
    highHz: edgeHz(index + 1, bandCount),
  }))

/** The index of the bar that a tone lights; tones beyond either end belong to the outermost bars. */
export const bandForFrequency = (hz: number, bandCount = DEFAULT_BAND_COUNT): number => {
  const octaves = Math.log(SPECTRUM_HIGH_HZ / SPECTRUM_LOW_HZ)
  const position = (Math.log(Math.max(hz, 1) / SPECTRUM_LOW_HZ) / octaves) * bandCount
  return Math.min(bandCount - 1, Math.max(0, Math.floor(position)))
}

/** After this long a bar that got no new sound is down, whatever it was before. */
export const BAR_FALL_SECONDS = 0.5

/**
 * How far (0 to 1) a bar has fallen this long after its peak: slow first, then faster, like a thing
 * that is let go.
 */
export const barFall = (elapsedSeconds: number): number =>
  0.8 * elapsedSeconds + 2.4 * elapsedSeconds * elapsedSeconds
