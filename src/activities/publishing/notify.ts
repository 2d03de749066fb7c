import type { PublishingActivities } from '../../contracts/activities.ts'
import { MediaError } from '../../domain/failures.ts'
import type { Execution } from '../../db/repositories/executions.ts'
import type { DeliveryId } from '../../domain/ids.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { executionEvent, type EventBody } from '../lib/events.ts'
import { executeEvent } from '../lib/execute-event.ts'

/** An event of this end of the execution; a retry may end as the round before it did, and is news all
 * the same. */
const identified = (
  { eventIdFor }: ActivityDependencies,
  { id, retries, accountId }: Execution,
  event: EventBody,
) => {
  const name = retries === 0 ? event.type : `${event.type} ${retries}`
  return { ...event, accountId, eventId: eventIdFor(id, name) }
}

/** The event for the address that the order has of its own, if it has one. */
const recordForOrder = async (
  deps: ActivityDependencies,
  execution: Execution,
): Promise<readonly DeliveryId[]> => {
  if (execution.pipeline !== 'generate') return []
  const generation = await deps.generations.find(execution.accountId, execution.id)
  if (generation === null || generation.webhook === null) return []
  const event = executeEvent(execution, generation.jobs, deps.clock())
  return [
    await deps.webhookDeliveries.recordOwnEvent({
      ...identified(deps, execution, event),
      ...generation.webhook,
    }),
  ]
}

/**
 * Records how an execution ended as an event for the account's webhook endpoints, and for the address
 * that the order itself may have. *Idempotent:* the event's id is derived from the execution and its end,
 * so a repeated call finds its deliveries.
 */
export const notify =
  (deps: ActivityDependencies): PublishingActivities['notify'] =>
  async ({ executionId }) => {
    const execution = await deps.executions.findById(executionId)
    if (execution === null) throw new MediaError('NOT_FOUND', `no execution ${executionId}`)
    const event = executionEvent(execution, deps.clock())
    const deliveryIds = [
      ...(await deps.webhookDeliveries.recordEvent(identified(deps, execution, event))),
      ...(await recordForOrder(deps, execution)),
    ]
    const account = await deps.accounts.find(execution.accountId)
    const mailWanted =
      deps.mailer !== null && account?.email !== null && execution.status !== 'canceled'
    return { deliveryIds, mailWanted }
  }
