import { mkdir } from 'node:fs/promises'
import { cancellationSignal } from '@temporalio/activity'
import type { StreamActivities } from '../../contracts/stream-activities.ts'
import { ladderGroups, partsAtOnce } from '../../domain/stream-plan.ts'
import { ladderPartKey, ladderSoundKey } from '../../domain/storage-keys.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { stepProgress } from '../lib/step-progress.ts'
import { storeFolder } from '../lib/store-folder.ts'
import { putJson } from '../lib/stored-text.ts'

type LadderInput = Parameters<StreamActivities['encodeLadderSound']>[0]

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
    const noteKey = ladderPartKey(source.workKey, rungNames, range)
    await makeOnce(deps, { executionId, source, noteKey }, async (job) => {
      const progress = stepProgress(deps, { executionId, step: 'ladder' }, share)
      const isWhole = range.segmentCount === ladder.segmentCount
      const parts = await deps.tools.encodeRungs({
        ...job,
        ladder,
        rungNames,
        ...(isWhole ? {} : { range }),
        onProgress: progress.report,
      })
      await progress.settled()
      return parts
    })
  }

/** Makes the sound of the ladder, whole, as `encodeLadderPart` makes its pictures. */
export const encodeLadderSound =
  (deps: ActivityDependencies): StreamActivities['encodeLadderSound'] =>
  async ({ executionId, source, ladder }) => {
    const noteKey = ladderSoundKey(source.workKey)
    await makeOnce(deps, { executionId, source, noteKey }, (job) =>
      deps.tools.encodeLadderAudio({ ...job, ladder }),
    )
  }

/** Makes files of the source, stores them, and then the note of what was made; nothing if that is there. */
const makeOnce = async (
  deps: ActivityDependencies,
  work: Pick<LadderInput, 'executionId' | 'source'> & { readonly noteKey: string },
  make: (job: {
    readonly inputPath: string
    readonly outputDir: string
    readonly signal: AbortSignal
  }) => Promise<unknown>,
): Promise<void> => {
  const { executionId, source, noteKey } = work
  if ((await deps.storage.head(noteKey)) !== null) return
  await deps.tools.withWorkspace(executionId, async (workspace) => {
    const signal = cancellationSignal()
    const inputPath = workspace.path('source')
    const outputDir = workspace.path('made')
    await mkdir(outputDir)
    await deps.storage.downloadTo(source.sourceKey, inputPath, signal)
    const note = await make({ inputPath, outputDir, signal })
    await storeFolder(deps, { path: outputDir, key: source.folderKey }, signal)
    await putJson(deps, noteKey, note)
  })
}
