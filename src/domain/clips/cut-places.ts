import type { TimedText } from '../transcript.ts'
import type { ClipLimits, Span } from './moment.ts'

/** Where a recording may be cut: anywhere but within a sentence. */
export interface CutPlaces {
  /** Where sentences begin, each with the breath before it; in order. */
  readonly starts: readonly number[]
  /** Where they end, each before the next one's start. */
  readonly ends: readonly number[]
}

/** A word's first sound begins a little before an engine hears it, and its last ends after. */
const BREATH_SECONDS = 0.15
/** A clip that would begin so little before a sentence begins with it. */
export const LEAD_SECONDS = 4
/** Sums of floats. */
export const TOLERANCE_SECONDS = 1e-6

/** The places of sentences, which are in order and do not overlap. */
export const cutPlaces = (sentences: readonly TimedText[], durationSeconds: number): CutPlaces => {
  const breathAfter = (index: number): number => {
    const end = sentences[index]?.endSeconds ?? 0
    const next = sentences[index + 1]?.startSeconds
    // Two sentences share the pause between them.
    const room = next === undefined ? durationSeconds - end : (next - end) / 2
    return Math.max(0, Math.min(BREATH_SECONDS, room))
  }
  return {
    starts: sentences.map(({ startSeconds }, index) =>
      Math.max(0, startSeconds - (index === 0 ? BREATH_SECONDS : breathAfter(index - 1))),
    ),
    ends: sentences.map(({ endSeconds }, index) => endSeconds + breathAfter(index)),
  }
}

/** How many values of a list in order are less than this one. */
export const countBelow = (values: readonly number[], limit: number): number => {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (values[middle]! < limit) low = middle + 1
    else high = middle
  }
  return low
}

/** The first place from which a clip may begin. */
const startFrom = ({ starts, ends }: CutPlaces, seconds: number): number => {
  const next = countBelow(ends, seconds + TOLERANCE_SECONDS)
  const start = starts[next]
  const free = start === undefined || start >= seconds ? seconds : ends[next]!
  const following = starts[countBelow(starts, free - TOLERANCE_SECONDS)]
  return following !== undefined && following - free <= LEAD_SECONDS
    ? Math.max(following, free)
    : free
}

/** The first place from this time on at which a clip may end; within a sentence that is longer than a
 * clip may be, any is as good as another. */
export const endFrom = (
  { starts, ends }: CutPlaces,
  seconds: number,
  latestSeconds: number,
): number => {
  const next = countBelow(ends, seconds - TOLERANCE_SECONDS)
  const isWithin = starts[next] !== undefined && starts[next] < seconds
  const end = isWithin ? Math.max(seconds, ends[next]!) : seconds
  return end <= latestSeconds ? end : seconds
}

/** The first clip that a part of the recording has room for, as short as it may be. */
export const firstSpanIn = (
  { startSeconds: from, endSeconds: to }: Span,
  places: CutPlaces,
  { minSeconds, maxSeconds }: ClipLimits,
): Span | null => {
  const startSeconds = startFrom(places, from)
  const endSeconds = endFrom(places, startSeconds + minSeconds, startSeconds + maxSeconds)
  return endSeconds <= to + TOLERANCE_SECONDS
    ? { startSeconds, endSeconds: Math.min(endSeconds, to) }
    : null
}

/** How many clips some parts of the recording have room for, whole sentences each; no more than
 * `enough` are counted. */
export const roomIn = (
  parts: readonly Span[],
  {
    places,
    limits,
    enough,
  }: {
    readonly places: CutPlaces
    readonly limits: ClipLimits
    readonly enough: number
  },
): number => {
  let room = 0
  for (const part of parts) {
    let from = part.startSeconds
    while (room < enough) {
      const span = firstSpanIn({ ...part, startSeconds: from }, places, limits)
      if (span === null) break
      room += 1
      from = span.endSeconds
    }
  }
  return room
}
