import type { LedgerActivities } from '../../contracts/activities.ts'
import { MediaError } from '../../domain/failures.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { orderedJobs, orderSteps } from './order-steps.ts'

/**
 * Holds what an order costs beyond its first hold, now that the length of its source is known.
 * *Idempotent* by execution id and retry. *Errors:* CONFLICT (final); DATABASE_UNAVAILABLE (retried).
 */
export const raiseHold =
  (deps: ActivityDependencies): LedgerActivities['raiseHold'] =>
  async ({ order, workflowId, durationSeconds }) => {
    const account = await deps.accounts.find(order.accountId)
    if (account === null) throw new MediaError('NOT_FOUND', `no account ${order.accountId}`)
    return await deps.executions.raiseHold({
      order,
      workflowId,
      steps: orderSteps({ order, account, durationSeconds, jobs: await orderedJobs(deps, order) }),
      holdExpiresAt: new Date(deps.clock().getTime() + deps.settings.holdTtlMs),
    })
  }
