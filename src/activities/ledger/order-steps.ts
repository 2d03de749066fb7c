import type { PipelineOrder } from '../../contracts/orders.ts'
import type { Account } from '../../db/repositories/accounts.ts'
import type { GenerationJob } from '../../db/repositories/generations.ts'
import type { PricedStep } from '../../db/repositories/order-admission.ts'
import { clipWish } from '../../domain/clips/clip-wish.ts'
import { recutWish } from '../../domain/clips/recut-wish.ts'
import { isId } from '../../domain/ids.ts'
import { planTerms } from '../../domain/plans.ts'
import { clipStepPrices, localizeStepPrices, streamStepPrices } from '../../domain/pricing.ts'
import {
  clipStep,
  jobStep,
  PIPELINE_STEPS,
  translateStep,
  type OrderedPipeline,
} from '../../domain/steps.ts'
import type { ActivityDependencies } from '../dependencies.ts'

interface Quote {
  readonly order: PipelineOrder
  readonly account: Account
  /** Of the source; 0 while it is unknown: then the least is held, and the rest when it is measured. */
  readonly durationSeconds: number
  /** Of the plan that a generation makes. */
  readonly jobs: readonly GenerationJob[]
}

type Prices = Readonly<Record<string, number>>

/** Steps as they are named in orders, in order; what has no price is free. */
const priced = (names: readonly string[], prices: Prices): readonly PricedStep[] =>
  names.map((name) => ({ name, priceCredits: prices[name] ?? 0 }))

const stepsOf: Readonly<Record<OrderedPipeline, (quote: Quote) => readonly PricedStep[]>> = {
  stream: ({ account, durationSeconds }) =>
    priced(PIPELINE_STEPS.stream, streamStepPrices(account.plan, durationSeconds)),
  localize: ({ order, account, durationSeconds }) => {
    const languages = (order.input['languages'] ?? []) as readonly string[]
    const names = PIPELINE_STEPS.localize.flatMap((name) =>
      name === 'translate' ? languages.map(translateStep) : [name],
    )
    return priced(names, localizeStepPrices(account.plan, languages, durationSeconds))
  },
  clip: ({ order, account, durationSeconds }) => {
    const { count } = clipWish(order.input).limits
    const numbers = Array.from({ length: count }, (_, index) => index + 1)
    const names = PIPELINE_STEPS.clip.flatMap((name) =>
      name === 'clip' ? numbers.map(clipStep) : [name],
    )
    return priced(names, clipStepPrices(account.plan, numbers, durationSeconds))
  },
  recut: ({ order, account }) => {
    const { number, moment } = recutWish(order.input)
    const names = PIPELINE_STEPS.recut
      .filter((name) => name !== 'score' || 'taken' in moment)
      .map((name) => (name === 'clip' ? clipStep(number) : name))
    return priced(names, clipStepPrices(account.plan, [number], 0))
  },
  generate: ({ account, jobs }) => {
    const names = PIPELINE_STEPS.generate.flatMap((name) =>
      name === 'job' ? jobs.map(({ jobId }) => jobStep(jobId)) : [name],
    )
    const prices = jobs.map(({ jobId, upperCredits, result }): [string, number] => [
      jobStep(jobId),
      // A plan may begin with what another one has made and paid for.
      result === null ? upperCredits : 0,
    ])
    return priced(names, planTerms(account.plan).billed ? Object.fromEntries(prices) : {})
  },
}

/** The steps of an order with their prices. */
export const orderSteps = (quote: Quote): readonly PricedStep[] =>
  stepsOf[quote.order.pipeline](quote)

/** The jobs of the plan that an order makes; none of other pipelines. */
export const orderedJobs = async (
  { generations }: ActivityDependencies,
  { pipeline, executionId }: PipelineOrder,
): Promise<readonly GenerationJob[]> =>
  pipeline === 'generate' ? await generations.jobsOf(executionId) : []

/** The length of what an order works on; 0 while it has not been brought in. */
export const subjectSeconds = async (
  { media }: ActivityDependencies,
  { accountId, subjectId }: PipelineOrder,
): Promise<number> => {
  if (!isId('media', subjectId)) return 0
  return (await media.find(accountId, subjectId))?.durationSeconds ?? 0
}
