import type { PublishingActivities } from '../../contracts/activities.ts'
import { failureRule, MediaError } from '../../domain/failures.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/**
 * Mails the account how its render ended. *Idempotent* as far as mail can be: the Message-ID is
 * derived from the execution. *Errors:* NOTIFICATION_FAILED (retried), NOTIFICATION_REJECTED (final).
 */
export const sendMail =
  (deps: ActivityDependencies): PublishingActivities['sendMail'] =>
  async ({ executionId }) => {
    const execution = await deps.executions.findById(executionId)
    const account = execution === null ? null : await deps.accounts.find(execution.accountId)
    if (execution === null || account === null || account.email === null || deps.mailer === null) {
      throw new MediaError('NOTIFICATION_REJECTED', `nobody to mail for ${executionId}`)
    }
    const ready = execution.status === 'completed'
    const reason = execution.error === null ? '' : failureRule(execution.error.code).publicMessage
    return await deps.mailer.send({
      to: account.email,
      subject: ready ? 'Your video is ready' : 'Your video could not be rendered',
      text: ready
        ? `The render ${executionId} is done. Fetch it at\n${deps.settings.publicUrl}/v1/videos/${execution.subjectId}`
        : `The render ${executionId} failed: ${reason}\nNo credits were charged.`,
      idempotencyKey: `${executionId}.${execution.status}`,
    })
  }
