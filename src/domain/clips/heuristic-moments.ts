import { cutAfter } from '../captions/graphemes.ts'
import { wordsIn } from '../captions/tokens.ts'
import type { TimedText } from '../transcript.ts'
import { countBelow, LEAD_SECONDS, TOLERANCE_SECONDS } from './cut-places.ts'
import type { ClipLimits, ClipMaterial, Moment, MomentScores, Span } from './moment.ts'
import { isQuestion } from './sentences.ts'

/** Distinct words a second that a lively speaker reaches, repetitions not counted. */
const DENSE_WORDS_PER_SECOND = 2.2
/** Louder than the whole by so much is excitement. */
const LOUD_ABOVE_LU = 6
/** A cut every four seconds is a lively montage. */
const LIVELY_CUTS_PER_SECOND = 0.25
/** Who asks within the first seconds makes curious. */
const HOOK_SECONDS = 5
/** Where nothing is said, a moment may begin every so many seconds, and at each scene. */
const SILENT_STEP_SECONDS = 2.5
/** Twice within a clip, so that there is one near the beginning of every gap; and this is enough. */
const SILENT_STEP_SECONDS_MIN = 0.25

/**
 * Moments found by what can be measured: dense speech, questions, pauses before and none inside,
 * loudness, changes of the scene. There is one for every place where a moment may begin, in the order of
 * time; `chooseMoments` takes the best of them. Without speech it goes by pictures and loudness alone.
 * Takes time in proportion to what is said, however short the sentences are.
 */
export const heuristicMoments = (limits: ClipLimits, material: ClipMaterial): readonly Moment[] => {
  const measures = runningMeasures(material)
  const words = wordWindow(material.sentences)
  return spansOf(limits, material).map((span) => {
    const spoken = spokenIn(span, measures)
    return momentOf(span, spoken, { material, measures, distinct: words(spoken) })
  })
}

/** Describes any part of the recording in the same way. */
export const momentMeasure = (material: ClipMaterial): ((span: Span) => Moment) => {
  const measures = runningMeasures(material)
  return ({ startSeconds, endSeconds }) => {
    const span = { startSeconds, endSeconds }
    const spoken = spokenIn(span, measures)
    const distinct = wordWindow(material.sentences.slice(spoken.from, spoken.to))
    const count = distinct({ from: 0, to: spoken.to - spoken.from })
    return momentOf(span, spoken, { material, measures, distinct: count })
  }
}

const momentOf = (span: Span, spoken: Range, about: Measured): Moment => {
  const first = about.material.sentences[firstSaid(span, spoken, about.measures)]?.text ?? ''
  const traits = traitsOf(span, spoken, about)
  return {
    ...span,
    title: titleOf(first),
    hook: first,
    scores: scoresOf(traits),
    reason: reasonOf(traits),
    source: 'heuristic',
  }
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length

/** Between the limits and nearer to the longer one: short clips leave out what they are about. */
const wishedSeconds = ({ minSeconds, maxSeconds }: ClipLimits): number =>
  minSeconds + (maxSeconds - minSeconds) * 0.6

const spansOf = (limits: ClipLimits, material: ClipMaterial): readonly Span[] => {
  const { durationSeconds } = material
  const wished = wishedSeconds(limits)
  const starts = startsIn(material, silentStep(limits))
  return starts
    .filter((start) => start + limits.minSeconds <= durationSeconds || start === starts[0])
    .map((startSeconds) => ({
      startSeconds,
      endSeconds: Math.min(startSeconds + wished, durationSeconds),
    }))
    .filter(({ startSeconds, endSeconds }) => endSeconds > startSeconds)
}

const silentStep = ({ minSeconds }: ClipLimits): number =>
  Math.max(SILENT_STEP_SECONDS_MIN, Math.min(SILENT_STEP_SECONDS, minSeconds / 2))

/** Where sentences begin and, where nothing is said for long, every few seconds and at scenes; in order. */
const startsIn = (material: ClipMaterial, stepSeconds: number): readonly number[] => {
  const { sentences, sceneCutsSeconds, durationSeconds } = material
  const spoken = sentences.map(({ startSeconds }) => startSeconds)
  const from = [0, ...sentences.map(({ endSeconds }) => endSeconds)]
  const to = [...spoken, durationSeconds]
  const silent = from.flatMap((start, index) => {
    const end = to[index]!
    if (end - start < LEAD_SECONDS && sentences.length > 0) return []
    const count = Math.max(1, Math.ceil((end - start) / stepSeconds))
    const scenes = sceneCutsSeconds.slice(
      countBelow(sceneCutsSeconds, start),
      countBelow(sceneCutsSeconds, end),
    )
    return [...Array.from({ length: count }, (_, step) => start + step * stepSeconds), ...scenes]
  })
  return [...spoken, ...silent].toSorted((a, b) => a - b)
}

/** Sums over all before each index, so that those of any part are one subtraction. */
interface RunningMeasures {
  readonly starts: readonly number[]
  readonly ends: readonly number[]
  readonly spokenSeconds: readonly number[]
  readonly questions: readonly number[]
  readonly loudness: readonly number[]
  readonly wholeLufs: number
}

const sumsOf = (values: readonly number[]): readonly number[] => {
  let sum = 0
  return [0, ...values.map((value) => (sum += value))]
}

const runningMeasures = ({ sentences, loudnessLufs }: ClipMaterial): RunningMeasures => ({
  starts: sentences.map(({ startSeconds }) => startSeconds),
  ends: sentences.map(({ endSeconds }) => endSeconds),
  spokenSeconds: sumsOf(sentences.map((one) => one.endSeconds - one.startSeconds)),
  questions: sumsOf(sentences.map(({ text }) => (isQuestion(text) ? 1 : 0))),
  loudness: sumsOf(loudnessLufs),
  wholeLufs: mean(loudnessLufs),
})

/** Sentences, from the first to before the second. */
interface Range {
  readonly from: number
  readonly to: number
}

const spokenIn = ({ startSeconds, endSeconds }: Span, { starts, ends }: RunningMeasures): Range => {
  const from = countBelow(starts, startSeconds)
  return { from, to: Math.max(from, countBelow(ends, endSeconds + TOLERANCE_SECONDS)) }
}

/** The first whole sentence or, where there is none, the one that is being said in the middle; -1: none. */
const firstSaid = (span: Span, { from, to }: Range, { starts, ends }: RunningMeasures): number => {
  if (from < to) return from
  const middle = (span.startSeconds + span.endSeconds) / 2
  const said = countBelow(ends, middle)
  return starts[said] !== undefined && starts[said] < middle ? said : -1
}

/** Counts the distinct words of ranges that never go back. */
const wordWindow = (sentences: readonly TimedText[]): ((range: Range) => number) => {
  const words = sentences.map(({ text }) => wordsIn(text))
  const counts = new Map<string, number>()
  let [begun, ended] = [0, 0]
  return ({ from, to }) => {
    for (; ended < to; ended++) {
      for (const word of words[ended]!) counts.set(word, (counts.get(word) ?? 0) + 1)
    }
    for (; begun < Math.min(from, ended); begun++) {
      for (const word of words[begun]!) {
        const count = counts.get(word)!
        if (count === 1) counts.delete(word)
        else counts.set(word, count - 1)
      }
    }
    return counts.size
  }
}

interface Measured {
  readonly material: ClipMaterial
  readonly measures: RunningMeasures
  /** Words, each counted once. */
  readonly distinct: number
}

/** Each from 0 to 1. */
interface Traits {
  readonly density: number
  readonly asksFirst: number
  readonly questions: number
  readonly pauseBefore: number
  /** The part of the time in which something is said. */
  readonly spoken: number
  readonly loudness: number
  readonly scenes: number
}

const ratio = (value: number): number => Math.max(0, Math.min(value, 1))

const traitsOf = (
  span: Span,
  { from, to }: Range,
  { material, measures, distinct }: Measured,
): Traits => {
  const { startSeconds, endSeconds } = span
  const { sceneCutsSeconds } = material
  const { starts, ends, spokenSeconds, questions, loudness, wholeLufs } = measures
  const lengthSeconds = endSeconds - startSeconds
  const within = (sums: readonly number[], first: number, last: number): number =>
    (sums[Math.min(last, sums.length - 1)] ?? 0) - (sums[Math.min(first, sums.length - 1)] ?? 0)
  const early = Math.min(to, countBelow(starts, startSeconds + HOOK_SECONDS))
  const before = ends[countBelow(ends, startSeconds + TOLERANCE_SECONDS) - 1] ?? 0
  const cuts = countBelow(sceneCutsSeconds, endSeconds) - countBelow(sceneCutsSeconds, startSeconds)
  const [firstSecond, lastSecond] = [Math.floor(startSeconds), Math.ceil(endSeconds)]
  const heardSeconds = Math.max(1, Math.min(lastSecond, loudness.length - 1) - firstSecond)
  const louder = within(loudness, firstSecond, lastSecond) / heardSeconds - wholeLufs
  return {
    density: ratio(distinct / lengthSeconds / DENSE_WORDS_PER_SECOND),
    asksFirst: within(questions, from, early) > 0 ? 1 : 0,
    questions: ratio(within(questions, from, to) / 3),
    pauseBefore: starts.length === 0 ? 0 : ratio(startSeconds - before),
    spoken: ratio(within(spokenSeconds, from, to) / lengthSeconds),
    loudness: loudness.length === 1 ? 0 : ratio(0.5 + louder / (2 * LOUD_ABOVE_LU)),
    scenes: ratio(cuts / lengthSeconds / LIVELY_CUTS_PER_SECOND),
  }
}

const scoresOf = (traits: Traits): MomentScores => ({
  hook: percent(
    0.4 * traits.asksFirst + 0.3 * traits.pauseBefore + 0.2 * traits.loudness + 0.1 * traits.scenes,
  ),
  engagement: percent(0.4 * traits.density + 0.3 * traits.spoken + 0.3 * traits.scenes),
  value: percent(0.6 * traits.density + 0.2 * traits.questions + 0.2 * traits.spoken),
  shareability: percent(0.5 * traits.loudness + 0.3 * traits.density + 0.2 * traits.questions),
})

const percent = (value: number): number => Math.round(100 * ratio(value))

const TITLE_LETTERS_MAX = 60

/** More code units than so many letters have, however composed they are. */
const TITLE_UNITS_MAX = 2_000

/** What is said first, as far as it fits between two words. */
const titleOf = (text: string): string => {
  const [cut = '', ...rest] = cutAfter(text.slice(0, TITLE_UNITS_MAX), TITLE_LETTERS_MAX)
  if (rest.length === 0) return text
  return `${cut.slice(0, cut.lastIndexOf(' ') + 1 || cut.length).trimEnd()}…`
}

const REASONS: Readonly<Record<keyof Traits, string>> = {
  density: 'dense speech',
  asksFirst: 'a question at the beginning',
  questions: 'several questions',
  pauseBefore: 'a pause before it',
  spoken: 'speech without gaps',
  loudness: 'louder than the rest',
  scenes: 'many scenes',
}

const reasonOf = (traits: Traits): string => {
  const names = (Object.keys(REASONS) as (keyof Traits)[])
    .filter((name) => traits[name] >= 0.6)
    .map((name) => REASONS[name])
  return names.length === 0 ? 'nothing stands out here' : names.join(', ')
}
