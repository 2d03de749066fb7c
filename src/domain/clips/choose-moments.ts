import {
  cutPlaces,
  endFrom,
  firstSpanIn,
  LEAD_SECONDS,
  roomIn,
  TOLERANCE_SECONDS,
  type CutPlaces,
} from './cut-places.ts'
import { fitMoment } from './fit-moment.ts'
import { momentMeasure } from './heuristic-moments.ts'
import { totalScore, type ClipLimits, type ClipMaterial, type Moment, type Span } from './moment.ts'
import { shownMoment } from './shown-moment.ts'

export interface Choice {
  readonly limits: ClipLimits
  readonly material: ClipMaterial
  /** What was chosen already: it stays, in front, and the rest is filled up. */
  readonly before?: readonly Moment[]
  /** What is shown elsewhere: nothing that is chosen overlaps it. */
  readonly taken?: readonly Span[]
}

/**
 * The best of some moments, best first: within the recording and the limits of length, from the
 * beginning of a sentence (or scene) to an end of one, and never overlapping. Whatever is proposed is
 * survived: times that are no numbers, reversed, beyond the end, or hundreds of them. No moment takes so
 * much that there are fewer than the recording has room for: a long one then ends sooner. What is said of
 * each is true of what is left of it. *Source:*
 * whoever gets four clips comes back, and whoever gets one does not.
 */
export const chooseMoments = (
  candidates: readonly Moment[],
  { limits, material, before = [], taken = [] }: Choice,
): readonly Moment[] => {
  const { durationSeconds } = material
  const shortest = Math.min(limits.minSeconds, durationSeconds)
  const board: Board = {
    durationSeconds,
    limits: { ...limits, minSeconds: shortest },
    places: cutPlaces(material.sentences, durationSeconds),
    sceneCutsSeconds: material.sceneCutsSeconds,
    measure: momentMeasure(material),
    taken,
    chosen: [...before],
    used: new Set(),
    target: 0,
  }
  board.target = Math.min(limits.count, before.length + roomBeside(board, null, limits.count))
  const byScore = candidates
    .map((moment) => ({ moment, score: totalScore(moment.scores) }))
    .toSorted((a, b) => b.score - a.score)
    .map(({ moment }) => moment)
  takeWhole(board, byScore)
  takeRest(board, byScore)
  fillUp(board, byScore)
  return board.chosen
}

interface Board {
  readonly durationSeconds: number
  readonly limits: ClipLimits
  readonly places: CutPlaces
  readonly sceneCutsSeconds: readonly number[]
  /** What can be measured of any part. */
  readonly measure: (span: Span) => Moment
  readonly taken: readonly Span[]
  readonly chosen: Moment[]
  /** Candidates of which something was chosen: nothing is shown of them twice. */
  readonly used: Set<Moment>
  /** So many there are in the end, if somebody proposes them. */
  target: number
}

const occupied = ({ taken, chosen }: Board): readonly Span[] => [...taken, ...chosen]

const isFull = ({ chosen, limits }: Board): boolean => chosen.length >= limits.count

/** All of the clip that a candidate would be if it were alone. */
const wholeOf = (board: Board, candidate: Moment): Span | null =>
  fitMoment(candidate, {
    ...board,
    within: { startSeconds: 0, endSeconds: board.durationSeconds },
  })

/** Candidates that are nobody else's in any second. */
const takeWhole = (board: Board, byScore: readonly Moment[]): void => {
  for (const candidate of byScore) {
    if (isFull(board)) return
    const span = wholeOf(board, candidate)
    if (span !== null && !occupied(board).some((other) => overlap(span, other))) {
      take(board, candidate, span)
    }
  }
}

/** Between two moments there may be room for another one, if it begins later or ends sooner than was meant. */
const takeRest = (board: Board, byScore: readonly Moment[]): void => {
  for (const candidate of byScore) {
    if (isFull(board)) return
    if (board.used.has(candidate)) continue
    const within = gapsOf(board).find(
      (gap) => lengthOf(gap) >= board.limits.minSeconds && mostlyWithin(gap, candidate),
    )
    const span = within && fitMoment(candidate, { ...board, within })
    if (span) take(board, candidate, span)
  }
}

/** What there is still room for goes to the candidates that begin there, however little is left of them. */
const fillUp = (board: Board, byScore: readonly Moment[]): void => {
  for (const gap of gapsOf(board)) {
    let from = gap.startSeconds
    while (board.chosen.length < board.target) {
      const span = firstSpanIn({ ...gap, startSeconds: from }, board.places, board.limits)
      if (span === null) break
      const candidate = nearestTo(span.startSeconds, byScore, board.used)
      if (candidate !== null) choose(board, candidate, span)
      from = span.endSeconds
    }
  }
}

const nearestTo = (
  startSeconds: number,
  candidates: readonly Moment[],
  used: ReadonlySet<Moment>,
): Moment | null => {
  let best: Moment | null = null
  // Farther away it is about something else.
  let bestSeconds = LEAD_SECONDS
  for (const candidate of candidates) {
    const farSeconds = Math.abs(candidate.startSeconds - startSeconds)
    if (farSeconds <= bestSeconds && !used.has(candidate)) {
      best = candidate
      bestSeconds = farSeconds
    }
  }
  return best
}

/** Chooses it, as long as it may be; or not at all, where any length of it would cost another one. */
const take = (board: Board, candidate: Moment, span: Span): void => {
  const fitted = leavingRoom(board, span)
  if (fitted !== null) choose(board, candidate, fitted)
}

const choose = (board: Board, proposed: Moment, span: Span): void => {
  board.chosen.push(shownMoment({ proposed, whole: wholeOf(board, proposed), span }, board))
  board.used.add(proposed)
}

/** A moment that has to be shorter is so in whole steps of this. */
const STEP_SECONDS = 1

const leavingRoom = (board: Board, span: Span): Span | null => {
  const { limits, places, chosen, target } = board
  const needed = target - chosen.length - 1
  const isGood = (one: Span) => roomBeside(board, one, needed) >= needed
  if (isGood(span)) return span
  const { startSeconds } = span
  const ofSteps = (steps: number): Span => {
    const least = startSeconds + limits.minSeconds + steps * STEP_SECONDS
    const endSeconds = endFrom(places, least, startSeconds + limits.maxSeconds)
    return { startSeconds, endSeconds: Math.min(endSeconds, span.endSeconds) }
  }
  // The longer it is, the less room is left: the longest good one is found by halving.
  let good = -1
  let bad = Math.ceil((lengthOf(span) - limits.minSeconds) / STEP_SECONDS)
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (isGood(ofSteps(middle))) good = middle
    else bad = middle
  }
  return good < 0 ? null : ofSteps(good)
}

/** How many more the recording has room for beside what is chosen, and one more span. */
const roomBeside = (board: Board, span: Span | null, enough: number): number =>
  roomIn(gapsOf(board, span), { places: board.places, limits: board.limits, enough })

const gapsOf = (board: Board, another: Span | null = null): Span[] => {
  const { durationSeconds } = board
  const spans = another === null ? occupied(board) : [...occupied(board), another]
  const inTime = spans.toSorted((a, b) => a.startSeconds - b.startSeconds)
  const starts = [0, ...inTime.map(({ endSeconds }) => endSeconds)]
  const ends = [...inTime.map(({ startSeconds }) => startSeconds), durationSeconds]
  return starts.map((startSeconds, index) => ({ startSeconds, endSeconds: ends[index]! }))
}

const lengthOf = ({ startSeconds, endSeconds }: Span): number => endSeconds - startSeconds

/** What is left of it is still what it was chosen for. */
const WITHIN_RATIO = 0.4

const mostlyWithin = (gap: Span, span: Span): boolean => {
  const startSeconds = Math.max(gap.startSeconds, span.startSeconds)
  const endSeconds = Math.min(gap.endSeconds, span.endSeconds)
  return lengthOf({ startSeconds, endSeconds }) >= WITHIN_RATIO * lengthOf(span)
}

/** Whether two parts have a stretch of the recording in common. */
export const overlap = (a: Span, b: Span): boolean =>
  a.startSeconds < b.endSeconds - TOLERANCE_SECONDS &&
  b.startSeconds < a.endSeconds - TOLERANCE_SECONDS
