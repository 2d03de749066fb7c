import type { TaskActivities } from '../../contracts/activities.ts'

import { MediaError, publicFailure } from '../../domain/failures.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { recordTaskEvent } from './record-task-event.ts'

/** Ends a task that has no file: the row is settled and the hold voided in one transaction, then
 * `job.failed` is recorded. A finished task stays as it is, and is told as such. *Idempotent.* */
export const abandonTask =
  (deps: ActivityDependencies): TaskActivities['abandonTask'] =>
  async ({ taskId, ending, failure }) => {
    const ended = await deps.tasks.abandon({
      taskId,
      ending,
      failure: failure === null ? null : publicFailure(failure),
    })
    if (ended === null) throw new MediaError('NOT_FOUND', `no task ${taskId}`)
    return { deliveryIds: await recordTaskEvent(deps, ended) }
  }
