import { workflowInfo } from '@temporalio/workflow'
import type { RemoteWork } from '../../contracts/activities.ts'
import type { FailureCode } from '../../domain/failures.ts'
import type { ExecutionId, TaskId } from '../../domain/ids.ts'
import type { TaskOutput } from '../../domain/task-output.ts'
import { provider as providers } from '../activities.ts'
import { GaveUp } from './failures.ts'
import type { Inbox } from './inbox.ts'
import { awaitRemoteJob } from './remote-job.ts'

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
 * Has a step's work done by a provider: submit, wait for its webhook or the poll, confirm by asking,
 * fetch. A provider that gives no answer for the stall time is given up, as is a job that is not done in
 * its time; both are cancelled there. *Errors:* PROVIDER_*, or what the provider says of the input.
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
  let answeredAtMs = Date.now()
  const ending = await awaitRemoteJob({
    taskId: step,
    inbox,
    pollIntervalMs: Math.min(pollIntervalMs, timeoutMs),
    stallTimeoutMs,
    confirmsSuccess: true,
    inspect: async () => {
      const { status, failure, answered } = await providers.inspectRemoteTask(job)
      if (answered) answeredAtMs = Date.now()
      const isLate = Date.now() - startedAtMs >= timeoutMs
      const silentMs = isLate ? Infinity : Date.now() - answeredAtMs
      return { status, failure, silentMs }
    },
    cancel: () => providers.cancelRemoteTask(job),
  })
  if (ending.status === 'failed') throw new GaveUp(ofProvider(ending.failure))
  return await providers.collectRemoteTask({ ...job, kind, options, outputStem })
}

/** The same failure, said of a provider. */
const ofProvider = (failure: FailureCode): FailureCode => {
  if (failure === 'RENDERER_STALLED') return 'PROVIDER_UNAVAILABLE'
  return failure === 'RENDERER_FAILED' ? 'PROVIDER_FAILED' : failure
}
