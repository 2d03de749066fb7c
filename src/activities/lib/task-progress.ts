import type { Task } from '../../db/repositories/tasks.ts'
import { INTERNAL_ACCOUNT_ID } from '../../domain/ids.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { taskEventBody } from './events.ts'
import { throttledProgress, type ProgressReports } from './throttled-progress.ts'

/** A person reads no faster. */
const REPORT_INTERVAL_MS = 2_000

/**
 * Passes the progress of a tool on to the task's row and, as `job.progress`, to the task's `webhook_url`,
 * where it is not sent again: the next report is the better news. The end of a task is told by a durable
 * delivery instead.
 */
export const progressReporter = (deps: ActivityDependencies, task: Task): ProgressReports =>
  throttledProgress(deps, {
    intervalMs: REPORT_INTERVAL_MS,
    subject: { taskId: task.id },
    pass: async (ratio) => {
      const progress = Math.round(ratio * 1000) / 10
      await deps.tasks.recordProgress({ taskId: task.id, progress, signOfLifeAt: deps.clock() })
      await sendProgress(deps, { ...task, status: 'processing', progress })
    },
  })

const sendProgress = async (deps: ActivityDependencies, task: Task): Promise<void> => {
  if (task.webhookUrl === null) return
  const now = deps.clock()
  const account = await deps.accounts.find(task.accountId)
  if (account === null) return
  await deps.sendWebhook({
    url: task.webhookUrl,
    secret: account.webhookSecret,
    id: `${task.id}-${now.getTime()}`,
    payload: taskEventBody(task, 'job.progress', now).payload,
    receiver: task.accountId === INTERNAL_ACCOUNT_ID ? 'self' : 'customer',
  })
}
