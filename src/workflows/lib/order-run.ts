import { CancellationScope, continueAsNew } from '@temporalio/workflow'
import type { BranchResult, PipelineOutcome } from '../../contracts/orders.ts'
import { failureToTell, outcomeOf } from '../../domain/branches.ts'
import { ledger } from '../activities.ts'
import { GaveUp } from './failures.ts'
import { OrderDesk, type AdmittedOrder, type WaitingOrder } from './order-desk.ts'
import {
  alertOperators,
  conclude,
  DECLINED,
  giveBack,
  tellAccount,
  type Ending,
} from './order-ending.ts'

/** What a workflow of these pipelines is given: null, or the retry that it goes on with. */
export interface OrderInput {
  readonly admitted: WaitingOrder | null
}

/** A pipeline: its work, and the step under which the results are put together. */
export interface Pipeline {
  readonly work: (admitted: AdmittedOrder, desk: OrderDesk) => Promise<readonly BranchResult[]>
  readonly closingStep: 'assemble' | 'save' | 'deliver'
  /** For the operators, when not all could be delivered. */
  readonly alertTitle: string
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
  const ending: Ending<PipelineOutcome> =
    order === null ? DECLINED : await endingOf(order, desk, pipeline)
  const next = await desk.close()
  if (next === null) return conclude(ending, desk)
  // A retry that was admitted while this round was closing, for the same workflow.
  return await continueAsNew<(input: OrderInput) => Promise<PipelineOutcome>>({ admitted: next })
}

const endingOf = async (
  admitted: AdmittedOrder,
  desk: OrderDesk,
  pipeline: Pipeline,
): Promise<Ending<PipelineOutcome>> => {
  let branches: readonly BranchResult[]
  try {
    branches = await desk.inWork(() => pipeline.work(admitted, desk))
  } catch (error) {
    const { alertTitle } = pipeline
    return await giveBack(admitted.order.executionId, { desk, error, alertTitle })
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
): Promise<Ending<PipelineOutcome>> => {
  const { desk, pipeline, branches } = parts
  const { executionId } = admitted.order
  const deliveredBefore = Object.keys(admitted.outputs).length > 0
  const outcome = outcomeOf(branches, { deliveredBefore })
  const step = pipeline.closingStep
  desk.closing(step)
  await ledger.completeExecution({ executionId, outcome, branches, step })
  const failed = branches.find((branch) => branch.outcome === 'failed')
  const failure = failed?.failure ?? 'INTERNAL'
  const told = failureToTell(branches)
  if (told !== null) {
    const news = { title: pipeline.alertTitle, step: told.step }
    await alertOperators(executionId, { ...news, failure: told.failure ?? 'INTERNAL' })
  }
  await tellAccount(executionId, desk)
  desk.settle(outcome)
  return {
    outcome: { executionId, status: outcome, ...(failed === undefined ? {} : { failure }) },
    error: outcome === 'error' ? new GaveUp(failure) : null,
  }
}
