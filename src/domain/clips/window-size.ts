import type { FrameSize } from '../frame-size.ts'
import type { FaceTrack } from './face-tracks.ts'
import type { CropAxis } from './follow-speaker.ts'

/** How much of the source's picture a window shows, as parts of its width and height. */
export interface WindowSize {
  readonly widthRatio: number
  readonly heightRatio: number
}

interface Sizes {
  readonly source: FrameSize
  readonly size: FrameSize
}

/** A face takes at most so much of the height and width of its half. */
const FACE_HEIGHT_MAX = 0.5
const FACE_WIDTH_MAX = 0.6
/** Of its own width: what belongs to a face on each side of it. */
const MARGIN_WIDTHS = 0.3

/** The two halves of a clip stand one above the other in pictures that stand, else side by side. */
export const halvesAreStacked = ({ widthPx, heightPx }: FrameSize): boolean => heightPx > widthPx

/** One half of a clip; both are even, for every second line and column has the colours. */
export const halfSize = (size: FrameSize): FrameSize =>
  halvesAreStacked(size)
    ? { widthPx: size.widthPx, heightPx: size.heightPx / 2 }
    : { widthPx: size.widthPx / 2, heightPx: size.heightPx }

/** As much of the source as fits the clip's shape. */
export const fullWindow = ({ source, size }: Sizes): WindowSize =>
  windowAt(source, size, leastScale(source, size))

/**
 * As much of the source as one half shows: at the clip's own scale, so that the face is as large as when it
 * is alone, or more of it where the face would fill the half.
 */
export const halfWindow = ({ source, size }: Sizes, track: FaceTrack): WindowSize => {
  const half = halfSize(size)
  const boxes = track.boxes.flatMap((box) => box ?? [])
  const faceHeightPx = median(boxes.map(({ height }) => height)) * source.heightPx
  const faceWidthPx = median(boxes.map(({ width }) => width)) * source.widthPx
  const forFace = Math.min(
    (FACE_HEIGHT_MAX * half.heightPx) / faceHeightPx,
    (FACE_WIDTH_MAX * half.widthPx) / faceWidthPx,
  )
  const scale = Math.max(leastScale(source, half), Math.min(forFace, leastScale(source, size)))
  return windowAt(source, half, scale)
}

/** Whether faces are all in one window, over the time in which all of them are seen; true if they never are. */
export const fitTogether = (
  tracks: readonly FaceTrack[],
  window: WindowSize,
  axis: CropAxis,
): boolean => {
  const from = Math.max(...tracks.map(({ firstSample }) => firstSample))
  const to = Math.min(...tracks.map(({ firstSample, boxes }) => firstSample + boxes.length))
  const extents = Array.from({ length: Math.max(0, to - from) }, (_, index) => {
    const boxes = tracks.map(({ boxes: all, firstSample }) => all[from + index - firstSample])
    const ends = boxes.map((box) => {
      if (box == null) return null
      const [start, length] = axis === 'x' ? [box.x, box.width] : [box.y, box.height]
      return [start - MARGIN_WIDTHS * length, start + (1 + MARGIN_WIDTHS) * length] as const
    })
    const seen = ends.filter((one) => one !== null)
    if (seen.length < ends.length) return []
    return [Math.max(...seen.map(([, end]) => end)) - Math.min(...seen.map(([start]) => start))]
  }).flat()
  const length = axis === 'x' ? window.widthRatio : window.heightRatio
  return length >= 1 || extents.length === 0 || median(extents) <= length
}

/** The least that fills a canvas. */
const leastScale = (source: FrameSize, canvas: FrameSize): number =>
  Math.max(canvas.widthPx / source.widthPx, canvas.heightPx / source.heightPx)

const windowAt = (source: FrameSize, canvas: FrameSize, scale: number): WindowSize => ({
  widthRatio: Math.min(1, canvas.widthPx / scale / source.widthPx),
  heightRatio: Math.min(1, canvas.heightPx / scale / source.heightPx),
})

/** The upper one of an even number. */
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
