import type { TimedText } from '../transcript.ts'

/** What is worth a clip of its own in a long recording. */

/** 0 to 100 each. */
export interface MomentScores {
  /** How surely the first seconds keep a viewer. */
  readonly hook: number
  /** How it keeps them to the end. */
  readonly engagement: number
  /** What they learn or feel. */
  readonly value: number
  /** How likely they pass it on. */
  readonly shareability: number
}

/** A part of a recording. */
export interface Span {
  readonly startSeconds: number
  readonly endSeconds: number
}

export interface Moment extends Span {
  readonly title: string
  /** What is said first, or what is seen. */
  readonly hook: string
  readonly scores: MomentScores
  /** Why it was chosen, for people. */
  readonly reason: string
  /** Who chose it: a language model, the measures of `heuristic-moments.ts` (which also speak for what is
   * left of a model's moment, see `shown-moment.ts`), or the customer, who moved one of theirs: what is
   * said of it then was said of the moment that it had been. */
  readonly source: 'model' | 'heuristic' | 'customer'
}

/** What moments are found in, and fitted to: what is said, seen and heard in a recording. */
export interface ClipMaterial {
  readonly durationSeconds: number
  /** In order, and not overlapping; empty when nothing is said. */
  readonly sentences: readonly TimedText[]
  /** In order. */
  readonly sceneCutsSeconds: readonly number[]
  /** The loudness of each second, in LUFS; empty without sound. */
  readonly loudnessLufs: readonly number[]
}

/** How many clips of what length are wanted. */
export interface ClipLimits {
  readonly count: number
  readonly minSeconds: number
  readonly maxSeconds: number
}

/** The hook weighs most: who leaves in the first seconds sees nothing of the rest. */
const WEIGHTS: Readonly<Record<keyof MomentScores, number>> = {
  hook: 0.35,
  engagement: 0.25,
  value: 0.2,
  shareability: 0.2,
}

/** 0 to 100. */
export const totalScore = (scores: MomentScores): number =>
  (Object.keys(WEIGHTS) as (keyof MomentScores)[]).reduce(
    (sum, name) => sum + WEIGHTS[name] * scores[name],
    0,
  )
