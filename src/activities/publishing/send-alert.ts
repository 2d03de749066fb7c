import { cancellationSignal } from '@temporalio/activity'
import type { PublishingActivities } from '../../contracts/activities.ts'
import { failureRule, MediaError } from '../../domain/failures.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/**
 * Tells the operators, at every configured target. Fails only when none of them could be reached, so
 * that a retry does not repeat the alert where it has arrived.
 */
export const sendAlert =
  ({ alerts, log }: ActivityDependencies): PublishingActivities['sendAlert'] =>
  async ({ executionId, title, step, failure }) => {
    log.warn({ executionId, step, failure }, title)
    const outcomes = await alerts.send(
      {
        title,
        detail: failureRule(failure).publicMessage,
        severity: 'error',
        executionId,
        code: failure,
        ...(step === null ? {} : { step }),
      },
      cancellationSignal(),
    )
    if (outcomes.length > 0 && outcomes.every(({ ok }) => !ok)) {
      throw new MediaError('NOTIFICATION_FAILED', 'no alert target could be reached')
    }
  }
