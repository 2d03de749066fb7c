/** How long what jobs make will be, as far as it can be known before: for prices. */

import type { JobSource, MergeItem } from './job-params.ts'
import { mediaOfUrl } from './made-media.ts'
import type { MediumLookup } from './medium-facts.ts'
import { planGraph, planOrder } from './graph.ts'
import { findModel } from './models/table.ts'
import type { ModelChoice, ModelJob, PlanJob } from './plan.ts'
import { inputsOf } from './sources.ts'

export interface LengthRange {
  readonly lowerSeconds: number
  readonly upperSeconds: number
}

/** What nobody has measured: held for as much as five minutes, and paid for by what it is. */
const UNMEASURED: LengthRange = { lowerSeconds: 1, upperSeconds: 300 }
const STILL: LengthRange = { lowerSeconds: 0, upperSeconds: 0 }
/** An image of a film stands for so long if nobody says otherwise. */
const IMAGE_SECONDS = 1

/** Letters that are spoken in a second: slowly, and fast. */
const SPEECH_LETTERS = { slow: 8, fast: 22 } as const

/** What a text model may answer, in characters. */
export const TEXT_LENGTH_MAX = 16_000

const exactly = (seconds: number): LengthRange => ({
  lowerSeconds: seconds,
  upperSeconds: seconds,
})

/** The length of each job's result. A plan with a circle has none. */
export const resultLengths = (
  jobs: readonly PlanJob[],
  mediumOf: MediumLookup = () => null,
): ((source: JobSource) => LengthRange) => {
  const known = new Map<string, LengthRange>()
  const lengthOf = (source: JobSource): LengthRange => {
    if (source.from === 'job') return known.get(source.jobId) ?? UNMEASURED
    if (source.from === 'url') return mediaOfUrl(source.url) === 'image' ? STILL : UNMEASURED
    const medium = mediumOf(source.mediaId)
    if (medium === null) return UNMEASURED
    return medium.durationSeconds === null ? STILL : exactly(medium.durationSeconds)
  }
  const order = planOrder(planGraph(jobs))
  const byId = new Map(jobs.map((job) => [job.id, job]))
  for (const id of 'order' in order ? order.order : []) {
    const job = byId.get(id)
    if (job !== undefined) known.set(id, lengthOfJob(job, lengthOf))
  }
  return lengthOf
}

type LengthOf = (source: JobSource) => LengthRange

const lengthOfJob = (job: PlanJob, lengthOf: LengthOf): LengthRange => {
  switch (job.operation) {
    case 'generateImage':
    case 'thumbnail':
    case 'generateText':
      return STILL
    case 'generate':
      return generatedLength(job, lengthOf)
    case 'generateAudio':
      return spokenLength(job, lengthOf)
    case 'merge':
      return mergedLength(job.params.items, lengthOf)
    case 'trim':
      return trimmedLength(job.params, lengthOf)
    case 'lipSync':
      return job.params.audio === undefined ? UNMEASURED : lengthOf(job.params.audio)
    case 'expand':
      return UNMEASURED
    default: {
      const [first] = inputsOf(job)
      return first === undefined ? UNMEASURED : lengthOf(first.source)
    }
  }
}

const durationRule = ({ model }: ModelChoice) => findModel(model)?.takes['duration']

/** Where a model has no choice of durations, it goes by the sound that it is given. */
const generatedLength = (job: ModelJob, lengthOf: LengthOf): LengthRange => {
  if (job.operation === 'expand') return UNMEASURED
  const { durationSeconds, audio } = job.params
  const lengths = job.choices.map((choice): LengthRange => {
    const rule = durationRule(choice)
    if (rule === undefined) return audio === undefined ? UNMEASURED : lengthOf(audio)
    if (durationSeconds !== undefined) return exactly(durationSeconds)
    return 'default' in rule && typeof rule.default === 'number'
      ? exactly(rule.default)
      : UNMEASURED
  })
  return {
    lowerSeconds: Math.min(...lengths.map(({ lowerSeconds }) => lowerSeconds)),
    upperSeconds: Math.max(...lengths.map(({ upperSeconds }) => upperSeconds)),
  }
}

const spokenLength = (job: ModelJob, lengthOf: LengthOf): LengthRange => {
  if (job.operation === 'expand') return UNMEASURED
  const { text, audio, video } = job.params
  const recording = audio ?? video
  if (text === undefined) return recording === undefined ? UNMEASURED : lengthOf(recording)
  const least = typeof text === 'string' ? text.length : 1
  const most = typeof text === 'string' ? text.length : TEXT_LENGTH_MAX
  return {
    lowerSeconds: least / SPEECH_LETTERS.fast,
    upperSeconds: most / SPEECH_LETTERS.slow,
  }
}

const mergedLength = (items: readonly MergeItem[], lengthOf: LengthOf): LengthRange =>
  items
    .filter(({ type }) => type !== 'audio')
    .map(({ type, durationSeconds, source }) => {
      if (durationSeconds !== null) return exactly(durationSeconds)
      return type === 'image' ? exactly(IMAGE_SECONDS) : lengthOf(source)
    })
    .reduce(
      (sum, { lowerSeconds, upperSeconds }) => ({
        lowerSeconds: sum.lowerSeconds + lowerSeconds,
        upperSeconds: sum.upperSeconds + upperSeconds,
      }),
      STILL,
    )

const trimmedLength = (
  trim: {
    readonly source: JobSource
    readonly startSeconds: number
    readonly endSeconds: number | null
  },
  lengthOf: LengthOf,
): LengthRange => {
  const whole = lengthOf(trim.source)
  const left = (seconds: number) =>
    Math.max(0, Math.min(seconds, trim.endSeconds ?? Infinity) - trim.startSeconds)
  // A stranger's file may be as long as the cut wants it.
  const upperSeconds = trim.endSeconds === null ? left(whole.upperSeconds) : left(Infinity)
  return { lowerSeconds: Math.min(left(whole.lowerSeconds), upperSeconds), upperSeconds }
}
