import { activityInfo, cancellationSignal } from '@temporalio/activity'
import type { PublishingActivities } from '../../contracts/activities.ts'
import { MediaError } from '../../domain/failures.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { attemptOnce } from './attempt-once.ts'

/**
 * Makes the first attempt of a delivery and writes it down. *Idempotent* for the receiver only: the event
 * keeps its id.
 */
export const attemptDelivery =
  (deps: ActivityDependencies): PublishingActivities['attemptDelivery'] =>
  async ({ deliveryId }) => {
    const { status, waitMs } = await attemptOnce(deps, deliveryId, 1, cancellationSignal())
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
    const { status, waitMs, answer } = await attemptOnce(
      deps,
      deliveryId,
      number,
      cancellationSignal(),
    )
    if (status !== 'pending') return { status }
    throw new MediaError('NOTIFICATION_FAILED', `attempt got ${answer}`, { retryAfterMs: waitMs })
  }
