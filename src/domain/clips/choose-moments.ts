import type { TimedText } from '../transcript.ts'
import { totalScore, type ClipLimits, type Moment } from './moment.ts'

/** What moments are fitted to. */
export interface ClipMaterial {
  readonly durationSeconds: number
  /** In order; empty when nothing is said. */
  readonly sentences: readonly TimedText[]
  /** In order. */
  readonly sceneCutsSeconds: readonly number[]
}

/** An edge is moved to that of a sentence no farther than this; beyond, it was meant as it is. */
const SENTENCE_REACH_SECONDS = 4
const SCENE_REACH_SECONDS = 1
/** A word's first sound begins a little before an engine hears it, and its last ends after. */
const BREATH_SECONDS = 0.15

/**
 * The best of some moments, best first: within the recording and the limits of length, from the
 * beginning of a sentence (or scene) to an end of one, and never overlapping. Whatever is proposed is
 * survived: times that are no numbers, reversed, beyond the end, or hundreds of them.
 */
export const chooseMoments = (
  candidates: readonly Moment[],
  { limits, material, before = [] }: Choice,
): readonly Moment[] => {
  const byScore = candidates.toSorted((a, b) => totalScore(b.scores) - totalScore(a.scores))
  const chosen = [...before]
  for (const candidate of byScore) {
    if (chosen.length >= limits.count) return chosen
    const moment = fit(candidate, limits, material)
    if (moment !== null && !chosen.some((other) => overlap(moment, other))) chosen.push(moment)
  }
  return fillGaps(chosen, byScore, { limits, material })
}

/** Between two moments there may be room for another one, if it begins later or ends sooner than was meant. */
const fillGaps = (
  chosen: readonly Moment[],
  byScore: readonly Moment[],
  { limits, material }: Choice,
): readonly Moment[] => {
  const all = [...chosen]
  for (const candidate of byScore) {
    if (all.length >= limits.count) break
    const gap = gapsBetween(all, material.durationSeconds).find(
      (free) => lengthOf(free) >= limits.minSeconds && mostlyWithin(free, candidate),
    )
    const moment = gap && fitInto(gap, candidate, { limits, material })
    if (moment) all.push(moment)
  }
  return all
}

const lengthOf = ({ startSeconds, endSeconds }: Span): number => endSeconds - startSeconds

/** What is left of it is still what it was chosen for. */
const WITHIN_RATIO = 0.4

const mostlyWithin = (gap: Span, span: Span): boolean => {
  const startSeconds = Math.max(gap.startSeconds, span.startSeconds)
  const endSeconds = Math.min(gap.endSeconds, span.endSeconds)
  return lengthOf({ startSeconds, endSeconds }) >= WITHIN_RATIO * lengthOf(span)
}

const gapsBetween = (spans: readonly Span[], durationSeconds: number): readonly Span[] => {
  const inTime = spans.toSorted((a, b) => a.startSeconds - b.startSeconds)
  const starts = [0, ...inTime.map(({ endSeconds }) => endSeconds)]
  const ends = [...inTime.map(({ startSeconds }) => startSeconds), durationSeconds]
  return starts.map((startSeconds, index) => ({ startSeconds, endSeconds: ends[index]! }))
}

/** As if the gap were the whole recording. */
const fitInto = (gap: Span, moment: Moment, { limits, material }: Choice): Moment | null => {
  const shifted = <Timed extends Span>(timed: Timed, bySeconds: number): Timed => ({
    ...timed,
    startSeconds: timed.startSeconds + bySeconds,
    endSeconds: timed.endSeconds + bySeconds,
  })
  const fitted = fit(shifted(moment, -gap.startSeconds), limits, {
    durationSeconds: gap.endSeconds - gap.startSeconds,
    sentences: material.sentences
      .filter((one) => one.startSeconds >= gap.startSeconds && one.endSeconds <= gap.endSeconds)
      .map((one) => shifted(one, -gap.startSeconds)),
    sceneCutsSeconds: material.sceneCutsSeconds
      .map((cut) => cut - gap.startSeconds)
      .filter((cut) => cut > 0),
  })
  return fitted && shifted(fitted, gap.startSeconds)
}

export interface Choice {
  readonly limits: ClipLimits
  readonly material: ClipMaterial
  /** What was chosen already: it stays, in front, and the rest is filled up. */
  readonly before?: readonly Moment[]
}

interface Span {
  readonly startSeconds: number
  readonly endSeconds: number
}

const overlap = (a: Span, b: Span): boolean =>
  a.startSeconds < b.endSeconds && b.startSeconds < a.endSeconds

/** Null when nothing of it can be shown: no place in the recording, or the recording is too short. */
const fit = (moment: Moment, limits: ClipLimits, material: ClipMaterial): Moment | null => {
  const { durationSeconds } = material
  const times = [moment.startSeconds, moment.endSeconds].toSorted((a, b) => a - b)
  const [first, last] = times as [number, number]
  if (!Number.isFinite(first) || !Number.isFinite(last)) return null
  if (first >= durationSeconds || last <= 0) return null
  const span = atEdges(
    { startSeconds: Math.max(0, first), endSeconds: Math.min(last, durationSeconds) },
    material,
  )
  const fitted = ofLength(span, limits, material)
  const lengthSeconds = fitted.endSeconds - fitted.startSeconds
  if (lengthSeconds < Math.min(limits.minSeconds, durationSeconds) - TOLERANCE_SECONDS) return null
  return { ...moment, ...fitted }
}

/** Sums of floats. */
const TOLERANCE_SECONDS = 1e-6

const nearest = (times: readonly number[], to: number, reach: number): number | null => {
  const [best] = times
    .filter((time) => Math.abs(time - to) <= reach)
    .toSorted((a, b) => Math.abs(a - to) - Math.abs(b - to))
  return best ?? null
}

const startsOf = ({ sentences }: ClipMaterial): readonly number[] =>
  sentences.map(({ startSeconds }) => Math.max(0, startSeconds - BREATH_SECONDS))

const endsOf = ({ sentences, durationSeconds }: ClipMaterial): readonly number[] =>
  sentences.map(({ endSeconds }, index) =>
    Math.min(endSeconds + BREATH_SECONDS, sentences[index + 1]?.startSeconds ?? durationSeconds),
  )

const atEdges = (span: Span, material: ClipMaterial): Span => {
  const { sceneCutsSeconds } = material
  const edge = (ofSentences: readonly number[], time: number): number =>
    nearest(ofSentences, time, SENTENCE_REACH_SECONDS) ??
    nearest(sceneCutsSeconds, time, SCENE_REACH_SECONDS) ??
    time
  const startSeconds = edge(startsOf(material), span.startSeconds)
  const endSeconds = edge(endsOf(material), span.endSeconds)
  return endSeconds > startSeconds ? { startSeconds, endSeconds } : span
}

/** Grows a short span and shrinks a long one, by whole sentences where there are any. */
const ofLength = (span: Span, limits: ClipLimits, material: ClipMaterial): Span => {
  const { durationSeconds } = material
  const { minSeconds, maxSeconds } = limits
  const { startSeconds, endSeconds } = span
  const lengthSeconds = endSeconds - startSeconds
  if (lengthSeconds > maxSeconds) {
    const latest = startSeconds + maxSeconds
    const ends = endsOf(material).filter((end) => end >= startSeconds + minSeconds && end <= latest)
    return { startSeconds, endSeconds: ends.at(-1) ?? latest }
  }
  if (lengthSeconds >= minSeconds) return span
  const earliest = startSeconds + minSeconds
  const latest = startSeconds + maxSeconds
  const end = endsOf(material).find((time) => time >= earliest && time <= latest)
  if (end !== undefined) return { startSeconds, endSeconds: end }
  if (earliest <= durationSeconds) return { startSeconds, endSeconds: earliest }
  return grownBackwards(endSeconds, limits, material)
}

/** A moment at the very end can only begin earlier. */
const grownBackwards = (
  endSeconds: number,
  { minSeconds, maxSeconds }: ClipLimits,
  material: ClipMaterial,
): Span => {
  const end = Math.max(endSeconds, Math.min(minSeconds, material.durationSeconds))
  const start = startsOf(material).findLast(
    (time) => time <= end - minSeconds && time >= end - maxSeconds,
  )
  return { startSeconds: start ?? Math.max(0, end - minSeconds), endSeconds: end }
}
