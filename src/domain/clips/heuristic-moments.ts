import { cutAfter } from '../captions/graphemes.ts'
import type { TimedText } from '../transcript.ts'
import type { ClipMaterial } from './choose-moments.ts'
import type { ClipLimits, Moment, MomentScores } from './moment.ts'
import { isQuestion } from './sentences.ts'

/** What can be measured without understanding anything. */
export interface MeasuredMaterial extends ClipMaterial {
  /** The loudness of each second, in LUFS; empty without sound. */
  readonly loudnessLufs: readonly number[]
}

/** Distinct words a second that a lively speaker reaches, repetitions not counted. */
const DENSE_WORDS_PER_SECOND = 2.2
/** Louder than the whole by so much is excitement. */
const LOUD_ABOVE_LU = 6
/** A cut every four seconds is a lively montage. */
const LIVELY_CUTS_PER_SECOND = 0.25
/** Who asks within the first seconds makes curious. */
const HOOK_SECONDS = 5
/** Where nothing is said, a moment may begin every so many seconds, and at each scene. */
const SILENT_STEP_SECONDS = 5

/**
 * Moments found by what can be measured: dense speech, questions, pauses before and none inside,
 * loudness, changes of the scene. There is one for every place where a moment may begin, in no
 * order; `chooseMoments` takes the best of them. Without speech it goes by pictures and loudness alone.
 */
export const heuristicMoments = (
  limits: ClipLimits,
  material: MeasuredMaterial,
): readonly Moment[] => {
  const whole = mean(material.loudnessLufs)
  return spansOf(limits, material).map((span) => {
    const spoken = spokenIn(span, material.sentences)
    const traits = traitsOf(span, spoken, material, whole)
    return {
      ...span,
      title: titleOf(spoken),
      hook: spoken[0]?.text ?? '',
      scores: scoresOf(traits),
      reason: reasonOf(traits),
      source: 'heuristic' as const,
    }
  })
}

interface Span {
  readonly startSeconds: number
  readonly endSeconds: number
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length

/** Between the limits and nearer to the longer one: short clips leave out what they are about. */
const wishedSeconds = ({ minSeconds, maxSeconds }: ClipLimits): number =>
  minSeconds + (maxSeconds - minSeconds) * 0.6

const spansOf = (limits: ClipLimits, material: MeasuredMaterial): readonly Span[] => {
  const { sentences, sceneCutsSeconds, durationSeconds } = material
  const wished = wishedSeconds(limits)
  const starts =
    sentences.length > 0
      ? sentences.map(({ startSeconds }) => startSeconds)
      : [...steps(durationSeconds), ...sceneCutsSeconds]
  return starts
    .filter((start) => start + limits.minSeconds <= durationSeconds || start === starts[0])
    .map((startSeconds) => ({
      startSeconds,
      endSeconds: Math.min(startSeconds + wished, durationSeconds),
    }))
    .filter(({ startSeconds, endSeconds }) => endSeconds > startSeconds)
}

const steps = (durationSeconds: number): readonly number[] =>
  Array.from(
    { length: Math.max(1, Math.ceil(durationSeconds / SILENT_STEP_SECONDS)) },
    (_, index) => index * SILENT_STEP_SECONDS,
  )

const spokenIn = (span: Span, sentences: readonly TimedText[]): readonly TimedText[] =>
  sentences.filter(
    ({ startSeconds, endSeconds }) =>
      startSeconds >= span.startSeconds && endSeconds <= span.endSeconds,
  )

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
  spoken: readonly TimedText[],
  { sentences, loudnessLufs, sceneCutsSeconds }: MeasuredMaterial,
  wholeLufs: number,
): Traits => {
  const { startSeconds, endSeconds } = span
  const lengthSeconds = endSeconds - startSeconds
  const distinct = new Set(spoken.flatMap(({ text }) => text.toLowerCase().split(/\s+/)))
  const first = spoken.filter((sentence) => sentence.startSeconds < startSeconds + HOOK_SECONDS)
  const before = sentences.findLast((sentence) => sentence.endSeconds <= startSeconds)
  const cuts = sceneCutsSeconds.filter((cut) => cut > startSeconds && cut < endSeconds).length
  const louder =
    mean(loudnessLufs.slice(Math.floor(startSeconds), Math.ceil(endSeconds))) - wholeLufs
  return {
    density: ratio(distinct.size / lengthSeconds / DENSE_WORDS_PER_SECOND),
    asksFirst: first.some(({ text }) => isQuestion(text)) ? 1 : 0,
    questions: ratio(spoken.filter(({ text }) => isQuestion(text)).length / 3),
    pauseBefore: sentences.length === 0 ? 0 : ratio(startSeconds - (before?.endSeconds ?? 0)),
    spoken: ratio(
      spoken.reduce((sum, sentence) => sum + sentence.endSeconds - sentence.startSeconds, 0) /
        lengthSeconds,
    ),
    loudness: loudnessLufs.length === 0 ? 0 : ratio(0.5 + louder / (2 * LOUD_ABOVE_LU)),
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

/** What is said first, as far as it fits between two words. */
const titleOf = (spoken: readonly TimedText[]): string => {
  const text = spoken[0]?.text ?? ''
  const [cut = '', ...rest] = cutAfter(text, TITLE_LETTERS_MAX)
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
