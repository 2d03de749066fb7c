/** How the work on a stream is divided, and what stands beside its ladder. Pure decisions. */

import { rungGroups, segmentRanges, type Ladder, type LadderWish } from './ladder.ts'
import type { ImageConversion, TrimWish, VideoConversion } from './media-conversions.ts'
import type { SegmentRange } from './stream-description.ts'

/** Rungs that are made in one decode, in the ranges in which they are made. */
export interface LadderGroup {
  readonly rungNames: readonly string[]
  readonly ranges: readonly SegmentRange[]
  /** Its share of the work on all groups, 0 to 1. */
  readonly share: number
}

/** One part's share of a step, for the progress that it reports: 0 to 1, as all shares together. */
export interface ProgressShare {
  readonly fromRatio: number
  readonly toRatio: number
}

/** What an order says of its ladder. */
export const ladderWish = (input: Readonly<Record<string, unknown>>): LadderWish => {
  const { renditions, hdr, audioTracks } = input
  return {
    renditions: Array.isArray(renditions) ? (renditions as readonly number[]) : 'auto',
    hdr: hdr === true,
    audioTracks: audioTracks === 'all' ? 'all' : 'first',
  }
}

/** A worker that dies costs what it has done of its range: five minutes of film at the most. */
const RANGE_SECONDS_MAX = 300
/** Each range decodes a little for nothing; a shorter one is not worth that. */
const RANGE_SECONDS_MIN = 8
/** Two ranges for each worker: the one that has other work to do leaves the second to the others. */
const RANGES_PER_WORKER = 2

/** The parts that may be in work at once: enough for every worker, and a queue for none. */
export const partsAtOnce = (workers: number): number => Math.max(1, workers) * RANGES_PER_WORKER

/**
 * The ranges that so many workers share. Each takes its part of what is left, so that ranges get smaller
 * towards the end and all workers come to it at about the same time.
 */
const sharedRanges = (ladder: Ladder, workers: number): SegmentRange[] => {
  const { durationSeconds, segmentCount } = ladder
  const segmentSeconds = durationSeconds / segmentCount
  const largest = Math.max(1, Math.floor(RANGE_SECONDS_MAX / segmentSeconds))
  if (workers <= 1) return segmentRanges(ladder, Math.ceil(segmentCount / largest))
  // Rounded: the last segment is shorter than the others, which makes all of them look so.
  const smallest = Math.max(1, Math.min(largest, Math.round(RANGE_SECONDS_MIN / segmentSeconds)))
  const ranges: SegmentRange[] = []
  for (let firstSegment = 0; firstSegment < segmentCount;) {
    const left = segmentCount - firstSegment
    const part = Math.ceil(left / (workers * RANGES_PER_WORKER))
    const wanted = Math.min(Math.max(part, smallest), largest)
    // What would be left for a range of its own has to be worth one.
    const count = left - wanted < smallest ? left : wanted
    ranges.push({ firstSegment, segmentCount: count })
    firstSegment += count
  }
  return ranges
}

/** The ladder's groups in the order in which they are made. Copies are made whole: they take no time. */
export const ladderGroups = (ladder: Ladder, workers: number): readonly LadderGroup[] => {
  const pixels = (name: string): number => {
    const rung = ladder.rungs.find((found) => found.name === name)
    return rung === undefined || rung.method === 'copy' ? 1 : rung.widthPx * rung.heightPx
  }
  const isCopied = (name: string) =>
    ladder.rungs.some((rung) => rung.name === name && rung.method === 'copy')
  const whole = ladder.rungs.reduce((sum, { name }) => sum + pixels(name), 0)
  return rungGroups(ladder).map((rungNames) => ({
    rungNames,
    ranges: rungNames.every(isCopied) ? segmentRanges(ladder, 1) : sharedRanges(ladder, workers),
    share: rungNames.reduce((sum, name) => sum + pixels(name), 0) / whole,
  }))
}

/** What each range of a group is of the work on all groups: from where to where, 0 to 1. */
export const groupProgress = (
  groups: readonly LadderGroup[],
  group: LadderGroup,
): readonly { readonly range: SegmentRange; readonly progress: ProgressShare }[] => {
  const earlier = groups.slice(0, groups.indexOf(group))
  const fromRatio = earlier.reduce((sum, { share }) => sum + share, 0)
  const segmentCount = group.ranges.reduce((sum, range) => sum + range.segmentCount, 0)
  const ratioAt = (segment: number) => fromRatio + (group.share * segment) / segmentCount
  return group.ranges.map((range) => ({
    range,
    progress: {
      fromRatio: ratioAt(range.firstSegment),
      toRatio: ratioAt(range.firstSegment + range.segmentCount),
    },
  }))
}

/** A poster of a film that is over before then is of its middle. */
const POSTER_SECONDS = 2

export const posterConversion = (durationSeconds: number): ImageConversion => ({
  at: durationSeconds > POSTER_SECONDS ? POSTER_SECONDS : durationSeconds / 2,
  widthPx: 1280,
  heightPx: null,
  fit: 'contain',
  enlarge: false,
  format: 'webp',
})

/** Three seconds of the film's beginning, without its first one, which is often black. */
const previewSpan = (durationSeconds: number): TrimWish =>
  durationSeconds > 2
    ? { startSeconds: 1, endSeconds: Math.min(4, durationSeconds) }
    : { startSeconds: null, endSeconds: null }

export const previewConversion = (durationSeconds: number): Omit<VideoConversion, 'format'> => ({
  ...previewSpan(durationSeconds),
  codec: null,
  widthPx: 480,
  heightPx: null,
  fit: 'contain',
  enlarge: false,
  quality: 'medium',
  frameRate: null,
  audio: false,
})
