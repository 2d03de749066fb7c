import { workflowInfo } from '@temporalio/workflow'
import type { RemoteWork } from '../../contracts/activities.ts'
import type { ExecutionId, TaskId } from '../../domain/ids.ts'
import type { TaskOutput } from '../../domain/task-output.ts'
import { provider as providers } from '../activities.ts'
import type { Inbox } from './inbox.ts'
import { awaitProviderJob } from './provider-job.ts'

/** A step whose work is done by a provider. */
export interface RemoteTask extends RemoteWork {
  readonly ownerId: ExecutionId | TaskId
  /** Under this name its webhooks come; no two steps of a workflow share one. */
  readonly step: string
  readonly inbox: Inbox
  readonly inputKey: string
  /** Where the result is stored, without the ending of the name. */
  readonly outputStem: string
  /** For all of the work. */
  readonly timeoutMs: number
}

/**
 * Has a step's work done by a provider: submit, wait, fetch. *Errors:* PROVIDER_*, or what the provider
 * says of the input.
 */
export const runRemoteTask = async (task: RemoteTask): Promise<TaskOutput> => {
  const { ownerId, step, inbox, inputKey, outputStem, kind, options, timeoutMs } = task
  const { name, pollIntervalMs, stallTimeoutMs } = task.provider
  const startedAtMs = Date.now()
  const job = await providers.submitRemoteTask({
    ownerId,
    workflowId: workflowInfo().workflowId,
    step,
    provider: name,
    kind,
    inputKey,
    options,
    orderedAtMs: startedAtMs,
  })
  await awaitProviderJob({
    taskId: step,
    inbox,
    pollIntervalMs: Math.min(pollIntervalMs, timeoutMs),
    stallTimeoutMs,
    startedAtMs,
    timeoutMs,
    inspect: () => providers.inspectRemoteTask(job),
    cancel: () => providers.cancelRemoteTask(job),
  })
  return await providers.collectRemoteTask({ ...job, kind, options, outputStem })
}
