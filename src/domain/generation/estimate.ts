/** What a plan will cost, before it runs; and what a job has cost, by what it delivered. */

import type { Plan } from '../plans.ts'
import { planTerms } from '../plans.ts'
import { taskPriceCredits } from '../pricing.ts'
import type { TaskKind } from '../task-kinds.ts'
import { toMilliseconds } from '../to-milliseconds.ts'
import type { JobSource } from './job-params.ts'
import { resultLengths, TEXT_LENGTH_MAX, type LengthRange } from './lengths.ts'
import { madeMedia } from './made-media.ts'
import type { MediumLookup } from './medium-facts.ts'
import { PARAM_NAMES, type ReadyParams } from './models/model-facts.ts'
import { findRoute } from './models/table.ts'
import type { JobMedia } from './operations.ts'
import type { JobResult, ModelChoice, ModelJob, PlanJob } from './plan.ts'
import { creditsOf, type ModelPrice, type ProviderPrice } from './prices.ts'
import { jobsOfScenes, sampleScenes, scenesRequest, type ExpandJob } from './scenes.ts'
import { inputsOf } from './sources.ts'

export interface JobEstimate {
  readonly jobId: string
  /** If all goes well, with the first choice. */
  readonly lowerCredits: number
  /** Whatever comes: the dearest alternative, the longest result. So much is held. */
  readonly upperCredits: number
}

export interface PlanEstimate {
  readonly jobs: readonly JobEstimate[]
  readonly lowerCredits: number
  readonly upperCredits: number
}

/** What prices depend on besides the job. */
export interface Tariff {
  /** The account's plan; some are not billed. */
  readonly plan: Plan
  /** Of the account's media, as they were measured. */
  readonly mediumOf?: MediumLookup
}

/** What a price is multiplied by. */
interface Quantity {
  readonly outputSeconds: number
  readonly inputSeconds: number
  readonly characters: number
}

const unitPriceMicroUsd = (price: ProviderPrice, valueOf: (param: string) => unknown): number => {
  if (price.by === undefined) return price.microUsd
  return price.by.microUsd[String(valueOf(price.by.param))] ?? price.microUsd
}

const unitsOf = (per: ProviderPrice['per'], quantity: Quantity): number => {
  switch (per) {
    case 'call':
    case 'image':
      return 1
    case 'output second':
      return Math.max(1, Math.ceil(toMilliseconds(quantity.outputSeconds)))
    case 'input second':
      return Math.max(1, Math.ceil(toMilliseconds(quantity.inputSeconds)))
    case '1000 characters':
      return Math.max(1, Math.ceil(quantity.characters / 1000))
  }
}

/** What is asked for of a parameter by its public name. */
const valueIn = (params: Readonly<Record<string, unknown>>, name: string): unknown => {
  const field = Object.entries(PARAM_NAMES).find(([, publicName]) => publicName === name)?.[0]
  const extra = (params['extra'] ?? {}) as Readonly<Record<string, unknown>>
  return field === undefined ? extra[name] : params[field]
}

const costOf = (
  price: ModelPrice,
  quantity: Quantity,
  valueOf: (param: string) => unknown,
): number =>
  price.kind === 'own'
    ? 0
    : Math.round(unitPriceMicroUsd(price, valueOf) * unitsOf(price.per, quantity))

const creditsAt = (
  price: ModelPrice,
  quantity: Quantity,
  valueOf: (param: string) => unknown,
  plan: Plan,
): number => {
  if (price.kind === 'own') {
    const isHeard = price.task === 'transcription' || price.task === 'translation'
    const seconds = isHeard ? quantity.inputSeconds : quantity.outputSeconds
    return taskPriceCredits(plan, price.task, seconds)
  }
  return planTerms(plan).billed ? creditsOf(costOf(price, quantity, valueOf)) : 0
}

/** The work of our machines that makes a kind of media. */
const OWN_WORK: Readonly<Record<JobMedia, TaskKind>> = {
  video: 'video',
  audio: 'audio',
  image: 'image',
  text: 'subtitles',
  transcript: 'subtitles',
}

type Ends = readonly [lower: Quantity, upper: Quantity]

const endsOf = (output: LengthRange, inputs: readonly LengthRange[], job: PlanJob): Ends => {
  const text = 'choices' in job && job.operation !== 'expand' ? job.params.text : undefined
  const written = typeof text === 'string' ? text.length : null
  return [
    {
      outputSeconds: output.lowerSeconds,
      inputSeconds: Math.max(0, ...inputs.map(({ lowerSeconds }) => lowerSeconds)),
      characters: written ?? 1,
    },
    {
      outputSeconds: output.upperSeconds,
      inputSeconds: Math.max(0, ...inputs.map(({ upperSeconds }) => upperSeconds)),
      characters: written ?? (text === undefined ? 0 : TEXT_LENGTH_MAX),
    },
  ]
}

const priceOfChoice = (choice: ModelChoice): ModelPrice | null => findRoute(choice)?.price ?? null

const modelEstimate = (
  job: Exclude<ModelJob, ExpandJob>,
  [lower, upper]: Ends,
  plan: Plan,
): Omit<JobEstimate, 'jobId'> => {
  const valueOf = (name: string) => valueIn({ ...job.params }, name)
  const prices = job.choices.map(priceOfChoice).filter((price) => price !== null)
  const [first] = prices
  const uppers = prices.map((price) => creditsAt(price, upper, valueOf, plan))
  return {
    lowerCredits: first === undefined ? 0 : creditsAt(first, lower, valueOf, plan),
    upperCredits: Math.max(0, ...uppers),
  }
}

/** The text model's call, and all that it may grow into. */
const expandEstimate = (job: ExpandJob, tariff: Tariff): Omit<JobEstimate, 'jobId'> => {
  const asked: PlanJob = {
    ...{ id: job.id, dependsOn: [], choices: job.choices },
    ...{ operation: 'generateText', params: scenesRequest(job.params) },
  }
  const grown = (which: 'least' | 'most') =>
    estimatePlan([asked, ...jobsOfScenes(job, sampleScenes(job.params, which))], tariff)
  return {
    lowerCredits: grown('least').lowerCredits,
    upperCredits: grown('most').upperCredits,
  }
}

/** What each job and all of them together will cost. */
export const estimatePlan = (jobs: readonly PlanJob[], tariff: Tariff): PlanEstimate => {
  const lengthOf = resultLengths(jobs, tariff.mediumOf)
  const mediaOf = madeMedia(jobs, tariff.mediumOf)
  const estimates = jobs.map((job): JobEstimate => {
    if (job.operation === 'expand') return { jobId: job.id, ...expandEstimate(job, tariff) }
    const output = lengthOf({ from: 'job', jobId: job.id, media: null })
    const inputs = inputsOf(job).map(({ source }: { source: JobSource }) => lengthOf(source))
    const ends = endsOf(output, inputs, job)
    if ('choices' in job) return { jobId: job.id, ...modelEstimate(job, ends, tariff.plan) }
    const work = OWN_WORK[mediaOf(job.id) ?? 'video']
    const [lowerCredits, upperCredits] = ends.map(({ outputSeconds }) =>
      taskPriceCredits(tariff.plan, work, outputSeconds),
    ) as [number, number]
    return { jobId: job.id, lowerCredits, upperCredits }
  })
  const sum = (end: 'lowerCredits' | 'upperCredits') =>
    estimates.reduce((total, estimate) => total + estimate[end], 0)
  return {
    jobs: estimates,
    lowerCredits: sum('lowerCredits'),
    upperCredits: sum('upperCredits'),
  }
}

/** What a job has come to. */
export interface JobPrice {
  readonly credits: number
  /** What the provider is owed, by its published price; 0 for engines of ours. */
  readonly costMicroUsd: number
}

/** The price of what a model has delivered, by its measured length and the parameters it was given. */
export const priceOfModelResult = (delivered: {
  readonly choice: ModelChoice
  readonly params: ReadyParams
  readonly result: Pick<JobResult, 'durationSeconds'>
  readonly plan: Plan
}): JobPrice => {
  const { choice, params, result, plan } = delivered
  const price = priceOfChoice(choice)
  if (price === null) return { credits: 0, costMicroUsd: 0 }
  const files = [params.audio, params.video, params.transcript]
  const quantity: Quantity = {
    outputSeconds: result.durationSeconds ?? 0,
    inputSeconds: Math.max(0, ...files.map((file) => file?.durationSeconds ?? 0)),
    characters: params.text?.length ?? 0,
  }
  const valueOf = (name: string) => valueIn({ ...params }, name)
  return {
    credits: creditsAt(price, quantity, valueOf, plan),
    costMicroUsd: costOf(price, quantity, valueOf),
  }
}

/** The price of what FFmpeg has made here, by its measured length. */
export const priceOfMediaResult = (
  result: Pick<JobResult, 'media' | 'durationSeconds'>,
  plan: Plan,
): JobPrice => ({
  credits: taskPriceCredits(plan, OWN_WORK[result.media], result.durationSeconds ?? 0),
  costMicroUsd: 0,
})
