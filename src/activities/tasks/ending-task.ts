import type { OpenDelivery, TaskEnd, TaskWorkInput } from '../../contracts/activities.ts'
import { MediaError } from '../../domain/failures.ts'
import type { DeliveryId, TaskId } from '../../domain/ids.ts'
import type { TaskOutput } from '../../domain/task-output.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { attemptOnce } from '../publishing/attempt-once.ts'
import { completeTask } from './complete-task.ts'
import { taskRow } from './task-row.ts'

/** A slot for encodes does not wait longer for a receiver. Whoever is slower is called again, with the
 * same event id, by somebody who has the time. */
const PATIENCE_MS = 2_000

/**
 * Does the work of a task and ends the task with it: completes it, and tries each of its webhooks once.
 * *Guarantee:* an attempt after the task was completed does no work again, and what cannot be completed
 * or told here is left to the workflow; once the file is stored nothing fails any more. *Errors:*
 * CANCELED for a task that is over, those of the work. *Cancellation:* that of the work; after it none.
 */
export const endingTask =
  <Input extends TaskWorkInput>(
    deps: ActivityDependencies,
    work: (input: Input) => Promise<TaskOutput>,
  ) =>
  async (input: Input & { readonly isLast?: boolean }): Promise<TaskEnd> => {
    const { taskId } = input
    const begun = await deps.tasks.start(taskId)
    const output = begun === null ? await earlierOutput(deps, taskId) : await work(input)
    if (input.isLast === false) return { output, completed: false, open: [] }
    try {
      const { deliveryIds } = await completeTask(deps)({ taskId, output })
      return { output, completed: true, open: await tellAtOnce(deps, deliveryIds) }
    } catch (error) {
      // The workflow goes on trying for as long as a database may be away.
      deps.log.warn({ taskId, error: String(error) }, 'a task could not be completed at once')
      return { output, completed: false, open: [] }
    }
  }

const earlierOutput = async (deps: ActivityDependencies, taskId: TaskId): Promise<TaskOutput> => {
  const { output } = await taskRow(deps, taskId)
  if (output === null) throw new MediaError('CANCELED', `${taskId} is over`)
  return output
}

/** Tries all deliveries beside each other; answers those that are still to be made. */
const tellAtOnce = async (
  deps: ActivityDependencies,
  deliveryIds: readonly DeliveryId[],
): Promise<readonly OpenDelivery[]> => {
  const tried = await Promise.all(deliveryIds.map((deliveryId) => tellOne(deps, deliveryId)))
  return tried.filter((open) => open !== null)
}

const tellOne = async (
  deps: ActivityDependencies,
  deliveryId: DeliveryId,
): Promise<OpenDelivery | null> => {
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const { status, waitMs } = await attemptOnce(deps, deliveryId, 1, signal)
    return status === 'pending' ? { deliveryId, attemptCount: 1, waitMs } : null
  } catch (error) {
    deps.log.info({ deliveryId, error: String(error) }, 'a webhook was not taken at once')
    return { deliveryId }
  }
}
