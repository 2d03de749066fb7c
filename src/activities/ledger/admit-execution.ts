import type { LedgerActivities } from '../../contracts/activities.ts'
import { MediaError } from '../../domain/failures.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { orderedJobs, orderSteps, subjectSeconds } from './order-steps.ts'

/**
 * Admits an order: prices its steps, holds the credits and creates the execution, or holds what a
 * retry has left to do, in one transaction. *Idempotent* by execution id and retry. *Errors:* CONFLICT
 * (it is over already), NOT_FOUND (final); DATABASE_UNAVAILABLE (retried).
 */
export const admitExecution =
  (deps: ActivityDependencies): LedgerActivities['admitExecution'] =>
  async ({ order, workflowId }) => {
    const account = await deps.accounts.find(order.accountId)
    if (account === null) throw new MediaError('NOT_FOUND', `no account ${order.accountId}`)
    const durationSeconds = await subjectSeconds(deps, order)
    const jobs = await orderedJobs(deps, order)
    return await deps.executions.admitOrder({
      order,
      workflowId,
      steps: orderSteps({ order, account, durationSeconds, jobs }),
      holdExpiresAt: new Date(deps.clock().getTime() + deps.settings.holdTtlMs),
    })
  }
