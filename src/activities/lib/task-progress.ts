import type { Task } from '../../db/repositories/tasks.ts'
import { INTERNAL_ACCOUNT_ID } from '../../domain/ids.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { taskEventBody } from './events.ts'

/** How often progress is written and sent at the most; a person reads no faster. */
const REPORT_INTERVAL_MS = 2_000

/**
 * Takes the renderer's progress (0 to 1, many times a second) and passes it on every two seconds: to
 * the task's row and, as `job.progress`, to the task's `webhook_url`. Progress is not retried: the
 * next report is the better news. The end of a task is told by a durable delivery instead.
 */
export const progressReporter = (deps: ActivityDependencies, task: Task) => {
  let lastAtMs = deps.clock().getTime()
  let sending: Promise<void> | null = null

  const send = async (progress: number): Promise<void> => {
    try {
      await deps.tasks.recordProgress({ taskId: task.id, progress, signOfLifeAt: deps.clock() })
      await sendProgress(deps, { ...task, status: 'processing', progress })
    } catch (error) {
      deps.log.warn({ taskId: task.id, error: String(error) }, 'progress could not be reported')
    }
  }

  return {
    report: (ratio: number): void => {
      const nowMs = deps.clock().getTime()
      if (sending !== null || nowMs - lastAtMs < REPORT_INTERVAL_MS) return
      lastAtMs = nowMs
      sending = send(Math.round(ratio * 1000) / 10).finally(() => {
        sending = null
      })
    },
    /** Nothing is under way any more. */
    settled: async (): Promise<void> => {
      await sending
    },
  }
}

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
