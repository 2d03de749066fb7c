import { cancellationSignal } from '@temporalio/activity'
import type { TaskWorkInput } from '../../contracts/activities.ts'
import type { Task } from '../../db/repositories/tasks.ts'
import type { ConvertedMedia } from '../../domain/media-conversions.ts'
import { taskOutputKey } from '../../domain/storage-keys.ts'
import type { TaskOutput } from '../../domain/task-output.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { progressReporter } from '../lib/task-progress.ts'

/** One file to be made of another one. */
export interface FileJob {
  readonly inputPath: string
  readonly outputPath: string
  readonly signal: AbortSignal
  readonly onProgress: (ratio: number) => void
}

/**
 * Brings a task's input to a private folder, has one file made of it while progress is reported, and
 * stores that. *Idempotent:* the key belongs to the task.
 */
export const makeTaskFile = async (
  deps: ActivityDependencies,
  work: TaskWorkInput & { readonly task: Task; readonly extension: string },
  make: (job: FileJob) => Promise<ConvertedMedia>,
): Promise<TaskOutput> =>
  await deps.tools.withWorkspace(work.taskId, async (workspace) => {
    const signal = cancellationSignal()
    const inputPath = workspace.path('input')
    const outputPath = workspace.path(`output.${work.extension}`)
    await deps.storage.downloadTo(work.inputKey, inputPath, signal)

    const progress = progressReporter(deps, work.task)
    const { contentType, durationSeconds, widthPx, heightPx } = await make({
      inputPath,
      outputPath,
      signal,
      onProgress: progress.report,
    })
    await progress.settled()

    const storageKey = taskOutputKey(work.taskId, work.extension)
    const source = { filePath: outputPath }
    const { sizeBytes } = await deps.storage.put(storageKey, source, { contentType, signal })
    return { storageKey, contentType, sizeBytes, durationSeconds, widthPx, heightPx }
  })
