import type { Client } from '@temporalio/client'
import type { Queue } from '../contracts/queues.ts'

/** Temporal remembers a poller for minutes. One that has not come back for so long is gone: a poll
 * takes a minute at the longest. */
const POLLED_WITHIN_MS = 75_000

type QueueKind = NonNullable<
  Parameters<Client['workflowService']['describeTaskQueue']>[0]['taskQueueType']
>
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- `TaskQueueType`, which the client does not export
const ACTIVITIES = 2 as QueueKind

/** How many workers take activities from a queue: processes, for each has an identity and several
 * pollers. At least 1, for whoever asks runs on one. */
export const countWorkers = async (client: Client, queue: Queue): Promise<number> => {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: queue },
    taskQueueType: ACTIVITIES,
  })
  const sinceMs = Date.now() - POLLED_WITHIN_MS
  const identities = (pollers ?? [])
    .filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 > sinceMs)
    .map(({ identity }) => identity)
  return Math.max(1, new Set(identities).size)
}
