import type { DeliveryId } from '../domain/ids.ts'
import { delivery } from './activities.ts'

/** Delivers one event to one address, on the schedule of Standard Webhooks, until it is taken. */
export async function webhookDelivery(input: {
  readonly deliveryId: DeliveryId
}): Promise<{ readonly status: 'delivered' | 'failed' }> {
  return await delivery.deliverWebhook({ deliveryId: input.deliveryId })
}
