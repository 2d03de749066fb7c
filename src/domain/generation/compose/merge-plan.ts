import { MediaError } from '../../failures.ts'
import type { FrameSize } from '../../frame-size.ts'
import {
  framesPerSecond,
  nearestCommonRate,
  rateInThousandths,
  type RationalRate,
} from '../../rational-rate.ts'
import type { MergeItem, MergeParams } from '../job-params.ts'

/** What is known of a picture or a film that goes into a merge. */
export interface ClipFacts {
  /** Null: it stands still. */
  readonly frameRate: number | null
  /** Of its pictures; null: it stands still. */
  readonly seconds: number | null
  /** As it is shown. */
  readonly size: FrameSize
}

/** How long a clip is in the whole, and what is done for that. */
export interface PlannedClip {
  readonly startFrame: number
  readonly frames: number
  /** The last picture stands for so many of them. */
  readonly holdFrames: number
  /** Seconds in the whole for each second of the clip: 1 unless it is stretched. */
  readonly slowdown: number
}

export interface MergePlan {
  readonly canvas: FrameSize
  readonly frameRate: RationalRate
  /** One for each picture and film, in their order. */
  readonly clips: readonly PlannedClip[]
  readonly frames: number
}

type Wish = Pick<MergeParams<unknown>, 'widthPx' | 'heightPx' | 'frameRate' | 'lengths'>
type Clip = Pick<MergeItem<unknown>, 'durationSeconds'> & ClipFacts

/** Of a slide show. */
const STILLS_RATE = 30
const STILL_SECONDS = 1
/** Beyond these a stretched clip is a blur, and its sound no sound. */
const SLOWDOWN = { min: 0.1, max: 10 } as const
const SAME_RATE_RATIO = 0.0005
/** 4:2:0 video; H.264 ends at this size on common players. */
const SIDE_PX_MAX = 4096

const refuse = (path: string, message: string, fix: string): never => {
  throw new MediaError('INPUT_INVALID', `${path} ${message}`, {
    problems: [{ path, message, fix }],
  })
}

/** 29.97 means 30000/1001. */
export const exactRate = (rate: number): RationalRate => {
  const common = nearestCommonRate(rate)
  return Math.abs(framesPerSecond(common) / rate - 1) <= SAME_RATE_RATIO
    ? common
    : rateInThousandths(rate)
}

/**
 * Decides size, rate and the number of frames of every clip. *Guarantee:* clips begin and end at the
 * edges of frames, without a gap; each has one frame at least. *Errors:* INPUT_INVALID: no pictures at
 * all, or a clip that would be stretched out of shape.
 */
export const planMerge = (wish: Wish, clips: readonly Clip[]): MergePlan => {
  const [first] = clips
  if (!first) {
    return refuse('params.items', 'have no pictures', 'add a video or an image')
  }
  const ownRate = clips.find(({ frameRate }) => frameRate !== null)?.frameRate ?? STILLS_RATE
  const frameRate = exactRate(wish.frameRate ?? ownRate)
  let startFrame = 0
  const planned = clips.map((clip, index) => {
    const length = lengthOf(clip, wish.lengths, index)
    const frames = Math.max(1, Math.round(length.seconds * framesPerSecond(frameRate)))
    const ownFrames = Math.round(length.ownSeconds * framesPerSecond(frameRate))
    const holdFrames = Math.max(0, frames - Math.max(1, ownFrames))
    const placed = { startFrame, frames, holdFrames, slowdown: length.slowdown }
    startFrame += frames
    return placed
  })
  return { canvas: canvasOf(wish, first.size), frameRate, clips: planned, frames: startFrame }
}

interface Length {
  readonly seconds: number
  /** As long as it has pictures of its own, in seconds of the whole. */
  readonly ownSeconds: number
  readonly slowdown: number
}

const lengthOf = (clip: Clip, lengths: Wish['lengths'], index: number): Length => {
  const { seconds: own, durationSeconds: asked } = clip
  if (own === null) {
    const seconds = asked ?? STILL_SECONDS
    return { seconds, ownSeconds: seconds, slowdown: 1 }
  }
  if (asked === null) return { seconds: own, ownSeconds: own, slowdown: 1 }
  if (lengths === 'stretch') {
    const slowdown = asked / own
    if (slowdown < SLOWDOWN.min || slowdown > SLOWDOWN.max) {
      const message = `would be stretched from ${own.toFixed(2)} to ${asked} s`
      refuse(`params.items.${index}.duration`, message, 'send a length closer to its own')
    }
    return { seconds: asked, ownSeconds: asked, slowdown }
  }
  const seconds = lengths === 'freeze' ? asked : Math.min(asked, own)
  return { seconds, ownSeconds: Math.min(own, seconds), slowdown: 1 }
}

const even = (sidePx: number): number => Math.max(2, Math.round(sidePx / 2) * 2)

/** A single side keeps the shape of the first clip. */
const canvasOf = (wish: Wish, first: FrameSize): FrameSize => {
  const byWidth = wish.widthPx === null ? null : wish.widthPx / first.widthPx
  const byHeight = wish.heightPx === null ? null : wish.heightPx / first.heightPx
  const within = Math.min(1, SIDE_PX_MAX / Math.max(first.widthPx, first.heightPx))
  const scale = byWidth ?? byHeight ?? within
  return {
    widthPx: even(wish.widthPx ?? first.widthPx * scale),
    heightPx: even(wish.heightPx ?? first.heightPx * scale),
  }
}

/** The plan with its last picture held until so many seconds have passed: for sounds that go on. */
export const heldUntil = (plan: MergePlan, seconds: number): MergePlan => {
  const missing = Math.ceil(seconds * framesPerSecond(plan.frameRate)) - plan.frames
  const last = plan.clips.at(-1)
  if (missing <= 0 || !last) return plan
  const held = { ...last, frames: last.frames + missing, holdFrames: last.holdFrames + missing }
  return { ...plan, clips: [...plan.clips.slice(0, -1), held], frames: plan.frames + missing }
}
