import type { TaskEnding } from '../../db/repositories/tasks.ts'
import type { DeliveryId } from '../../domain/ids.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { taskEventBody } from '../lib/events.ts'

/** Records how a task ended for its own `webhook_url` and the account's endpoints. */
export const recordTaskEvent = async (
  deps: ActivityDependencies,
  { task, settled }: TaskEnding,
): Promise<readonly DeliveryId[]> => {
  const type = task.status === 'completed' ? 'job.succeeded' : 'job.failed'
  return await deps.webhookDeliveries.recordEvent({
    accountId: task.accountId,
    eventId: deps.eventIdFor(task.id, type),
    ...taskEventBody(task, type, deps.clock()),
    ...(task.webhookUrl === null ? {} : { taskUrl: task.webhookUrl }),
    isNew: settled,
  })
}
