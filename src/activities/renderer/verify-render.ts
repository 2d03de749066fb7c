import { cancellationSignal } from '@temporalio/activity'
import type { RendererActivities } from '../../contracts/activities.ts'
import { MediaError } from '../../domain/failures.ts'
import { frameSize } from '../../domain/frame-size.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/**
 * Makes sure that a video that was collected is what was ordered (size, length to the frame, codec,
 * colours, sound, all of it readable) and removes it from the storage if it is not. *Idempotent.*
 * *Errors:* RENDERER_OUTPUT_INVALID (the next renderer's turn); STORAGE_UNAVAILABLE,
 * ENCODER_TIMEOUT, DISK_FULL (retried). *Cancellation:* ffmpeg is ended and the workspace removed.
 */
export const verifyRender =
  (deps: ActivityDependencies): RendererActivities['verifyRender'] =>
  async ({ executionId, videoKey }) => {
    const { videos, storage, tools } = deps
    const signal = cancellationSignal()
    const video = await videos.findForExecution(executionId)
    if (video === null) throw new MediaError('CANCELED', `${executionId} was superseded`)
    const expected = {
      durationSeconds: video.endSeconds - video.startSeconds,
      frameRate: video.settings.frameRate,
      ...frameSize(video.format, video.settings.resolution),
      hdr: video.hdr,
    }
    await tools.withWorkspace(executionId, async (workspace) => {
      const path = workspace.path('verified.mp4')
      await storage.downloadTo(videoKey, path, signal)
      try {
        await tools.verifyVideo({ path, expected, signal })
      } catch (error) {
        const isInvalid = error instanceof MediaError && error.code === 'RENDERER_OUTPUT_INVALID'
        if (isInvalid) await storage.delete(videoKey)
        throw error
      }
    })
  }
