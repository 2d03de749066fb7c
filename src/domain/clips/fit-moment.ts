import { countBelow, endFrom, TOLERANCE_SECONDS, type CutPlaces } from './cut-places.ts'
import type { ClipLimits, Span } from './moment.ts'

/** What a moment is fitted to. */
export interface Fitting {
  /** The part of the recording that it has to keep to. */
  readonly within: Span
  readonly limits: ClipLimits
  readonly places: CutPlaces
  /** In order. */
  readonly sceneCutsSeconds: readonly number[]
}

/** An edge is moved to that of a sentence no farther than this; beyond, it was meant as it is. */
const SENTENCE_REACH_SECONDS = 4
const SCENE_REACH_SECONDS = 1

/**
 * A span as a clip can show it: from the beginning of a sentence (or scene) to an end of one, within its
 * part of the recording and the limits of length. Null when nothing of it can be shown: times that are
 * no numbers or lie elsewhere, or a part that is too short. Reversed times are taken for what was meant.
 */
export const fitMoment = (proposed: Span, fitting: Fitting): Span | null => {
  const { within, limits } = fitting
  const first = Math.min(proposed.startSeconds, proposed.endSeconds)
  const last = Math.max(proposed.startSeconds, proposed.endSeconds)
  if (!Number.isFinite(first) || !Number.isFinite(last)) return null
  if (first >= within.endSeconds || last <= within.startSeconds) return null
  const span = atEdges(
    {
      startSeconds: Math.max(first, within.startSeconds),
      endSeconds: Math.min(last, within.endSeconds),
    },
    fitting,
  )
  const fitted = ofLength(span, fitting)
  const lengthSeconds = fitted.endSeconds - fitted.startSeconds
  return lengthSeconds < limits.minSeconds - TOLERANCE_SECONDS ? null : fitted
}

/** Of a list in order, within a part of the recording. */
const nearest = (
  times: readonly number[],
  to: number,
  { reach, within }: { readonly reach: number; readonly within: Span },
): number | null => {
  const next = countBelow(times, to)
  const [best] = [times[next - 1], times[next]]
    .filter((time) => time !== undefined)
    .filter((time) => Math.abs(time - to) <= reach)
    .filter((time) => time >= within.startSeconds && time <= within.endSeconds)
    .toSorted((a, b) => Math.abs(a - to) - Math.abs(b - to))
  return best ?? null
}

const atEdges = (span: Span, { within, places, sceneCutsSeconds }: Fitting): Span => {
  const edge = (ofSentences: readonly number[], time: number): number =>
    nearest(ofSentences, time, { reach: SENTENCE_REACH_SECONDS, within }) ??
    nearest(sceneCutsSeconds, time, { reach: SCENE_REACH_SECONDS, within }) ??
    time
  const startSeconds = edge(places.starts, span.startSeconds)
  const endSeconds = edge(places.ends, span.endSeconds)
  return endSeconds > startSeconds ? { startSeconds, endSeconds } : span
}

/** The last of a list in order that lies between two times. */
const lastBetween = (times: readonly number[], from: number, to: number): number | null => {
  const time = times[countBelow(times, to + TOLERANCE_SECONDS) - 1]
  return time !== undefined && time >= from ? Math.min(time, to) : null
}

/** Grows a short span and shrinks a long one, by whole sentences where there are any. */
const ofLength = (span: Span, fitting: Fitting): Span => {
  const { within, limits, places } = fitting
  const { startSeconds, endSeconds } = span
  const earliest = startSeconds + limits.minSeconds
  const latest = Math.min(startSeconds + limits.maxSeconds, within.endSeconds)
  if (endSeconds > startSeconds + limits.maxSeconds) {
    return { startSeconds, endSeconds: lastBetween(places.ends, earliest, latest) ?? latest }
  }
  if (endSeconds >= earliest) return span
  if (earliest <= within.endSeconds) {
    return { startSeconds, endSeconds: endFrom(places, earliest, latest) }
  }
  return grownBackwards(endSeconds, fitting)
}

/** A moment at the very end can only begin earlier. */
const grownBackwards = (endSeconds: number, { within, limits, places }: Fitting): Span => {
  const { minSeconds, maxSeconds } = limits
  const end = Math.max(endSeconds, Math.min(within.startSeconds + minSeconds, within.endSeconds))
  const earliest = Math.max(within.startSeconds, end - maxSeconds)
  const start = lastBetween(places.starts, earliest, end - minSeconds)
  return { startSeconds: start ?? Math.max(within.startSeconds, end - minSeconds), endSeconds: end }
}
