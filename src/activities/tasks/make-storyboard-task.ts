import { mkdir } from 'node:fs/promises'
import { basename } from 'node:path'
import { cancellationSignal } from '@temporalio/activity'
import type { TaskWork } from '../../contracts/activities.ts'
import { storyboardTaskOptions } from '../../contracts/http/tasks/description-options.ts'
import { taskFolderKey } from '../../domain/storage-keys.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { storeFolder } from '../lib/store-folder.ts'
import { progressReporter } from '../lib/task-progress.ts'
import { taskRow } from './task-row.ts'

/**
 * Makes the sheets of pictures for a seek bar, and the VTT file that says which picture is where. *Output:*
 * the VTT first; its relative names are those of the files beside it. *Idempotent:* the folder belongs to
 * the task. *Errors:* MEDIA_UNREADABLE, MEDIA_NO_VIDEO (final); ENCODER_CRASHED, ENCODER_TIMEOUT,
 * DISK_FULL, STORAGE_UNAVAILABLE (retried). *Cancellation:* ffmpeg is ended within seconds.
 */
export const makeStoryboardTask =
  (deps: ActivityDependencies): TaskWork['makeStoryboardTask'] =>
  async ({ taskId, inputKey }) => {
    const task = await taskRow(deps, taskId)
    const options = storyboardTaskOptions.parse(task.options)
    return await deps.tools.withWorkspace(taskId, async (workspace) => {
      const signal = cancellationSignal()
      const inputPath = workspace.path('input')
      const outputDir = workspace.path('storyboard')
      await mkdir(outputDir)
      await deps.storage.downloadTo(inputKey, inputPath, signal)
      const progress = progressReporter(deps, task)
      const made = await deps.tools.makeStoryboard({
        inputPath,
        outputDir,
        spec: {
          tileWidthPx: options.width,
          tilesMax: options.count,
          intervalSecondsMin: options.interval,
          columns: options.columns,
          rows: options.rows,
          format: options.format,
        },
        signal,
        onProgress: progress.report,
      })
      await progress.settled()
      const folderKey = taskFolderKey(taskId, 'storyboard')
      const { sizeBytes } = await storeFolder(deps, { path: outputDir, key: folderKey }, signal)
      return {
        storageKey: `${folderKey}/${basename(made.vttPath)}`,
        folderKey,
        contentType: 'text/vtt',
        sizeBytes,
        durationSeconds: made.durationSeconds,
        widthPx: made.tileWidthPx,
        heightPx: made.tileHeightPx,
        files: made.spritePaths.map((path) => ({
          name: basename(path),
          storageKey: `${folderKey}/${basename(path)}`,
          contentType: made.spriteContentType,
        })),
      }
    })
  }
