import type { FrameSize } from '../frame-size.ts'
import type { TimedText } from '../transcript.ts'
import type { ClipLayout } from './clip-wish.ts'
import { layoutSpans, type LayoutSpan, type Pair } from './conversation.ts'
import { cropPath, type FacePositions } from './crop-path.ts'
import type { FaceBox, FaceTrack } from './face-tracks.ts'
import {
  boxAt,
  castOf,
  middleOf,
  type Cast,
  type CropAxis,
  type SeenFaces,
} from './follow-speaker.ts'
import type { Span } from './moment.ts'
import { fitTogether, fullWindow, halfWindow, type WindowSize } from './window-size.ts'

/** What is made of which source. */
export interface ViewShape {
  /** The source's picture as it is shown: upright, with square pixels. */
  readonly source: FrameSize
  /** The clip's. */
  readonly size: FrameSize
  readonly frameRate: number
  readonly frames: number
}

/** A part of the source's picture, frame by frame. */
export interface ViewWindow extends WindowSize {
  /** The left upper corner in each frame of the span, as parts of the source's width and height. */
  readonly corners: readonly { readonly xRatio: number; readonly yRatio: number }[]
}

/** The same layout from one frame to another. */
export interface ViewSpan {
  readonly fromFrame: number
  readonly toFrame: number
  readonly layout: ClipLayout
  /** One; or two, the upper or left half first. */
  readonly windows: readonly ViewWindow[]
}

/** From above, where the middle of a face is in its window: a small one has a body below it. */
const FACE_PLACE = { min: 0.42, max: 0.5 } as const
/** Of the face's own height, from its middle to the end of its hair. */
const HAIR_HEIGHTS = 1.1

/** Where the middle of the window is to be for a face, along an axis. */
const centerFor = (box: FaceBox, axis: CropAxis, lengthRatio: number): number => {
  if (axis === 'x') return middleOf(box, axis)
  const hairPlace = (HAIR_HEIGHTS * box.height) / lengthRatio
  const place = Math.max(FACE_PLACE.min, Math.min(hairPlace, FACE_PLACE.max))
  return middleOf(box, axis) + (0.5 - place) * lengthRatio
}

/**
 * What a clip shows in each frame: the face of whoever speaks; both, when two talk with each other and
 * there is room for them; or the halves of both, when there is not. Spans follow each other without gaps,
 * and no window ever leaves the picture.
 */
export const clipView = (
  seen: SeenFaces,
  words: readonly TimedText[],
  shape: ViewShape,
): readonly ViewSpan[] => {
  const cast = castOf(seen, words)
  const full = fullWindow(shape)
  const axis = full.widthRatio < 1 ? 'x' : 'y'
  const isRoomy = (pair: Pair) =>
    fitTogether(
      pair.map((one) => cast.tracks[one]!),
      full,
      axis,
    )
  const roomy = new Map<string, boolean>()
  const hasRoom = (pair: Pair): boolean => {
    const key = pair.join()
    if (!roomy.has(key)) roomy.set(key, isRoomy(pair))
    return roomy.get(key)!
  }
  const wished = cast.pairs.map((pair) => (pair === null || hasRoom(pair) ? null : pair))
  const timing = { ...seen, sampleCount: seen.samples.length }
  const lengthRatio = axis === 'x' ? full.widthRatio : full.heightRatio
  const alone = seen.samples.map((_, sample) =>
    singleCenter(cast, sample, { hasRoom, center: (box) => centerFor(box, axis, lengthRatio) }),
  )
  const spans = layoutSpans(wished, timing)
  const pieces = spans.length === 0 ? [{ fromSample: 0, toSample: 1, pair: null }] : spans
  const edges = pieces.map((span) => startFrame(span, seen, shape))
  const cutsSeconds = [...seen.cutsSeconds, ...edges.map((frame) => frame / shape.frameRate)]
  const path = pathIn(
    seen,
    shape,
    cutsSeconds.toSorted((a, b) => a - b),
  )
  return joined(
    pieces.map((span, index) => {
      const frames = { fromFrame: edges[index]!, toFrame: edges[index + 1] ?? shape.frames }
      if (span.pair === null) {
        return { ...frames, layout: 'single', windows: [path(full, { [axis]: alone }, frames)] }
      }
      const people = inOrder(
        span.pair.map((one) => cast.tracks[one]!),
        span,
      )
      const windows = people.map((track) => {
        const window = halfWindow(shape, track)
        return path(window, centersOf(track, seen, window), frames)
      })
      return { ...frames, layout: 'split', windows }
    }),
  ).filter(({ fromFrame, toFrame }) => toFrame > fromFrame)
}

/** When two halves are shown. */
export const splitSeconds = (
  spans: readonly ViewSpan[],
  { frameRate }: Pick<ViewShape, 'frameRate'>,
): readonly Span[] =>
  spans
    .filter(({ layout }) => layout === 'split')
    .map(({ fromFrame, toFrame }) => ({
      startSeconds: fromFrame / frameRate,
      endSeconds: toFrame / frameRate,
    }))

/** At the cut, if the span begins with a scene: that is up to a sample earlier. */
const startFrame = (
  { fromSample }: LayoutSpan,
  { cutsSeconds, samplesPerSecond }: SeenFaces,
  { frameRate, frames }: ViewShape,
): number => {
  const cut = cutsSeconds.find((one) => Math.ceil(one * samplesPerSecond) === fromSample)
  const seconds = fromSample === 0 ? 0 : (cut ?? fromSample / samplesPerSecond)
  return Math.min(frames, Math.round(seconds * frameRate))
}

/** Two that are in the window together have its middle between them. */
const singleCenter = (
  { tracks, speakers, pairs }: Cast,
  sample: number,
  about: {
    readonly hasRoom: (pair: Pair) => boolean
    readonly center: (box: FaceBox) => number
  },
): number | null => {
  const pair = pairs[sample] ?? null
  const isTogether = pair !== null && about.hasRoom(pair)
  const shown = isTogether ? pair : [speakers[sample] ?? null]
  const boxes = shown.map((one) => (one === null ? null : boxAt(tracks[one]!, sample)))
  const seen = boxes.filter((box) => box !== null)
  // Of two, one that is missed for a moment does not pull the window to the other.
  if (seen.length < boxes.length) return null
  return seen.reduce((sum, box) => sum + about.center(box), 0) / seen.length
}

const centersOf = (
  track: FaceTrack,
  { samples }: SeenFaces,
  { widthRatio, heightRatio }: WindowSize,
): Centers => {
  const along = (axis: CropAxis, lengthRatio: number) =>
    samples.map((_, sample) => {
      const box = boxAt(track, sample)
      return box && centerFor(box, axis, lengthRatio)
    })
  return { x: along('x', widthRatio), y: along('y', heightRatio) }
}

/** The left or upper one first. */
const inOrder = (people: readonly FaceTrack[], { fromSample, toSample }: LayoutSpan) => {
  const place = (track: FaceTrack): number => {
    const samples = Array.from({ length: toSample - fromSample }, (_, index) => fromSample + index)
    const boxes = samples.flatMap((sample) => boxAt(track, sample) ?? [])
    const sum = (axis: CropAxis) => boxes.reduce((all, box) => all + middleOf(box, axis), 0)
    return boxes.length === 0 ? 0 : (sum('x') + sum('y')) / boxes.length
  }
  return people.toSorted((a, b) => place(a) - place(b))
}

type Centers = { readonly [Axis in CropAxis]?: FacePositions['centerRatios'] }

/** The way of a window in a span; an axis without a wish has its middle. */
const pathIn =
  ({ samplesPerSecond }: SeenFaces, shape: ViewShape, cutsSeconds: readonly number[]) =>
  (
    window: WindowSize,
    centers: Centers,
    { fromFrame, toFrame }: Pick<ViewSpan, 'fromFrame' | 'toFrame'>,
  ): ViewWindow => {
    const durationSeconds = shape.frames / shape.frameRate
    const along = (axis: CropAxis, widthRatio: number) =>
      cropPath(
        { centerRatios: centers[axis] ?? [], samplesPerSecond },
        { durationSeconds, frameRate: shape.frameRate, widthRatio, cutsSeconds },
      ).slice(fromFrame, toFrame)
    const [xs, ys] = [along('x', window.widthRatio), along('y', window.heightRatio)]
    return { ...window, corners: xs.map((xRatio, frame) => ({ xRatio, yRatio: ys[frame]! })) }
  }

/** Spans that show the same amount of the picture are one: its window jumps within it. */
const joined = (spans: readonly ViewSpan[]): readonly ViewSpan[] => {
  const all: ViewSpan[] = []
  for (const span of spans) {
    const last = all.at(-1)
    if (last === undefined || !isAlike(last, span)) all.push(span)
    else {
      const windows = last.windows.map((window, index) => ({
        ...window,
        corners: [...window.corners, ...span.windows[index]!.corners],
      }))
      all[all.length - 1] = { ...last, toFrame: span.toFrame, windows }
    }
  }
  return all
}

const isAlike = (a: ViewSpan, b: ViewSpan): boolean =>
  a.layout === b.layout &&
  a.windows.every(
    ({ widthRatio, heightRatio }, index) =>
      widthRatio === b.windows[index]?.widthRatio && heightRatio === b.windows[index].heightRatio,
  )
