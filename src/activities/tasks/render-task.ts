import { cancellationSignal } from '@temporalio/activity'
import type { TaskWork } from '../../contracts/activities.ts'
import {
  renderTaskOptions,
  type RenderTaskOptions,
} from '../../contracts/http/tasks/render-options.ts'
import type { Task } from '../../db/repositories/tasks.ts'
import { frameSize } from '../../domain/frame-size.ts'
import { planTerms } from '../../domain/plans.ts'
import type { RenderSpec } from '../../domain/render-spec.ts'
import { taskKeys } from '../../domain/storage-keys.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { fetchFile } from '../lib/fetch-file.ts'
import type { Workspace } from '../lib/media-tools.ts'
import { progressReporter } from '../lib/task-progress.ts'
import { taskRow } from './task-row.ts'

/**
 * Draws the video of a render task and stores it. *Output:* size and duration measured from the
 * result. *Idempotent:* the key belongs to the task. *Errors:* MEDIA_UNREADABLE (final);
 * ENCODER_CRASHED, ENCODER_TIMEOUT, DISK_FULL, STORAGE_UNAVAILABLE (retried). *Cancellation:* ffmpeg
 * is ended within seconds and the workspace removed.
 */
export const renderTask =
  (deps: ActivityDependencies): TaskWork['renderTask'] =>
  async ({ taskId, inputKey }) => {
    const task = await taskRow(deps, taskId)
    const account = await deps.accounts.find(task.accountId)
    const options = renderTaskOptions.parse(task.options)
    const spec = specOf(options, planTerms(account?.plan ?? 'free').crf)
    return await deps.tools.withWorkspace(taskId, (workspace) =>
      draw(deps, { task, options, spec, inputKey, workspace }),
    )
  }

const specOf = (options: RenderTaskOptions, planCrf: number): RenderSpec => {
  const size = frameSize(options.format, options.resolution)
  return {
    template: options.template,
    widthPx: options.width ?? size.widthPx,
    heightPx: options.height ?? size.heightPx,
    frameRate: options.fps,
    hdr: options.hdr,
    title: options.title,
    artist: options.artist,
    accentColor: options.accent_color,
    crf: options.crf ?? planCrf,
  }
}

interface Drawing {
  readonly task: Task
  readonly options: RenderTaskOptions
  readonly spec: RenderSpec
  readonly inputKey: string
  readonly workspace: Workspace
}

const draw = async (deps: ActivityDependencies, drawing: Drawing) => {
  const { task, options, spec, inputKey, workspace } = drawing
  const { storage, tools } = deps
  const signal = cancellationSignal()
  const audioPath = workspace.path('audio')
  const outputPath = workspace.path('output.mp4')
  await storage.downloadTo(inputKey, audioPath, signal)
  const coverPath = await fetchPicture(deps, options.cover_url, workspace.path('cover'))
  const backgroundPath = await fetchPicture(
    deps,
    options.background_url,
    workspace.path('background'),
  )

  const progress = progressReporter(deps, task)
  const { durationSeconds } = await tools.renderVideo({
    spec,
    audioPath,
    outputPath,
    ...(coverPath === null ? {} : { coverPath }),
    ...(backgroundPath === null ? {} : { backgroundPath }),
    signal,
    onProgress: progress.report,
  })
  await progress.settled()

  const { widthPx, heightPx } = spec
  const { outputKey } = taskKeys(task.id)
  const contentType = 'video/mp4'
  const { sizeBytes } = await storage.put(
    outputKey,
    { filePath: outputPath },
    { contentType, signal },
  )
  return { storageKey: outputKey, contentType, sizeBytes, durationSeconds, widthPx, heightPx }
}

/** A picture of more is no cover and no background, but somebody's archive. */
const PICTURE_BYTES_MAX = 20 * 1024 * 1024

const fetchPicture = async (
  deps: ActivityDependencies,
  url: string | undefined,
  filePath: string,
): Promise<string | null> => {
  if (url === undefined) return null
  await fetchFile(deps, { url, filePath, maxBytes: PICTURE_BYTES_MAX })
  return filePath
}
