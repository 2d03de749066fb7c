import { isCancellation, log, workflowInfo } from '@temporalio/workflow'
import type { JobDelivery, QueuedChoice } from '../../contracts/generation-activities.ts'
import type { FailureCode } from '../../domain/failures.ts'
import {
  afterFailure,
  failureOfSubmission,
  pollAfterMs,
} from '../../domain/generation/after-failure.ts'
import { modelOrderName } from '../../domain/generation/model-order.ts'
import { jobStep } from '../../domain/steps.ts'
import { generations, modelProxies } from '../activities.ts'
import { failureCodeOf, GaveUp } from './failures.ts'
import type { PlanRound } from './plan-round.ts'
import { awaitProviderJob } from './provider-job.ts'
import { alertOperators } from './order-ending.ts'
import { stretched } from './stretched.ts'

interface ModelOrder {
  readonly round: PlanRound
  readonly jobId: string
  readonly choice: QueuedChoice
  readonly orderName: string
  /** Nothing speaks against what an older order of this choice may have left. */
  readonly resumes: boolean
}

type Trial =
  | { readonly status: 'delivered'; readonly delivery: JobDelivery }
  | { readonly status: 'failed'; readonly failure: FailureCode }
  | { readonly status: 'to be repeated' }

/**
 * Has a job made by the first of its choices that delivers: submit, wait, collect. What fails by bad luck
 * is ordered again, then the next choice has its turn. An order that may or may not have been taken is
 * never repeated by itself: an operator decides. *Errors:* the last failure; PROVIDER_OUTCOME_UNKNOWN
 * when it was abandoned, or nobody has decided in time.
 */
export const runModelJob = async (
  round: PlanRound,
  jobId: string,
  choices: readonly QueuedChoice[],
): Promise<JobDelivery> => {
  let failure: FailureCode = 'NOT_CONFIGURED'
  let number = 0
  let resumes = true
  for (const choice of choices) {
    for (let orderCount = 1; ; orderCount += 1) {
      number += 1
      const naming = { step: jobStep(jobId), round: round.order.round, number }
      const order = { round, jobId, choice, orderName: modelOrderName(naming), resumes }
      const trial = await decided(order, await tryOrder(order))
      if (trial.status === 'delivered') return trial.delivery
      // What was meant to be repeated may have been heard of by then.
      resumes = trial.status === 'to be repeated'
      if (trial.status === 'to be repeated') continue
      ;({ failure } = trial)
      const { model, provider } = choice
      log.warn('a model did not deliver', { jobId, model, provider, failure })
      const move = afterFailure(failure, orderCount)
      if (move === 'fall back') break
      if (move !== 'again') throw new GaveUp(failure)
    }
  }
  throw new GaveUp(failure)
}

const tryOrder = async (order: ModelOrder): Promise<Trial> => {
  const { round, jobId, choice, orderName, resumes } = order
  const { executionId } = round.order
  const { model, provider, queue } = choice
  return await asTrial(async () => {
    const { workflowId } = workflowInfo()
    const { status, hasWebhook } = await modelProxies(queue)
      .submitModelJob({
        ...{ executionId, jobId, model, provider },
        ...{ workflowId, orderName, orderedAtMs: Date.now(), resumes },
      })
      .catch((error: unknown) => {
        if (isCancellation(error)) throw error
        throw new GaveUp(failureOfSubmission(failureCodeOf(error), provider))
      })
    // It may have waited for its turn for hours, which are not the provider's.
    if (status === 'accepted') await awaitModel(order, { startedAtMs: Date.now(), hasWebhook })
    return await generations.collectModelJob({ executionId, jobId })
  })
}

const asTrial = async (work: () => Promise<JobDelivery>): Promise<Trial> => {
  try {
    return { status: 'delivered', delivery: await work() }
  } catch (error) {
    if (isCancellation(error)) throw error
    return { status: 'failed', failure: failureCodeOf(error) }
  }
}

const awaitModel = async (
  { round, jobId, choice, orderName }: ModelOrder,
  order: { readonly startedAtMs: number; readonly hasWebhook: boolean },
): Promise<void> => {
  const { startedAtMs, hasWebhook } = order
  const { pollIntervalMs, stallTimeoutMs, modelTimeoutMs } = round.terms
  const job = { executionId: round.order.executionId, jobId }
  const models = modelProxies(choice.queue)
  await awaitProviderJob({
    taskId: orderName,
    inbox: round.desk.inbox,
    pollIntervalMs: (asks) => stretched(pollAfterMs(asks, { hasWebhook, pollIntervalMs })),
    stallTimeoutMs,
    startedAtMs,
    timeoutMs: modelTimeoutMs,
    inspect: () => models.inspectModelJob(job),
    cancel: () => models.cancelModelJob(job),
  })
}

/** Has an operator decide about an order of which nobody knows whether it was taken; what is known
 * passes unchanged. */
const decided = async (order: ModelOrder, trial: Trial): Promise<Trial> => {
  if (trial.status !== 'failed' || afterFailure(trial.failure, 1) !== 'ask') return trial
  const { round, jobId } = order
  const { executionId } = round.order
  const { failure } = trial
  const title = 'A provider may have taken an order: repeat it, abandon it, or name its job'
  await alertOperators(executionId, { title, step: jobStep(jobId), failure })
  const decision = await round.waiting(jobId, 'a decision', () =>
    round.help.decision(jobId, round.terms.graceMs),
  )
  switch (decision?.decision) {
    case 'repeat':
      return { status: 'to be repeated' }
    case 'found': {
      const { providerJobId } = decision
      return await asTrial(async () => {
        await generations.adoptModelJob({
          executionId,
          jobId,
          providerJobId: String(providerJobId),
        })
        await awaitModel(order, { startedAtMs: Date.now(), hasWebhook: false })
        return await generations.collectModelJob({ executionId, jobId })
      })
    }
    case 'abandon':
    case undefined:
      throw new GaveUp(failure)
  }
}
