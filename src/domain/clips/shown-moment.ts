import { countBelow, TOLERANCE_SECONDS, type CutPlaces } from './cut-places.ts'
import type { Moment, Span } from './moment.ts'

/** A moment, and how much of it becomes a clip. */
export interface Showing {
  readonly proposed: Moment
  /** All of the clip that it would be if it were alone; null: it would be none. */
  readonly whole: Span | null
  /** What is shown. */
  readonly span: Span
}

/** With less than half of what is said in it, a moment is another one. */
const KEPT_RATIO_MIN = 0.5

/**
 * What is true of the part of a moment that becomes a clip. What was said of the moment stays as long as half
 * of its words are there; with less, the part is described, and from then on named as chosen, by `measure`.
 * Where the words it would begin with are gone, so is its hook: it is what is said first now.
 */
export const shownMoment = (
  { proposed, whole, span }: Showing,
  { places, measure }: { readonly places: CutPlaces; readonly measure: (span: Span) => Moment },
): Moment => {
  if (whole === null || keptRatio(proposed, span, places) < KEPT_RATIO_MIN) return measure(span)
  if (span.startSeconds <= whole.startSeconds + TOLERANCE_SECONDS) return { ...proposed, ...span }
  const measured = measure(span)
  // Its title is what was said first, too.
  if (proposed.source === 'heuristic') return measured
  return { ...proposed, ...span, hook: measured.hook }
}

/** How much of what is said in a moment is said in a part of it; where nothing is said, of its time. */
const keptRatio = (proposed: Span, span: Span, places: CutPlaces): number => {
  const from = Math.min(proposed.startSeconds, proposed.endSeconds)
  const to = Math.max(proposed.startSeconds, proposed.endSeconds)
  const keptFrom = Math.max(from, span.startSeconds)
  const keptTo = Math.max(keptFrom, Math.min(to, span.endSeconds))
  const spokenSeconds = spokenBetween(from, to, places)
  return spokenSeconds > 0
    ? spokenBetween(keptFrom, keptTo, places) / spokenSeconds
    : (keptTo - keptFrom) / (to - from)
}

const spokenBetween = (from: number, to: number, { starts, ends }: CutPlaces): number => {
  let spokenSeconds = 0
  const last = countBelow(starts, to)
  for (let index = countBelow(ends, from); index < last; index++) {
    spokenSeconds += Math.min(ends[index]!, to) - Math.max(starts[index]!, from)
  }
  return spokenSeconds
}
