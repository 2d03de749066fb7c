import { cancellationSignal } from '@temporalio/activity'
import type { TaskActivities } from '../../contracts/activities.ts'
import type { Account } from '../../db/repositories/accounts.ts'
import type { Task } from '../../db/repositories/tasks.ts'
import { MediaError } from '../../domain/failures.ts'
import { holdId, isId, taskWorkflowId } from '../../domain/ids.ts'
import { planTerms } from '../../domain/plans.ts'
import { taskPriceCredits } from '../../domain/pricing.ts'
import { taskKeys } from '../../domain/storage-keys.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import type { Workspace } from '../lib/media-tools.ts'

/**
 * Brings a task's input into our storage, judges it by the plan's limits, and holds the price.
 * *Idempotent:* input key and hold belong to the task. *Errors:* SOURCE_FORBIDDEN, SOURCE_NOT_FOUND,
 * MEDIA_UNREADABLE, MEDIA_UNSUPPORTED, MEDIA_NO_AUDIO, MEDIA_TOO_LARGE (final); SOURCE_UNAVAILABLE,
 * STORAGE_UNAVAILABLE (retried). *Cancellation:* the download stops.
 */
export const prepareTask =
  (deps: ActivityDependencies): TaskActivities['prepareTask'] =>
  async ({ taskId }) => {
    const task = await deps.tasks.findById(taskId)
    if (task === null) throw new MediaError('NOT_FOUND', `no task ${taskId}`)
    const account = await deps.accounts.find(task.accountId)
    if (account === null) throw new MediaError('NOT_FOUND', `no account ${task.accountId}`)
    if (!(await deps.tasks.start(taskId))) throw new MediaError('CANCELED', `${taskId} is over`)

    const input = await bringInput(deps, task, account)
    const amountCredits = taskPriceCredits(account.plan, input.durationSeconds)
    if (amountCredits > 0) {
      const hold = await deps.ledger.hold({
        id: holdId(taskId),
        accountId: task.accountId,
        amountCredits,
        workflowId: taskWorkflowId(taskId),
        expiresAt: new Date(deps.clock().getTime() + deps.settings.holdTtlMs),
      })
      if (hold.state === 'declined') return { status: 'declined' }
    }
    return { status: 'ready', ...input }
  }

interface StoredInput {
  readonly inputKey: string
  readonly durationSeconds: number
}

const bringInput = async (
  deps: ActivityDependencies,
  task: Task,
  account: Account,
): Promise<StoredInput> => {
  if (isId('media', task.input)) {
    const medium = await deps.media.find(task.accountId, task.input)
    if (medium === null) throw new MediaError('NOT_FOUND', `no media ${task.input}`)
    if (!medium.streams.some(({ kind }) => kind === 'audio')) {
      throw new MediaError('MEDIA_NO_AUDIO', `${task.input} has no audio stream`)
    }
    return { inputKey: medium.storageKey, durationSeconds: medium.durationSeconds ?? 0 }
  }
  return await deps.tools.withWorkspace(task.id, (workspace) =>
    fetchInput(deps, { task, account, workspace }),
  )
}

const fetchInput = async (
  deps: ActivityDependencies,
  { task, account, workspace }: { task: Task; account: Account; workspace: Workspace },
): Promise<StoredInput> => {
  const signal = cancellationSignal()
  const filePath = workspace.path('input')
  const terms = planTerms(account.plan)
  const ownKey = deps.ownStorageKey(task.input)
  if (ownKey === null) {
    const maxBytes = terms.uploadSizeBytesMax
    await deps.sources.download(task.input, { filePath, maxBytes, signal })
  } else {
    await deps.storage.downloadTo(ownKey, filePath, signal)
  }
  const { durationSeconds, contentType } = await deps.tools.judgeSong({
    path: filePath,
    durationSecondsMax: terms.mediaDurationSecondsMax,
    signal,
  })
  if (ownKey !== null) return { inputKey: ownKey, durationSeconds }
  const { inputKey } = taskKeys(task.id)
  await deps.storage.put(inputKey, { filePath }, { contentType, signal })
  return { inputKey, durationSeconds }
}
