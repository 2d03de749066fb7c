import { cancellationSignal } from '@temporalio/activity'
import type { PreparedTask } from '../../contracts/activities.ts'
import type { Account } from '../../db/repositories/accounts.ts'
import type { Media } from '../../db/repositories/media.ts'
import type { Task } from '../../db/repositories/tasks.ts'
import { MediaError } from '../../domain/failures.ts'
import { isId, type MediaId } from '../../domain/ids.ts'
import type { MediaNeed } from '../../domain/media-judgement.ts'
import { planTerms } from '../../domain/plans.ts'
import { isJudgedKey, taskKeys } from '../../domain/storage-keys.ts'
import type { TaskNeed } from '../../domain/task-kinds.ts'
import type { ActivityDependencies } from '../dependencies.ts'
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
export const bringInput = async (
  deps: ActivityDependencies,
  input: InputOf,
): Promise<StoredInput> => {
  const { task, needs } = input
  if (isId('media', task.input)) return await findMedium(deps, task, task.input, needs)
  return await deps.tools.withWorkspace(task.id, (workspace) =>
    fetchInput(deps, { ...input, workspace }),
  )
}

/** An upload was decoded to its end when it was taken in. */
const findMedium = async (
  deps: ActivityDependencies,
  { accountId }: Task,
  id: MediaId,
  needs: TaskNeed,
): Promise<StoredInput> => {
  const medium = await deps.media.find(accountId, id)
  if (medium === null) throw new MediaError('NOT_FOUND', `no media ${id}`)
  refuseLack(medium, mediaNeed(needs))
  const { storageKey: inputKey, durationSeconds } = medium
  return { inputKey, inputIs: 'medium', durationSeconds: durationSeconds ?? 0 }
}

const refuseLack = ({ id, kind, streams }: Media, needs: MediaNeed): void => {
  if (needs === 'audio' && !streams.some((stream) => stream.kind === 'audio')) {
    throw new MediaError('MEDIA_NO_AUDIO', `${id} has no audio stream`)
  }
  if ((needs === 'video' && kind !== 'video') || (needs === 'pictures' && kind === 'audio')) {
    throw new MediaError('MEDIA_NO_VIDEO', `${id} has no ${needs}`)
  }
}

const fetchInput = async (
  deps: ActivityDependencies,
  { task, account, needs, workspace }: InputOf & { readonly workspace: Workspace },
): Promise<StoredInput> => {
  const signal = cancellationSignal()
  const filePath = workspace.path('input')
  const terms = planTerms(account.plan)
  const ownKey = await deps.ownStorageKey(task.input)
  if (ownKey === null) {
    const maxBytes = terms.uploadSizeBytesMax
    await deps.sources.download(task.input, { filePath, maxBytes, signal })
  } else {
    await deps.storage.downloadTo(ownKey, filePath, signal)
  }
  const found =
    (needs === 'words' ? await judgeSubtitles(filePath) : null) ??
    (await deps.tools.judgeInput({
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

/** Words that are not written down have to be heard. */
const mediaNeed = (needs: TaskNeed): MediaNeed => (needs === 'words' ? 'audio' : needs)
