import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { cancellationSignal } from '@temporalio/activity'
import type { TaskWork } from '../../contracts/activities.ts'
import {
  adaptiveVideoTaskOptions,
  type AdaptiveVideoTaskOptions,
} from '../../contracts/http/tasks/stream-options.ts'
import { readSubtitles, writeSubtitles } from '../../domain/captions/subtitle-file.ts'
import { MediaError } from '../../domain/failures.ts'
import { DASH_MANIFEST_NAME, HLS_MASTER_NAME } from '../../domain/manifests/manifest-files.ts'
import { taskFolderKey } from '../../domain/storage-keys.ts'
import type { CaptionTrack } from '../../domain/stream-description.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { fetchFile } from '../lib/fetch-file.ts'
import type { Workspace } from '../lib/media-tools.ts'
import { storeFolder } from '../lib/store-folder.ts'
import { progressReporter } from '../lib/task-progress.ts'
import { taskRow } from './task-row.ts'

/** The manifest that a player is given; both lie in every folder. */
const HLS = { name: HLS_MASTER_NAME, contentType: 'application/vnd.apple.mpegurl' }
const DASH = { name: DASH_MANIFEST_NAME, contentType: 'application/dash+xml' }
const MANIFESTS = { hls: HLS, cmaf: HLS, dash: DASH }

/** Subtitles of a film; more is none. */
const CAPTIONS_BYTES_MAX = 16 * 1024 * 1024

/**
 * Makes an adaptive stream of a video in one go: all renditions in one decode, sound, captions,
 * manifests. *Idempotent:* the folder belongs to the task. *Errors:* MEDIA_UNREADABLE, MEDIA_NO_VIDEO,
 * SUBTITLES_UNREADABLE, SOURCE_* of captions (final); ENCODER_CRASHED, ENCODER_TIMEOUT, DISK_FULL,
 * STORAGE_UNAVAILABLE (retried). *Cancellation:* ffmpeg is ended within seconds.
 */
export const packageTask =
  (deps: ActivityDependencies): TaskWork['packageTask'] =>
  async ({ taskId, inputKey }) => {
    const task = await taskRow(deps, taskId)
    const options = adaptiveVideoTaskOptions.parse(task.options)
    return await deps.tools.withWorkspace(taskId, async (workspace) => {
      const signal = cancellationSignal()
      const inputPath = workspace.path('input')
      const outputDir = workspace.path('stream')
      await mkdir(outputDir)
      await deps.storage.downloadTo(inputKey, inputPath, signal)
      const captions = await fetchCaptions(deps, options, workspace)
      const progress = progressReporter(deps, task)
      const { renditions, hdr, audio_tracks: audioTracks } = options
      const stream = await deps.tools.packageStream({
        inputPath,
        outputDir,
        wish: { renditions, hdr, audioTracks },
        captions,
        signal,
        onProgress: progress.report,
      })
      await progress.settled()
      const folderKey = taskFolderKey(taskId, 'stream')
      const { sizeBytes } = await storeFolder(deps, { path: outputDir, key: folderKey }, signal)
      const { name, contentType } = MANIFESTS[options.format]
      const largest = stream.video.at(-1)
      return {
        storageKey: `${folderKey}/${name}`,
        folderKey,
        contentType,
        sizeBytes,
        durationSeconds: stream.durationSeconds,
        widthPx: largest?.widthPx ?? null,
        heightPx: largest?.heightPx ?? null,
      }
    })
  }

/** Every subtitle file, read and written again as the VTT that players take. */
const fetchCaptions = async (
  deps: ActivityDependencies,
  { captions }: AdaptiveVideoTaskOptions,
  workspace: Workspace,
): Promise<readonly (CaptionTrack & { readonly path: string })[]> => {
  const tracks: (CaptionTrack & { readonly path: string })[] = []
  for (const { language, label = language, url } of captions) {
    const filePath = workspace.path(`captions-${language}`)
    const { sizeBytes } = await fetchFile(deps, { url, filePath, maxBytes: CAPTIONS_BYTES_MAX })
    if (sizeBytes > CAPTIONS_BYTES_MAX) {
      throw new MediaError('MEDIA_TOO_LARGE', `captions ${language}`)
    }
    const cues = readSubtitles(await readFile(filePath, 'utf8'))
    const path = workspace.path(`captions-${language}.vtt`)
    await writeFile(path, writeSubtitles(cues, 'vtt'))
    tracks.push({ language, label, path })
  }
  return tracks
}
