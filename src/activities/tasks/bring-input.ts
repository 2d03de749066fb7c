import { cancellationSignal } from '@temporalio/activity'
import type { PreparedTask } from '../../contracts/activities.ts'
import type { Account } from '../../db/repositories/accounts.ts'
import type { Task } from '../../db/repositories/tasks.ts'
import { planTerms } from '../../domain/plans.ts'
import { isJudgedKey, taskKeys } from '../../domain/storage-keys.ts'
import type { TaskNeed } from '../../domain/task-kinds.ts'
import { mediaNeed } from '../../domain/task-plan.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { fetchFile } from '../lib/fetch-file.ts'
import type { Workspace } from '../lib/media-tools.ts'
import { judgeSubtitles } from './judge-subtitles.ts'

interface StoredInput {
  readonly inputKey: string
  readonly inputIs: PreparedTask['inputIs']
  /** 0 for a picture; of subtitles the end of the last one. */
  readonly durationSeconds: number
}

interface InputOf {
  readonly task: Task
  readonly account: Account
  readonly needs: TaskNeed
}

/** Brings a task's input into our storage, if it is not there, and refuses what lacks what is needed. */
export const bringInput = (deps: ActivityDependencies, input: InputOf): Promise<StoredInput> =>
  deps.tools.withWorkspace(input.task.id, (workspace) => fetchInput(deps, { ...input, workspace }))

const fetchInput = async (
  deps: ActivityDependencies,
  { task, account, needs, workspace }: InputOf & { readonly workspace: Workspace },
): Promise<StoredInput> => {
  const signal = cancellationSignal()
  const filePath = workspace.path('input')
  const terms = planTerms(account.plan)
  const { ownKey } = await fetchFile(deps, {
    url: task.input,
    filePath,
    maxBytes: terms.uploadSizeBytesMax,
  })
  const found =
    (needs === 'words' ? await judgeSubtitles(filePath) : null) ??
    (await deps.tools.describeMedium({
      path: filePath,
      needs: mediaNeed(needs),
      durationSecondsMax: terms.mediaDurationSecondsMax,
      wholly: ownKey === null || !isJudgedKey(ownKey),
      signal,
    }))
  const { durationSeconds, contentType } = found
  const inputIs = 'cues' in found ? 'subtitles' : 'medium'
  if (ownKey !== null) return { inputKey: ownKey, inputIs, durationSeconds }
  const { inputKey } = taskKeys(task.id)
  await deps.storage.put(inputKey, { filePath }, { contentType, signal })
  return { inputKey, inputIs, durationSeconds }
}
