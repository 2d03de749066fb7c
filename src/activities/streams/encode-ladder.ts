import { mkdir } from 'node:fs/promises'
import { cancellationSignal } from '@temporalio/activity'
import type { StreamActivities } from '../../contracts/stream-activities.ts'
import { ladderGroups, partsAtOnce } from '../../domain/stream-plan.ts'
import { ladderPartKey, ladderSoundKey } from '../../domain/storage-keys.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { stepProgress } from '../lib/step-progress.ts'
import { storeFolder } from '../lib/store-folder.ts'
import { putText } from '../lib/stored-text.ts'

const JSON_TYPE = 'application/json'

/**
 * Decides what the ladder of a source consists of, and in how many ranges it is made: as many as keep
 * all workers of the media queue busy. *Errors:* MEDIA_UNREADABLE, MEDIA_NO_VIDEO (final);
 * STORAGE_UNAVAILABLE, ENCODER_* (retried).
 */
export const planLadder =
  (deps: ActivityDependencies): StreamActivities['planLadder'] =>
  async ({ executionId, source, wish }) =>
    await deps.tools.withWorkspace(executionId, async (workspace) => {
      const signal = cancellationSignal()
      const inputPath = workspace.path('source')
      await deps.storage.downloadTo(source.sourceKey, inputPath, signal)
      const ladder = await deps.tools.inspectForLadder({ inputPath, wish, signal })
      const workers = await deps.workersOf('media')
      return {
        ladder,
        groups: ladderGroups(ladder, workers),
        partCountMax: partsAtOnce(workers),
      }
    })

/**
 * Makes a range of some rungs, stores its segments where players will find them, and then what the join
 * has to know of them. *Idempotent:* that note is stored last, and a call that finds it has nothing to
 * do, so that a retry repeats only ranges that are missing. *Errors:* ENCODER_*, DISK_FULL,
 * STORAGE_UNAVAILABLE (retried); MEDIA_UNREADABLE (final). *Cancellation:* ffmpeg is ended within seconds.
 */
export const encodeLadderPart =
  (deps: ActivityDependencies): StreamActivities['encodeLadderPart'] =>
  async ({ executionId, source, ladder, rungNames, range, progress: share }) => {
    const partKey = ladderPartKey(source.workKey, rungNames, range)
    if ((await deps.storage.head(partKey)) !== null) return
    await deps.tools.withWorkspace(executionId, async (workspace) => {
      const signal = cancellationSignal()
      const inputPath = workspace.path('source')
      const outputDir = workspace.path('ladder')
      await mkdir(outputDir)
      await deps.storage.downloadTo(source.sourceKey, inputPath, signal)
      const progress = stepProgress(deps, { executionId, step: 'ladder' }, share)
      const isWhole = range.segmentCount === ladder.segmentCount
      const parts = await deps.tools.encodeRungs({
        inputPath,
        outputDir,
        ladder,
        rungNames,
        ...(isWhole ? {} : { range }),
        signal,
        onProgress: progress.report,
      })
      await progress.settled()
      await storeFolder(deps, { path: outputDir, key: source.folderKey }, signal)
      await putText(deps, partKey, { text: JSON.stringify(parts), contentType: JSON_TYPE })
    })
  }

/** Makes the sound of the ladder, whole, as `encodeLadderPart` makes its pictures. */
export const encodeLadderSound =
  (deps: ActivityDependencies): StreamActivities['encodeLadderSound'] =>
  async ({ executionId, source, ladder }) => {
    const soundKey = ladderSoundKey(source.workKey)
    if ((await deps.storage.head(soundKey)) !== null) return
    await deps.tools.withWorkspace(executionId, async (workspace) => {
      const signal = cancellationSignal()
      const inputPath = workspace.path('source')
      const outputDir = workspace.path('sound')
      await mkdir(outputDir)
      await deps.storage.downloadTo(source.sourceKey, inputPath, signal)
      const tracks = await deps.tools.encodeLadderAudio({ inputPath, outputDir, ladder, signal })
      await storeFolder(deps, { path: outputDir, key: source.folderKey }, signal)
      await putText(deps, soundKey, { text: JSON.stringify(tracks), contentType: JSON_TYPE })
    })
  }
