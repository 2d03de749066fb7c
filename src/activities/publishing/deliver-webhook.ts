import { activityInfo, cancellationSignal } from '@temporalio/activity'
import type { PublishingActivities } from '../../contracts/activities.ts'
import type { DeliveryTarget } from '../../db/repositories/webhook-deliveries.ts'
import { MediaError } from '../../domain/failures.ts'
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
 * Makes the first attempt of a delivery and writes it down. *Idempotent* for the receiver only: the event
 * keeps its id.
 */
export const attemptDelivery =
  (deps: ActivityDependencies): PublishingActivities['attemptDelivery'] =>
  async ({ deliveryId }) => {
    const { status, waitMs } = await attempt(deps, deliveryId, 1)
    return status === 'pending' ? { status, waitMs } : { status }
  }

/**
 * Makes one attempt of a delivery and writes it down. A failed attempt asks for the next one by the
 * schedule (`nextRetryDelay`), never sooner than the receiver's Retry-After; after the last, or when
 * the receiver says that it is gone (which disables the endpoint), the delivery has failed.
 */
export const deliverWebhook =
  (deps: ActivityDependencies): PublishingActivities['deliverWebhook'] =>
  async ({ deliveryId, attemptCount = 0 }) => {
    const number = attemptCount + activityInfo().attempt
    const { status, waitMs, answer } = await attempt(deps, deliveryId, number)
    if (status !== 'pending') return { status }
    throw new MediaError('NOTIFICATION_FAILED', `attempt got ${answer}`, { retryAfterMs: waitMs })
  }

const attempt = async (
  deps: ActivityDependencies,
  deliveryId: DeliveryId,
  number: number,
): Promise<Attempt> => {
  const target = await deps.webhookDeliveries.findTarget(deliveryId)
  if (target === null || target.disabled) return { status: 'failed', waitMs: 0, answer: 'nobody' }

  const result = await send(deps, target)
  const outcome = deliveryOutcome(result.status)
  const delayMs = nextDeliveryDelayMs(number, {
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
  if (outcome === 'gone' && target.delivery.endpointId !== null) {
    await deps.webhookEndpoints.disable(target.delivery.endpointId, 'the endpoint answered 410')
  }
  return { status, waitMs: delayMs ?? 0, answer: String(result.status ?? result.failureCode) }
}

const send = async (deps: ActivityDependencies, { delivery, secret }: DeliveryTarget) =>
  await deps.sendWebhook({
    url: delivery.url,
    secret,
    sealedSecret: delivery.sealedSecret,
    id: delivery.eventId,
    payload: await withSignedUrls(delivery.payload, deps),
    receiver: delivery.accountId === INTERNAL_ACCOUNT_ID ? 'self' : 'customer',
    signal: cancellationSignal(),
  })
