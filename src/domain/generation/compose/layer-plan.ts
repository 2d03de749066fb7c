import { MediaError } from '../../failures.ts'
import type { FrameSize } from '../../frame-size.ts'
import { framesPerSecond, type RationalRate } from '../../rational-rate.ts'
import type { Extent, Layer, Placement } from '../job-params.ts'
import { exactRate, type ClipFacts } from './merge-plan.ts'

/** Where a layer lies on the picture; all sides are even. */
export interface LayerBox extends FrameSize {
  readonly x: number
  readonly y: number
}

export interface PlannedLayer {
  readonly startSeconds: number
  readonly endSeconds: number
  /** Null: it is only heard. */
  readonly box: LayerBox | null
}

export interface LayerPlan {
  readonly canvas: FrameSize
  readonly frameRate: RationalRate
  readonly frames: number
  /** One for each layer, the background first. */
  readonly layers: readonly PlannedLayer[]
}

type WishedLayer = Pick<Layer<unknown>, 'placement' | 'startSeconds' | 'endSeconds'> & {
  /** Null: it is only heard. */
  readonly facts: ClipFacts | null
  /** Of its sound, where it is only heard. */
  readonly heardSeconds: number
}

/** Each is an input that is decoded at the same time. */
const LAYERS_MAX = 32
const STILLS_RATE = 30
/** Of nothing but stills that nobody told the length of. */
const STILLS_SECONDS = 5
const SIDE_PX_MIN = 2

const refuse = (path: string, message: string, fix: string): never => {
  throw new MediaError('INPUT_INVALID', `${path} ${message}`, {
    problems: [{ path, message, fix }],
  })
}

/**
 * Decides where and when layers are seen. The background decides on size and length; where it stands
 * still, the last of the others to end does. *Errors:* INPUT_INVALID: no background to be seen, too many
 * layers, one that begins behind the end.
 */
export const planLayers = (layers: readonly WishedLayer[]): LayerPlan => {
  const [background] = layers
  if (!background?.facts) {
    return refuse('params.layers.0', 'is not to be seen', 'send a video or an image as the first')
  }
  if (layers.length > LAYERS_MAX) {
    refuse('params.layers', `are ${layers.length}`, `send ${LAYERS_MAX} at most`)
  }
  const canvas = evenSize(background.facts.size)
  const ownRate = layers.find(({ facts }) => facts?.frameRate)?.facts?.frameRate
  const frameRate = exactRate(ownRate ?? STILLS_RATE)
  const totalSeconds = lengthOf(background, layers)
  const frames = Math.max(1, Math.round(totalSeconds * framesPerSecond(frameRate)))
  return {
    canvas,
    frameRate,
    frames,
    layers: layers.map((layer, index) => {
      if (layer.startSeconds >= totalSeconds) {
        const message = `begins behind the end at ${totalSeconds.toFixed(2)} s`
        refuse(`params.layers.${index}`, message, 'send an earlier start')
      }
      const isBackground = index === 0
      return {
        startSeconds: isBackground ? 0 : layer.startSeconds,
        endSeconds: Math.min(totalSeconds, layer.endSeconds ?? Infinity),
        box: layer.facts
          ? boxOf(isBackground ? null : layer.placement, layer.facts.size, canvas)
          : null,
      }
    }),
  }
}

const lengthOf = (background: WishedLayer, layers: readonly WishedLayer[]): number => {
  if (background.endSeconds !== null) {
    return Math.min(background.endSeconds, background.facts?.seconds ?? Infinity)
  }
  if (background.facts?.seconds) return background.facts.seconds
  const ends = layers.map(({ facts, heardSeconds, startSeconds, endSeconds }) => {
    const seconds = facts ? facts.seconds : heardSeconds
    return endSeconds ?? (seconds === null ? 0 : startSeconds + seconds)
  })
  return Math.max(...ends) || STILLS_SECONDS
}

const even = (sidePx: number): number => Math.max(SIDE_PX_MIN, Math.round(sidePx / 2) * 2)

const evenSize = ({ widthPx, heightPx }: FrameSize): FrameSize => ({
  widthPx: even(widthPx),
  heightPx: even(heightPx),
})

const pixels = (extent: Extent, wholePx: number): number =>
  typeof extent === 'number' ? extent : (Number.parseFloat(extent) / 100) * wholePx

/** A single side keeps the shape; without any, a layer is as large as it is, or as the picture. */
const boxOf = (placement: Placement | null, own: FrameSize, canvas: FrameSize): LayerBox => {
  if (placement === null) return { x: 0, y: 0, ...canvas }
  const width = placement.width === null ? null : pixels(placement.width, canvas.widthPx)
  const height = placement.height === null ? null : pixels(placement.height, canvas.heightPx)
  const fitting = Math.min(1, canvas.widthPx / own.widthPx, canvas.heightPx / own.heightPx)
  const scale =
    width === null ? (height === null ? fitting : height / own.heightPx) : width / own.widthPx
  const size = evenSize({
    widthPx: width ?? own.widthPx * scale,
    heightPx: height ?? own.heightPx * scale,
  })
  return { ...size, ...cornerOf(placement.at, size, canvas) }
}

const cornerOf = (
  at: Placement['at'],
  size: FrameSize,
  canvas: FrameSize,
): { readonly x: number; readonly y: number } => {
  if ('x' in at) {
    return {
      x: Math.round(pixels(at.x, canvas.widthPx)),
      y: Math.round(pixels(at.y, canvas.heightPx)),
    }
  }
  const padding = pixels(at.padding, Math.min(canvas.widthPx, canvas.heightPx))
  const along = (before: boolean, behind: boolean, roomPx: number): number =>
    Math.round(before ? padding : behind ? roomPx - padding : roomPx / 2)
  const { corner } = at
  return {
    x: along(corner.endsWith('left'), corner.endsWith('right'), canvas.widthPx - size.widthPx),
    y: along(
      corner.startsWith('top'),
      corner.startsWith('bottom'),
      canvas.heightPx - size.heightPx,
    ),
  }
}
