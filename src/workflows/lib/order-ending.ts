import { CancellationScope, isCancellation } from '@temporalio/workflow'
import type { ExecutionId } from '../../domain/ids.ts'
import type { FailureCode } from '../../domain/failures.ts'
import { ledger, publishing } from '../activities.ts'
import { startDeliveries } from './deliveries.ts'
import { failureCodeOf, failWorkflow } from './failures.ts'
import { tolerate } from './tolerate.ts'

/** How an order ended, and what was thrown, if anything. */
export interface Ending<Outcome> {
  readonly outcome: Outcome
  readonly error: unknown
}

export const DECLINED = {
  outcome: { executionId: null, status: 'declined' },
  error: null,
} as const

/** What an ending asks and tells the desk at which the order was taken. */
interface ClosingDesk {
  /** Whether the workflow itself was cancelled, and not the order. */
  readonly closedFromOutside: boolean
  /** The step that an ending is put down to. */
  readonly step: string | null
  /** The outcome is settled; `step` is what is left to do. */
  closing(step?: string): void
  settle(status: string): void
}

/** A failed order is a failed workflow, and one that was cancelled from outside a cancelled one, so
 * that the Web UI's own filters find them. */
export const conclude = <Outcome extends { readonly status: string }>(
  { outcome, error }: Ending<Outcome>,
  desk: ClosingDesk,
): Outcome => {
  if (outcome.status === 'error') return failWorkflow(error)
  if (outcome.status === 'canceled' && desk.closedFromOutside && error instanceof Error) {
    throw error
  }
  return outcome
}

/** The one ending for an order that delivers nothing: its hold is released, whatever was reached, the
 * account is told, and on a failure the operators too. */
export const giveBack = async (
  executionId: ExecutionId,
  { desk, error, alertTitle }: { desk: ClosingDesk; error: unknown; alertTitle: string },
) => {
  const canceled = isCancellation(error)
  const status = canceled ? ('canceled' as const) : ('error' as const)
  const failure = canceled ? null : failureCodeOf(error)
  const step = canceled ? null : desk.step
  return await CancellationScope.nonCancellable(async () => {
    desk.closing()
    await ledger.abandonExecution({ executionId, ending: status, failure, step })
    if (failure !== null) await alertOperators(executionId, { title: alertTitle, step, failure })
    await tellAccount(executionId, desk)
    desk.settle(status)
    const outcome = { executionId, status, ...(failure === null ? {} : { failure }) }
    return { outcome, error }
  })
}

/** Tells the operators; that they cannot be reached is no reason to stop. */
export const alertOperators = async (
  executionId: ExecutionId,
  news: { readonly title: string; readonly step: string | null; readonly failure: FailureCode },
): Promise<void> => {
  await tolerate('alert', () => publishing.sendAlert({ executionId, ...news }))
}

/** Tells the account how its order ended, by webhooks and mail, as it wanted to be told. */
export const tellAccount = async (executionId: ExecutionId, desk: ClosingDesk): Promise<void> => {
  desk.closing('notify')
  await tolerate('notify', async () => {
    const { deliveryIds, mailWanted } = await publishing.notify({ executionId })
    await startDeliveries(deliveryIds)
    if (mailWanted) await publishing.sendMail({ executionId })
  })
}
