import { sleep } from '@temporalio/workflow'
import type { OpenDelivery } from '../contracts/activities.ts'
import { publishing } from './activities.ts'

/** Delivers one event to one address, on the schedule of Standard Webhooks, until it is taken. */
export async function webhookDelivery({
  waitMs = 0,
  ...delivery
}: OpenDelivery): Promise<{ readonly status: 'delivered' | 'failed' }> {
  if (waitMs > 0) await sleep(waitMs)
  return await publishing.deliverWebhook(delivery)
}
