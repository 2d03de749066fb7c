import type { TaskActivities } from '../../contracts/activities.ts'
import { MediaError } from '../../domain/failures.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { recordTaskEvent } from './record-task-event.ts'

/** Ends a task that has its file: the row is settled and the hold captured in one transaction, then
 * `job.succeeded` is recorded. *Idempotent.* */
export const completeTask =
  (deps: ActivityDependencies): TaskActivities['completeTask'] =>
  async ({ taskId, output }) => {
    const ending = await deps.tasks.complete({ taskId, output })
    if (ending === null) throw new MediaError('NOT_FOUND', `no task ${taskId}`)
    return { deliveryIds: await recordTaskEvent(deps, ending) }
  }
