import { CancellationScope, isCancellation } from '@temporalio/workflow'
import type { BranchResult, PipelineOutcome } from '../../contracts/orders.ts'
import { outcomeOf } from '../../domain/branches.ts'
import type { ExecutionId } from '../../domain/ids.ts'
import { ledger, publishing } from '../activities.ts'
import { startDeliveries } from './deliveries.ts'
import { failureCodeOf, failWorkflow, GaveUp } from './failures.ts'
import { OrderDesk, type AdmittedOrder } from './order-desk.ts'
import { tolerate } from './tolerate.ts'

/** What a workflow of these pipelines is given: null, or the retry that it goes on with. */
export interface OrderInput {
  readonly admitted: AdmittedOrder | null
}

/** A pipeline: its work, and the step under which the results are put together. */
export interface Pipeline {
  readonly work: (admitted: AdmittedOrder, desk: OrderDesk) => Promise<readonly BranchResult[]>
  readonly closingStep: 'assemble' | 'save'
  /** For the operators, when not all could be delivered. */
  readonly alertTitle: string
  /** Goes on with a retry that was admitted while the round before was closing. */
  readonly continueWith: (input: OrderInput) => Promise<never>
}

/**
 * Runs an order from its admission to its end. The credits are held when it is admitted (an update, so
 * that the caller has the answer in one round trip); what the branches deliver is captured, and all
 * else given back, whether branches failed, the order was cancelled, or nothing came of it at all.
 */
export const runOrder = async (
  { admitted }: OrderInput,
  pipeline: Pipeline,
): Promise<PipelineOutcome> => {
  const desk = new OrderDesk(admitted)
  const order = await desk.firstOrder()
  const ending = order === null ? DECLINED : await endingOf(order, desk, pipeline)
  const next = await desk.close()
  if (next === null) return conclude(ending, desk)
  if (desk.closedFromOutside) return conclude(await giveBack(next, desk, ending.error), desk)
  return await pipeline.continueWith({ admitted: next })
}

interface Ending {
  readonly outcome: PipelineOutcome
  readonly error: unknown
}

const DECLINED: Ending = { outcome: { executionId: null, status: 'declined' }, error: null }

/** A failed order is a failed workflow, and one that was cancelled from outside a cancelled one, so
 * that the Web UI's own filters find them. */
const conclude = ({ outcome, error }: Ending, desk: OrderDesk): PipelineOutcome => {
  if (outcome.status === 'error') return failWorkflow(error)
  if (outcome.status === 'canceled' && desk.closedFromOutside && error instanceof Error) {
    throw error
  }
  return outcome
}

const endingOf = async (
  admitted: AdmittedOrder,
  desk: OrderDesk,
  pipeline: Pipeline,
): Promise<Ending> => {
  let branches: readonly BranchResult[]
  try {
    branches = await desk.inWork(() => pipeline.work(admitted, desk))
  } catch (error) {
    return await giveBack(admitted, desk, error, pipeline.alertTitle)
  }
  return await CancellationScope.nonCancellable(() =>
    complete(admitted, { desk, pipeline, branches }),
  )
}

/** From here on the customer has what was made: nothing may undo it. */
const complete = async (
  admitted: AdmittedOrder,
  parts: {
    readonly desk: OrderDesk
    readonly pipeline: Pipeline
    readonly branches: readonly BranchResult[]
  },
): Promise<Ending> => {
  const { desk, pipeline, branches } = parts
  const { executionId } = admitted.order
  const deliveredBefore = Object.keys(admitted.outputs).length > 0
  const outcome = outcomeOf(branches, { deliveredBefore })
  desk.report({ status: 'closing', steps: [pipeline.closingStep] })
  const step = pipeline.closingStep
  await ledger.completeExecution({ executionId, outcome, branches, step })
  const failed = branches.find((branch) => branch.outcome === 'failed')
  const failure = failed?.failure ?? 'INTERNAL'
  if (failed !== undefined) {
    await alert(executionId, { title: pipeline.alertTitle, step: failed.step, failure })
  }
  await tell(executionId, desk)
  desk.settle(outcome)
  return {
    outcome: { executionId, status: outcome, ...(failed === undefined ? {} : { failure }) },
    error: outcome === 'error' ? new GaveUp(failure) : null,
  }
}

/** The ending of an order that delivers nothing: its hold is released, whatever was reached. */
const giveBack = async (
  admitted: AdmittedOrder,
  desk: OrderDesk,
  error: unknown,
  alertTitle?: string,
): Promise<Ending> => {
  const { executionId } = admitted.order
  const canceled = isCancellation(error)
  const failure = failureCodeOf(error)
  const status = canceled ? 'canceled' : 'error'
  const step = desk.step
  return await CancellationScope.nonCancellable(async () => {
    desk.report({ status: 'closing', waitingFor: null })
    await ledger.abandonExecution({
      executionId,
      ending: status,
      failure: canceled ? null : failure,
      step: canceled ? null : step,
    })
    if (!canceled && alertTitle !== undefined) {
      await alert(executionId, { title: alertTitle, step, failure })
    }
    await tell(executionId, desk)
    desk.settle(status)
    return { outcome: { executionId, status, ...(canceled ? {} : { failure }) }, error }
  })
}

const alert = async (
  executionId: ExecutionId,
  news: Omit<Parameters<typeof publishing.sendAlert>[0], 'executionId'>,
): Promise<void> => {
  await tolerate('alert', () => publishing.sendAlert({ executionId, ...news }))
}

const tell = async (executionId: ExecutionId, desk: OrderDesk): Promise<void> => {
  desk.report({ steps: ['notify'] })
  await tolerate('notify', async () => {
    const { deliveryIds, mailWanted } = await publishing.notify({ executionId })
    await startDeliveries(deliveryIds)
    if (mailWanted) await publishing.sendMail({ executionId })
  })
}
