import { cancellationSignal } from '@temporalio/activity'
import type { RendererActivities } from '../../contracts/activities.ts'
import type { RemoteTaskAnswer } from '../../contracts/tasks-dialect.ts'
import type { Video } from '../../db/repositories/videos.ts'
import { MediaError } from '../../domain/failures.ts'
import { planTerms } from '../../domain/plans.ts'
import { deliveryKeys } from '../../domain/storage-keys.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { fetchFile } from '../lib/fetch-file.ts'
import { configuredRenderer } from './configured-renderer.ts'

interface Delivery {
  readonly url: string
  readonly renderTimeSeconds: number
}

/**
 * Takes delivery of a render: asks the renderer whether the task really is done, fetches the video,
 * and stores it as it is; `verifyRender` judges it. *Idempotent:* the key belongs to the round.
 * *Errors:* RENDERER_OUTPUT_INVALID (the next renderer's turn: the task is not done, or there is no
 * video at its address); RENDERER_UNAVAILABLE, STORAGE_UNAVAILABLE (retried).
 * *Cancellation:* the download stops and the workspace is removed.
 */
export const collectRender =
  (deps: ActivityDependencies): RendererActivities['collectRender'] =>
  async ({ executionId, videoId, renderer, taskId, round, outputUrl }) => {
    const signal = cancellationSignal()
    const video = await deps.videos.findForExecution(executionId)
    if (video === null) throw new MediaError('CANCELED', `${executionId} was superseded`)
    const delivery =
      outputUrl === undefined
        ? deliveryOf(await configuredRenderer(deps, renderer).client.get(taskId, signal))
        : { url: outputUrl, renderTimeSeconds: 0 }

    return await deps.tools.withWorkspace(executionId, async (workspace) => {
      const videoPath = workspace.path('video.mp4')
      await fetchVideo(deps, renderer, { url: delivery.url, video, videoPath })
      const { videoKey } = deliveryKeys(videoId, executionId, round)
      const options = { contentType: 'video/mp4', signal }
      await deps.storage.put(videoKey, { filePath: videoPath }, options)
      return { videoKey, renderTimeSeconds: delivery.renderTimeSeconds }
    })
  }

const deliveryOf = (task: RemoteTaskAnswer): Delivery => {
  if (task.status !== 'completed' || task.output === null) {
    throw new MediaError(
      'RENDERER_OUTPUT_INVALID',
      `task ${task.id} is ${task.status} and has ${task.output === null ? 'no' : 'an'} output`,
    )
  }
  const spanMs = Date.parse(task.finished_at ?? '') - Date.parse(task.started_at ?? '')
  return { url: task.output, renderTimeSeconds: Number.isNaN(spanMs) ? 0 : spanMs / 1000 }
}

const fetchVideo = async (
  deps: ActivityDependencies,
  renderer: string,
  { url, video, videoPath }: { url: string; video: Video; videoPath: string },
): Promise<void> => {
  const known = deps.renderers.find(({ name }) => name === renderer)
  const account = await deps.accounts.find(video.accountId)
  const maxBytes = planTerms(account?.plan ?? 'free').uploadSizeBytesMax
  const fetcher = known?.fetcher ?? deps.sources
  try {
    await fetchFile(deps, { url, filePath: videoPath, maxBytes, fetcher })
  } catch (error) {
    throw asRendererFailure(error)
  }
}

/** An address that the renderer named is its own doing and not our customer's: the next renderer is
 * asked, where a bad source of a customer would end the render. */
const asRendererFailure = (error: unknown): unknown => {
  if (!(error instanceof MediaError)) return error
  const { code, internalDetail, retryAfterMs } = error
  const options = { cause: error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
  if (code === 'SOURCE_UNAVAILABLE') {
    return new MediaError('RENDERER_UNAVAILABLE', internalDetail, options)
  }
  const isOfTheAddress = ['SOURCE_FORBIDDEN', 'SOURCE_NOT_FOUND', 'MEDIA_TOO_LARGE'].includes(code)
  return isOfTheAddress ? new MediaError('RENDERER_OUTPUT_INVALID', internalDetail, options) : error
}
