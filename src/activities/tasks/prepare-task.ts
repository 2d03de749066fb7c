import type { TaskActivities } from '../../contracts/activities.ts'
import { MediaError } from '../../domain/failures.ts'
import { holdId, INTERNAL_ACCOUNT_ID, taskWorkflowId } from '../../domain/ids.ts'
import { TASK_NEEDS, taskWorkOf } from '../../domain/task-kinds.ts'
import { planTask } from '../../domain/task-plan.ts'
import { remoteWork } from '../../domain/task-providers.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { bringInput } from './bring-input.ts'

/**
 * Brings a task's input into our storage, judges it by the plan's limits, and holds the price. An input
 * that is a medium of the account needs none of it: it was admitted with the order. *Idempotent:* input
 * key and hold belong to the task. *Errors:* SOURCE_FORBIDDEN, SOURCE_NOT_FOUND, MEDIA_UNREADABLE,
 * MEDIA_UNSUPPORTED, MEDIA_NO_AUDIO, MEDIA_NO_VIDEO, MEDIA_TOO_LARGE, MEDIA_RANGE_EMPTY (final);
 * SOURCE_UNAVAILABLE, STORAGE_UNAVAILABLE (retried). *Cancellation:* the download stops.
 */
export const prepareTask =
  (deps: ActivityDependencies): TaskActivities['prepareTask'] =>
  async ({ taskId }) => {
    const task = await deps.tasks.start(taskId)
    if (task === null) throw new MediaError('CANCELED', `${taskId} is over`)
    const account = await deps.accounts.find(task.accountId)
    if (account === null) throw new MediaError('NOT_FOUND', `no account ${task.accountId}`)

    const needs = TASK_NEEDS[taskWorkOf(task.kind, task.options)]
    const input = await bringInput(deps, { task, account, needs })
    const { work, amountCredits } = planTask(task, account.plan, input.durationSeconds)
    if (amountCredits > 0) {
      const hold = await deps.ledger.hold({
        id: holdId(taskId),
        accountId: task.accountId,
        amountCredits,
        workflowId: taskWorkflowId(taskId),
        expiresAt: new Date(deps.clock().getTime() + deps.settings.holdTtlMs),
      })
      if (hold.state === 'declined') return { status: 'refused', failure: 'INSUFFICIENT_CREDITS' }
    }
    // Spool's own orders are those that others sent here; they would go round in a circle.
    const isOwn = account.id === INTERNAL_ACCOUNT_ID
    const remote = isOwn ? null : remoteWork(deps, work, task.options)
    return { status: 'ready', work, remote, ...input }
  }
