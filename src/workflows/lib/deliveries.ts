import { ParentClosePolicy, startChild } from '@temporalio/workflow'
import { deliveryWorkflowId, type DeliveryId } from '../../domain/ids.ts'
import { webhookDelivery } from '../webhook-delivery.ts'

/** Starts the deliveries and leaves them to themselves: they outlive their parent by days. */
export const startDeliveries = async (deliveryIds: readonly DeliveryId[]): Promise<void> => {
  for (const deliveryId of deliveryIds) {
    await startChild(webhookDelivery, {
      args: [{ deliveryId }],
      workflowId: deliveryWorkflowId(deliveryId),
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `Webhook delivery ${deliveryId}`,
    })
  }
}
