/** What was measured of one frame, on the scale of 8-bit video (16 black, 235 white). */
export interface FrameMeasure {
  readonly timeSeconds: number
  /** Mean luma. */
  readonly luma: number
  /** Luma of the darkest and of the brightest tenth, and the brightest single one. */
  readonly lumaLow: number
  readonly lumaHigh: number
  readonly lumaMax: number
  /** Mean saturation, 0 to about 180. */
  readonly saturation: number
}

export interface ThumbnailChoice {
  readonly timeSeconds: number
  /** Nothing to see in it: black, white or one colour. */
  readonly isDull: boolean
}

/** Under this a frame is called dull: noise of an encoder on black, a fade that has just begun. */
const DULL_SCORE = 24

/** Contrast first, then colour; a little for light, so that of two alike the brighter one wins. */
const score = ({ luma, lumaLow, lumaHigh, lumaMax, saturation }: FrameMeasure): number =>
  lumaHigh - lumaLow + (lumaMax - lumaHigh) / 4 + saturation / 2 + (luma - 16) / 4

/** The liveliest of the frames, the earliest of equals; `null` if there is none. */
export const chooseThumbnail = (frames: readonly FrameMeasure[]): ThumbnailChoice | null => {
  const [first, ...others] = frames
  if (!first) return null
  const best = others.reduce(
    (leader, frame) => (score(frame) > score(leader) ? frame : leader),
    first,
  )
  return { timeSeconds: best.timeSeconds, isDull: score(best) < DULL_SCORE }
}
