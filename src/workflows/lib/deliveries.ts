import { log, ParentClosePolicy, startChild } from '@temporalio/workflow'
import type { DeliveryAttempt, OpenDelivery } from '../../contracts/activities.ts'
import { deliveryWorkflowId, type DeliveryId } from '../../domain/ids.ts'
import { publishing } from '../activities.ts'
import { webhookDelivery } from '../webhook-delivery.ts'
import { failureCodeOf } from './failures.ts'
import { settleAll } from './settle-all.ts'

/** More endpoints than accounts have. */
const DELIVERIES_AT_ONCE = 20

/** Starts the deliveries and leaves them to themselves: they outlive their parent by days. */
export const startDeliveries = async (deliveryIds: readonly DeliveryId[]): Promise<void> => {
  await deliverLater(deliveryIds.map((deliveryId) => ({ deliveryId })))
}

/** The same, of deliveries that somebody has tried, or has had no time for. */
export const deliverLater = async (open: readonly OpenDelivery[]): Promise<void> => {
  for (const delivery of open) await startDelivery(delivery)
}

/** Makes the first attempt of each delivery at once, which nearly always is the only one; what is not
 * taken is left to itself. */
export const deliverAtOnce = async (deliveryIds: readonly DeliveryId[]): Promise<void> => {
  await settleAll(deliveryIds, DELIVERIES_AT_ONCE, async (deliveryId) => {
    const attempt = await tryDelivery(deliveryId)
    if (attempt?.status === 'pending') {
      await startDelivery({ deliveryId, attemptCount: 1, waitMs: attempt.waitMs })
    }
    if (attempt === null) await startDelivery({ deliveryId })
  })
}

/** Null: not even the attempt could be made. */
const tryDelivery = async (deliveryId: DeliveryId): Promise<DeliveryAttempt | null> => {
  try {
    return await publishing.attemptDelivery({ deliveryId })
  } catch (error) {
    log.warn('a delivery could not be tried at once', { failure: failureCodeOf(error) })
    return null
  }
}

const startDelivery = async (input: OpenDelivery): Promise<void> => {
  const { deliveryId } = input
  await startChild(webhookDelivery, {
    args: [input],
    workflowId: deliveryWorkflowId(deliveryId),
    parentClosePolicy: ParentClosePolicy.ABANDON,
    staticSummary: `Webhook delivery ${deliveryId}`,
  })
}
