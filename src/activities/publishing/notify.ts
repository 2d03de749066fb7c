import type { PublishingActivities } from '../../contracts/activities.ts'
import { MediaError } from '../../domain/failures.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { executionEvent } from '../lib/events.ts'

/**
 * Records how an execution ended as an event for the account's webhook endpoints. *Idempotent:* the
 * event's id is derived from the execution and its end, so a repeated call finds its deliveries.
 */
export const notify =
  (deps: ActivityDependencies): PublishingActivities['notify'] =>
  async ({ executionId }) => {
    const execution = await deps.executions.findById(executionId)
    if (execution === null) throw new MediaError('NOT_FOUND', `no execution ${executionId}`)
    // A retry may end as the round before it did, and is news all the same.
    const round = execution.retries
    const { type, payload } = executionEvent(execution, deps.clock())
    const deliveryIds = await deps.webhookDeliveries.recordEvent({
      accountId: execution.accountId,
      eventId: deps.eventIdFor(executionId, round === 0 ? type : `${type} ${round}`),
      type,
      payload,
    })
    const account = await deps.accounts.find(execution.accountId)
    const mailWanted =
      deps.mailer !== null && account?.email !== null && execution.status !== 'canceled'
    return { deliveryIds, mailWanted }
  }
