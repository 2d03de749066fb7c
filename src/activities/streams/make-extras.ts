import { mkdir } from 'node:fs/promises'
import { basename } from 'node:path'
import { cancellationSignal } from '@temporalio/activity'
import type { StreamActivities, StreamSource } from '../../contracts/stream-activities.ts'
import { DEFAULT_STORYBOARD, DEFAULT_WAVEFORM } from '../../domain/media-conversions.ts'
import { posterConversion, previewConversion } from '../../domain/stream-plan.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import type { Workspace } from '../lib/media-tools.ts'
import { stepProgress } from '../lib/step-progress.ts'
import { storeFolder } from '../lib/store-folder.ts'

interface Extra {
  readonly workspace: Workspace
  readonly inputPath: string
  readonly signal: AbortSignal
  readonly onProgress: (ratio: number) => void
  /** Stores a file of the workspace in the stream's folder, and answers its key. */
  readonly store: (name: string, contentType: string) => Promise<string>
}

/** Brings the source to a private folder and has something made of it there. */
const besideLadder = async <T>(
  deps: ActivityDependencies,
  ref: { readonly executionId: string; readonly step: string; readonly source: StreamSource },
  make: (extra: Extra) => Promise<T>,
): Promise<T> =>
  await deps.tools.withWorkspace(ref.executionId, async (workspace) => {
    const signal = cancellationSignal()
    const inputPath = workspace.path('source')
    await deps.storage.downloadTo(ref.source.sourceKey, inputPath, signal)
    const progress = stepProgress(deps, ref)
    const store = async (name: string, contentType: string): Promise<string> => {
      const key = `${ref.source.folderKey}/${name}`
      await deps.storage.put(key, { filePath: workspace.path(name) }, { contentType, signal })
      return key
    }
    const made = await make({ workspace, inputPath, signal, onProgress: progress.report, store })
    await progress.settled()
    return made
  })

/**
 * Makes the poster: WebP, 1280 wide, of the second second. *Idempotent:* the key belongs to the order.
 * *Errors:* MEDIA_UNREADABLE (final); ENCODER_*, DISK_FULL, STORAGE_UNAVAILABLE (retried).
 * *Cancellation:* ffmpeg is ended within seconds.
 */
export const makePoster =
  (deps: ActivityDependencies): StreamActivities['makePoster'] =>
  async ({ executionId, source }) =>
    await besideLadder(deps, { executionId, step: 'poster', source }, async (extra) => {
      const { contentType } = await deps.tools.convertImage({
        ...extra,
        outputPath: extra.workspace.path('poster.webp'),
        conversion: posterConversion(source.durationSeconds),
      })
      return { outputs: { poster: await extra.store('poster.webp', contentType) } }
    })

/** Makes the animated preview, as GIF and as WebP, 480 wide. Else as `makePoster`. */
export const makePreview =
  (deps: ActivityDependencies): StreamActivities['makePreview'] =>
  async ({ executionId, source }) =>
    await besideLadder(deps, { executionId, step: 'preview', source }, async (extra) => {
      const { gif, webp } = await deps.tools.makePreviews({
        ...extra,
        gifPath: extra.workspace.path('preview.gif'),
        webpPath: extra.workspace.path('preview.webp'),
        conversion: previewConversion(source.durationSeconds),
      })
      const previewGif = await extra.store('preview.gif', gif.contentType)
      const previewWebp = await extra.store('preview.webp', webp.contentType)
      return { outputs: { previewGif, previewWebp } }
    })

/** Makes the pictures for a seek bar, and the VTT file that names them. Else as `makePoster`. */
export const makeStreamStoryboard =
  (deps: ActivityDependencies): StreamActivities['makeStreamStoryboard'] =>
  async ({ executionId, source }) =>
    await besideLadder(deps, { executionId, step: 'storyboard', source }, async (extra) => {
      const outputDir = extra.workspace.path('storyboard')
      await mkdir(outputDir)
      const { vttPath } = await deps.tools.makeStoryboard({
        ...extra,
        outputDir,
        spec: DEFAULT_STORYBOARD,
      })
      const key = `${source.folderKey}/storyboard`
      await storeFolder(deps, { path: outputDir, key }, extra.signal)
      return { outputs: { storyboard: `${key}/${basename(vttPath)}` } }
    })

/** Measures the peaks of the sound, for drawing it. Else as `makePoster`; of a silent film: skipped. */
export const makeStreamWaveform =
  (deps: ActivityDependencies): StreamActivities['makeStreamWaveform'] =>
  async ({ executionId, source }) => {
    if (!source.hasSound) return { skipped: 'the film is silent', outputs: {} }
    return await besideLadder(deps, { executionId, step: 'waveform', source }, async (extra) => {
      const { contentType } = await deps.tools.measurePeaks({
        ...extra,
        outputPath: extra.workspace.path('waveform.json'),
        spec: DEFAULT_WAVEFORM,
      })
      return { outputs: { waveform: await extra.store('waveform.json', contentType) } }
    })
  }
