import type { Task } from '../../db/repositories/tasks.ts'
import type { DeliveryId } from '../../domain/ids.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { taskEventBody } from '../lib/events.ts'

/** Records the end of a task for its own `webhook_url` and the account's endpoints. */
export const recordTaskEvent = async (
  deps: ActivityDependencies,
  task: Task,
  type: 'job.succeeded' | 'job.failed',
): Promise<readonly DeliveryId[]> =>
  await deps.webhookDeliveries.recordEvent({
    accountId: task.accountId,
    eventId: deps.eventIdFor(task.id, type),
    ...taskEventBody(task, type, deps.clock()),
    ...(task.webhookUrl === null ? {} : { taskUrl: task.webhookUrl }),
  })
