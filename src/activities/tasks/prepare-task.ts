import type { TaskActivities } from '../../contracts/activities.ts'
import { MediaError } from '../../domain/failures.ts'
import { holdId, INTERNAL_ACCOUNT_ID, taskWorkflowId } from '../../domain/ids.ts'
import { taskPriceCredits } from '../../domain/pricing.ts'
import { TASK_NEEDS, taskWorkOf } from '../../domain/task-kinds.ts'
import { workedSeconds } from '../../domain/task-span.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { remoteWork } from '../provider/remote-work.ts'
import { bringInput } from './bring-input.ts'

/**
 * Brings a task's input into our storage, judges it by the plan's limits, and holds the price.
 * *Idempotent:* input key and hold belong to the task. *Errors:* SOURCE_FORBIDDEN, SOURCE_NOT_FOUND,
 * MEDIA_UNREADABLE, MEDIA_UNSUPPORTED, MEDIA_NO_AUDIO, MEDIA_NO_VIDEO, MEDIA_TOO_LARGE,
 * MEDIA_RANGE_EMPTY (final); SOURCE_UNAVAILABLE, STORAGE_UNAVAILABLE (retried). *Cancellation:* the
 * download stops.
 */
export const prepareTask =
  (deps: ActivityDependencies): TaskActivities['prepareTask'] =>
  async ({ taskId }) => {
    const task = await deps.tasks.start(taskId)
    if (task === null) throw new MediaError('CANCELED', `${taskId} is over`)
    const account = await deps.accounts.find(task.accountId)
    if (account === null) throw new MediaError('NOT_FOUND', `no account ${task.accountId}`)

    const work = taskWorkOf(task.kind, task.options)
    const input = await bringInput(deps, { task, account, needs: TASK_NEEDS[work] })
    const spanSeconds = workedSeconds(task.options, input.durationSeconds)
    const amountCredits = taskPriceCredits(account.plan, work, spanSeconds)
    if (amountCredits > 0) {
      const hold = await deps.ledger.hold({
        id: holdId(taskId),
        accountId: task.accountId,
        amountCredits,
        workflowId: taskWorkflowId(taskId),
        expiresAt: new Date(deps.clock().getTime() + deps.settings.holdTtlMs),
      })
      if (hold.state === 'declined') return { status: 'declined' }
    }
    // Spool's own orders are those that others sent here; they would go round in a circle.
    const isOwn = account.id === INTERNAL_ACCOUNT_ID
    const remote = isOwn ? null : remoteWork(deps, work, task.options)
    return { status: 'ready', work, remote, ...input }
  }
