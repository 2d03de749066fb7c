import { MediaError } from './failures.ts'
import type { FrameSize } from './frame-size.ts'
import type { SizeWish } from './media-conversions.ts'
import { MEDIA_LIMITS } from './media-limits.ts'
import type { MediaStream } from './media-probe.ts'

/** What may be asked for. Below it encoders refuse; the upper end is 8K. */
export const OUTPUT_SIDE_PX = { min: 16, max: 7680 } as const

/** How a source's picture becomes the output's: scaled to `picture`, then cut or padded to `canvas`. */
export interface PictureFit {
  readonly picture: FrameSize
  readonly canvas: FrameSize
}

/** The size at which a player shows a stream: upright, with square pixels. `null` if it is not told. */
export const displaySize = (stream: MediaStream): FrameSize | null => {
  const { widthPx = 0, heightPx = 0, pixelAspectRatio = 1, rotationDegrees = 0 } = stream
  if (widthPx <= 0 || heightPx <= 0) return null
  // Stretched, never squeezed, so that no line of the source is lost.
  const shown =
    pixelAspectRatio >= 1
      ? { widthPx: Math.round(widthPx * pixelAspectRatio), heightPx }
      : { widthPx, heightPx: Math.round(heightPx / pixelAspectRatio) }
  return rotationDegrees % 180 === 90 ? { widthPx: shown.heightPx, heightPx: shown.widthPx } : shown
}

const refuse = (path: string, message: string, fix: string): never => {
  throw new MediaError('INPUT_INVALID', `${path} ${message}`, {
    problems: [{ path, message, fix }],
  })
}

const refuseSide = (name: 'width' | 'height', sidePx: number | null): void => {
  if (sidePx === null) return
  const { min, max } = OUTPUT_SIDE_PX
  if (Number.isInteger(sidePx) && sidePx >= min && sidePx <= max) return
  refuse(`options.${name}`, `is ${sidePx}`, `send a whole number from ${min} to ${max}`)
}

/**
 * Decides the sizes of an output. Both sizes are even if `even` is asked for (4:2:0 video), with odd
 * wishes rounded down. *Guarantee:* the output is never larger than what was asked for, and never
 * larger than the source where nothing was asked for or `enlarge` is false. *Errors:* INPUT_INVALID: a
 * side out of bounds, or one that the picture's shape makes so.
 */
export const fitPicture = (
  source: FrameSize,
  wish: SizeWish,
  { even }: { readonly even: boolean },
): PictureFit => {
  refuseSide('width', wish.widthPx)
  refuseSide('height', wish.heightPx)
  const { canvas, picture } = fitExactly(source, wish)
  const rounded = { picture: roundSize(picture, even), canvas: roundSize(canvas, even) }
  const { widthPx, heightPx } = rounded.canvas
  const { max } = OUTPUT_SIDE_PX
  if (Math.max(widthPx, heightPx) > max || widthPx * heightPx > MEDIA_LIMITS.pixelsMax) {
    refuse('options', `would give pictures of ${widthPx} × ${heightPx}`, 'send a smaller size')
  }
  return holdTogether(rounded, wish, even)
}

const scaled = ({ widthPx, heightPx }: FrameSize, factor: number): FrameSize => ({
  widthPx: widthPx * factor,
  heightPx: heightPx * factor,
})

const fitExactly = (source: FrameSize, wish: SizeWish): PictureFit => {
  const { widthPx, heightPx, fit, enlarge = true } = wish
  if (widthPx === null && heightPx === null) return { picture: source, canvas: source }
  const byWidth = widthPx === null ? Infinity : widthPx / source.widthPx
  const byHeight = heightPx === null ? Infinity : heightPx / source.heightPx
  const limit = enlarge ? Infinity : 1
  const inside = scaled(source, Math.min(byWidth, byHeight, limit))
  if (widthPx === null || heightPx === null || fit === 'contain') {
    return { picture: inside, canvas: inside }
  }
  if (fit === 'pad') return { picture: inside, canvas: { widthPx, heightPx } }
  if (fit === 'cover') {
    const factor = Math.max(byWidth, byHeight)
    // A box that the source cannot fill shrinks and keeps its shape.
    const shrink = Math.min(1, limit / factor)
    return {
      picture: scaled(source, factor * shrink),
      canvas: scaled({ widthPx, heightPx }, shrink),
    }
  }
  const filled = {
    widthPx: Math.min(widthPx, source.widthPx * limit),
    heightPx: Math.min(heightPx, source.heightPx * limit),
  }
  return { picture: filled, canvas: filled }
}

const roundSize = ({ widthPx, heightPx }: FrameSize, even: boolean): FrameSize => {
  const step = even ? 2 : 1
  const round = (sidePx: number): number => Math.max(step, Math.round(sidePx / step) * step)
  return { widthPx: round(widthPx), heightPx: round(heightPx) }
}

/** Rounding must not grow an output beyond the wish, nor open a gap between picture and canvas. */
const holdTogether = (sizes: PictureFit, wish: SizeWish, even: boolean): PictureFit => {
  const within = (sidePx: number, wishPx: number | null): number =>
    wishPx === null ? sidePx : Math.min(sidePx, even ? wishPx - (wishPx % 2) : wishPx)
  const canvas = {
    widthPx: within(sizes.canvas.widthPx, wish.widthPx),
    heightPx: within(sizes.canvas.heightPx, wish.heightPx),
  }
  const isCut = wish.fit === 'cover' && wish.widthPx !== null && wish.heightPx !== null
  const edge = isCut ? Math.max : Math.min
  return {
    canvas,
    picture: {
      widthPx: edge(sizes.picture.widthPx, canvas.widthPx),
      heightPx: edge(sizes.picture.heightPx, canvas.heightPx),
    },
  }
}
