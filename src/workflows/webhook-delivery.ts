import type { DeliveryId } from '../domain/ids.ts'
import { publishing } from './activities.ts'

/** Delivers one event to one address, on the schedule of Standard Webhooks, until it is taken. */
export async function webhookDelivery(input: {
  readonly deliveryId: DeliveryId
}): Promise<{ readonly status: 'delivered' | 'failed' }> {
  return await publishing.deliverWebhook({ deliveryId: input.deliveryId })
}
