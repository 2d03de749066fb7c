import {
  commonRateAbove,
  framesPerSecond,
  nearestCommonRate,
  rateInThousandths,
} from './rational-rate.ts'
import type { RationalRate } from './rational-rate.ts'

/** The packets of a video stream, in the order of decoding; one entry of each list a packet. */
export interface PicturePackets {
  /** Of presentation, counted from the beginning of the file (of its earliest stream). */
  readonly seconds: readonly number[]
  readonly sizeBytes: readonly number[]
  /** Numbers of the packets that can be decoded without any other. */
  readonly keyPackets: readonly number[]
  /** How long the last picture is shown, if the container says. */
  readonly lastDurationSeconds: number | null
  /** There are packets that are decoded but never shown (the cut-off start of an edited file). */
  readonly hasHidden: boolean
  /** Of the container's own clock for this stream. */
  readonly ticksPerSecond: number
}

/** When the pictures of a source are shown. */
export interface PictureTiming {
  readonly firstSeconds: number
  /** The end of the last picture. */
  readonly endSeconds: number
  /** The rate of a constant one; else one that shows (nearly) every picture at its time. */
  readonly frameRate: RationalRate
  /** Present if the pictures come at a constant rate from the very beginning. */
  readonly regular?: RegularPictures
}

export interface RegularPictures {
  readonly frameCount: number
  /** Frame numbers of the key frames behind which nothing refers to what was before. */
  readonly closedKeyFrames: readonly number[]
  /** By how many frames the decoder has to run ahead of the screen. */
  readonly reorderFrames: number
  readonly averageKbps: number
  readonly ticksPerSecond: number
}

/** What a frame may be off its place at a constant rate; millisecond stamps of Matroska are 0.06. */
const JITTER_FRAMES_MAX = 0.1
/** Gaps in whole milliseconds are so far off the rate that they come from: 17 ms are 60 a second. */
const SAME_RATE_RATIO = 0.05

/** Judges packets. Null if there are none. */
export const readPictureTiming = (packets: PicturePackets): PictureTiming | null => {
  const shown = packets.seconds.toSorted((one, other) => one - other)
  const [firstSeconds] = shown
  const lastSeconds = shown.at(-1)
  if (firstSeconds === undefined || lastSeconds === undefined) return null
  const constant = constantRateOf(shown)
  const frameRate = constant ?? typicalRateOf(shown)
  const lastDurationSeconds = constant
    ? 1 / framesPerSecond(constant)
    : packets.lastDurationSeconds || 1 / framesPerSecond(frameRate)
  const regular = constant && regularPictures(packets, constant)
  return {
    firstSeconds,
    endSeconds: lastSeconds + lastDurationSeconds,
    frameRate,
    ...(regular ? { regular } : {}),
  }
}

const constantRateOf = (shown: readonly number[]): RationalRate | null => {
  const [first = 0] = shown
  const spanSeconds = (shown.at(-1) ?? 0) - first
  if (shown.length < 2 || spanSeconds <= 0) return null
  const mean = (shown.length - 1) / spanSeconds
  const fits = (rate: RationalRate) =>
    shown.every(
      (seconds, frame) =>
        Math.abs((seconds - first) * framesPerSecond(rate) - frame) <= JITTER_FRAMES_MAX,
    )
  return [nearestCommonRate(mean), rateInThousandths(mean)].find(fits) ?? null
}

/** By the gap that a quarter of all gaps do not exceed: a still minute says nothing about the others. */
const typicalRateOf = (shown: readonly number[]): RationalRate => {
  const gaps = shown.slice(1).map((seconds, index) => seconds - (shown[index] ?? 0))
  const positive = gaps.filter((gap) => gap > 0).toSorted((one, other) => one - other)
  const gap = positive[Math.floor(positive.length / 4)]
  if (gap === undefined) return nearestCommonRate(25)
  const nearest = nearestCommonRate(1 / gap)
  const isNear = Math.abs(framesPerSecond(nearest) * gap - 1) <= SAME_RATE_RATIO
  return isNear ? nearest : commonRateAbove(1 / gap)
}

const regularPictures = (packets: PicturePackets, rate: RationalRate): RegularPictures | null => {
  const frames = packets.seconds.map((seconds) => Math.round(seconds * framesPerSecond(rate)))
  const startsLate = Math.min(...frames.slice(0, 64)) !== 0
  if (packets.hasHidden || startsLate) return null
  let reorderFrames = 0
  frames.forEach((frame, packet) => {
    reorderFrames = Math.max(reorderFrames, packet - frame)
  })
  const bits = packets.sizeBytes.reduce((sum, sizeBytes) => sum + sizeBytes, 0) * 8
  return {
    frameCount: frames.length,
    closedKeyFrames: closedKeyFrames(packets.keyPackets, frames),
    reorderFrames,
    ticksPerSecond: packets.ticksPerSecond,
    averageKbps: Math.round((bits * framesPerSecond(rate)) / frames.length / 1_000),
  }
}

/** Open ones are followed, in the order of decoding, by pictures that are shown before them. */
const closedKeyFrames = (keyPackets: readonly number[], frames: readonly number[]): number[] => {
  const isKey = new Set(keyPackets)
  const closed: number[] = []
  // From the end: the lowest frame number that is still to come.
  let lowestAfter = Infinity
  for (let packet = frames.length - 1; packet >= 0; packet -= 1) {
    const frame = frames[packet] ?? 0
    if (isKey.has(packet) && lowestAfter > frame) closed.push(frame)
    lowestAfter = Math.min(lowestAfter, frame)
  }
  return closed.toReversed()
}
