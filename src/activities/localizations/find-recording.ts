import type {
  LocalizationActivities,
  LocalizationStages,
  Recording,
} from '../../contracts/localization-activities.ts'
import type { PipelineOrder } from '../../contracts/orders.ts'
import type { Media } from '../../db/repositories/media.ts'
import { MediaError } from '../../domain/failures.ts'
import { localizationFolderKey } from '../../domain/storage-keys.ts'
import { remoteWork, type ProvidedKind } from '../../domain/task-providers.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { bringMedium, findMedium } from '../lib/bring-medium.ts'

/**
 * Brings what is localized: a medium of the account, or the file at a URL, which then becomes a medium
 * under the id that the order was given. *Idempotent:* a medium that is there is not fetched again.
 * *Errors:* MEDIA_NO_AUDIO, SOURCE_FORBIDDEN, SOURCE_NOT_FOUND, MEDIA_* (final); SOURCE_UNAVAILABLE,
 * STORAGE_UNAVAILABLE (retried). *Cancellation:* the download stops and nothing of it is left.
 */
export const bringRecording =
  (deps: ActivityDependencies): LocalizationActivities['bringRecording'] =>
  async ({ order }) =>
    recordingOf(deps, await bringMedium(deps, order), order)

/** Finds what an earlier round has brought in. *Errors:* NOT_FOUND. */
export const findRecording =
  (deps: ActivityDependencies): LocalizationActivities['findRecording'] =>
  async ({ order }) =>
    recordingOf(deps, await findMedium(deps, order), order)

/** The plan is made once a round: a change of configuration never changes a stage in work. */
const recordingOf = (
  deps: ActivityDependencies,
  medium: Media,
  { accountId, executionId }: PipelineOrder,
): Recording => {
  if (!medium.streams.some(({ kind }) => kind === 'audio')) {
    throw new MediaError('MEDIA_NO_AUDIO', `${medium.id} has no sound`)
  }
  return {
    accountId,
    mediaId: medium.id,
    sourceKey: medium.storageKey,
    durationSeconds: medium.durationSeconds ?? 0,
    folderKey: localizationFolderKey({ accountId, mediaId: medium.id, executionId }),
    stages: stagesOf(deps),
  }
}

/** Who does which stage of the work on a recording, and how long each may take. */
export const stagesOf = (deps: ActivityDependencies): LocalizationStages => {
  const { extract, transcribe, subtitles, translate } = deps.settings.stageTimeoutsMs
  const stage = (kind: ProvidedKind, timeoutMs: number) => ({
    timeoutMs,
    provider: remoteWork(deps, kind, {})?.provider ?? null,
  })
  return {
    extract: stage('audio', extract),
    transcribe: stage('transcription', transcribe),
    subtitles: stage('subtitles', subtitles),
    translate: stage('translation', translate),
  }
}
