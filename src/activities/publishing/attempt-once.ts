import type { DeliveryTarget } from '../../db/repositories/webhook-deliveries.ts'
import { INTERNAL_ACCOUNT_ID, type DeliveryId } from '../../domain/ids.ts'
import { deliveryOutcome, nextDeliveryDelayMs } from '../../domain/webhook-schedule.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { withSignedUrls } from '../lib/events.ts'

interface Attempt {
  readonly status: 'delivered' | 'failed' | 'pending'
  /** Until the next attempt; 0 if there is none. */
  readonly waitMs: number
  readonly answer: string
}

/**
 * Makes one attempt of a delivery, the `number`-th, and writes it down. One that has ended is left alone.
 * *Cancellation:* rejects; the receiver may have heard all the same.
 */
export const attemptOnce = async (
  deps: ActivityDependencies,
  deliveryId: DeliveryId,
  number: number,
  signal: AbortSignal,
): Promise<Attempt> => {
  const target = await deps.webhookDeliveries.findTarget(deliveryId)
  if (target === null || target.disabled) {
    await deps.webhookDeliveries.giveUp(deliveryId)
    return { status: 'failed', waitMs: 0, answer: 'nobody' }
  }
  const { delivery } = target
  if (delivery.status !== 'pending') return { status: delivery.status, waitMs: 0, answer: 'over' }

  const result = await send(deps, target, signal)
  const outcome = deliveryOutcome(result.status)
  // An attempt in which nothing could be sent was none.
  const delayMs = nextDeliveryDelayMs(Math.min(number, delivery.attempts + 1), {
    seed: deliveryId,
    ...(result.retryAfterMs === undefined ? {} : { retryAfterMs: result.retryAfterMs }),
  })
  const last = outcome === 'gone' || delayMs === null
  const status = outcome === 'delivered' ? 'delivered' : last ? 'failed' : 'pending'
  await deps.webhookDeliveries.recordAttempt({
    deliveryId,
    responseStatus: result.status,
    responseSnippet: result.responseSnippet,
    durationMs: result.durationMs,
    status,
  })
  if (outcome === 'gone' && delivery.endpointId !== null) {
    await deps.webhookEndpoints.disable(delivery.endpointId, 'the endpoint answered 410')
  }
  return { status, waitMs: delayMs ?? 0, answer: String(result.status ?? result.failureCode) }
}

const send = async (
  deps: ActivityDependencies,
  { delivery, secret }: DeliveryTarget,
  signal: AbortSignal,
) =>
  await deps.sendWebhook({
    url: delivery.url,
    secret,
    sealedSecret: delivery.sealedSecret,
    id: delivery.eventId,
    payload: await withSignedUrls(delivery.payload, deps),
    receiver: delivery.accountId === INTERNAL_ACCOUNT_ID ? 'self' : 'customer',
    signal,
  })
