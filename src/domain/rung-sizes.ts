import type { FrameSize } from './frame-size.ts'

const AUTO_RENDITIONS: readonly number[] = [1080, 720, 480, 360]
/** A source so much larger than the next rung gets one of its own size: 900 lines are not 720. */
const OWN_RUNG_RATIO = 1.2
/** What decoders in phones and browsers are sure to take. */
const LONG_SIDE_PX_MAX = 4_096

export interface RungSize extends FrameSize {
  /** The length of the short side, by which people call it. */
  readonly rendition: number
}

/**
 * The sizes of a ladder, from large to small: those asked for that the source has, or else the source's
 * own; even, and of the source's shape. `native` is the source's own size as a rung.
 */
export const rungSizes = (
  source: FrameSize,
  renditions: 'auto' | readonly number[],
): { readonly sizes: readonly RungSize[]; readonly native: RungSize } => {
  const shortPx = Math.min(source.widthPx, source.heightPx)
  const native = sizeOf(source, even(shortPx))
  const wanted = renditions === 'auto' ? AUTO_RENDITIONS : renditions
  const within = [...new Set(wanted.map(even))]
    .filter((rendition) => rendition <= native.rendition)
    .toSorted((one, other) => other - one)
  const [largest] = within
  const needsOwn =
    largest === undefined ||
    (renditions === 'auto' &&
      native.rendition < Math.max(...AUTO_RENDITIONS) &&
      native.rendition >= largest * OWN_RUNG_RATIO)
  const all = needsOwn ? [native.rendition, ...within] : within
  return { sizes: all.map((rendition) => sizeOf(source, rendition)), native }
}

const even = (lengthPx: number): number => Math.max(2, Math.floor(lengthPx / 2) * 2)

const sizeOf = (source: FrameSize, rendition: number): RungSize => {
  const shortPx = Math.min(source.widthPx, source.heightPx)
  const longPx = Math.max(source.widthPx, source.heightPx)
  const ratio = Math.min(rendition / shortPx, LONG_SIDE_PX_MAX / longPx)
  // Down at the source's own size, where up would be above it; else to the nearest.
  const side = (lengthPx: number) =>
    Math.min(even(lengthPx), Math.max(2, Math.round((lengthPx * ratio) / 2) * 2))
  return { rendition, widthPx: side(source.widthPx), heightPx: side(source.heightPx) }
}

const FULL_HD_PIXELS = 1920 * 1080
/** What 1080p of lively pictures needs at thirty frames a second. */
const FULL_HD_KBPS = 5_000
/** Half the pixels need more than half the bits. */
const PIXEL_EXPONENT = 0.82
/** Twice the frames are alike, and need two fifths more. */
const FAST_RATIO = 1.4

/** The cap of a rung: 825 kbit/s at 360p, 2,570 at 720p, 5,000 at 1080p, 15,600 at 2160p. */
export const rungBitrateKbps = ({ widthPx, heightPx }: FrameSize, frameRate: number): number => {
  const forSize = FULL_HD_KBPS * ((widthPx * heightPx) / FULL_HD_PIXELS) ** PIXEL_EXPONENT
  return Math.max(100, Math.round((forSize * (frameRate > 40 ? FAST_RATIO : 1)) / 10) * 10)
}
