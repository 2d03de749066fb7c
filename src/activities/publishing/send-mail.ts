import type { PublishingActivities } from '../../contracts/activities.ts'
import { MediaError } from '../../domain/failures.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { endingMail } from '../lib/ending-mail.ts'

/**
 * Mails the account how its order ended. *Idempotent* as far as mail can be: the Message-ID is
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
    const round = execution.retries === 0 ? '' : `.${execution.retries}`
    return await deps.mailer.send({
      to: account.email,
      ...endingMail(execution, deps.settings.publicUrl),
      idempotencyKey: `${executionId}.${execution.status}${round}`,
    })
  }
