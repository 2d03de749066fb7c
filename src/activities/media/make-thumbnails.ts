import { cancellationSignal } from '@temporalio/activity'
import type { MediaActivities } from '../../contracts/activities.ts'
import { thumbnailKeys } from '../../domain/storage-keys.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/**
 * Makes the two thumbnails of a video, 1280 × 720 and 1080 × 1080 JPEG, of its best frame.
 * *Idempotent:* they lie beside the video. *Errors:* STORAGE_UNAVAILABLE, ENCODER_CRASHED,
 * ENCODER_TIMEOUT, DISK_FULL (retried); MEDIA_UNREADABLE (final).
 */
export const makeThumbnails =
  ({ storage, tools }: ActivityDependencies): MediaActivities['makeThumbnails'] =>
  async ({ executionId, videoKey }) =>
    await tools.withWorkspace(executionId, async (workspace) => {
      const signal = cancellationSignal()
      const videoPath = workspace.path('video.mp4')
      const landscapePath = workspace.path('landscape.jpg')
      const squarePath = workspace.path('square.jpg')
      await storage.downloadTo(videoKey, videoPath, signal)
      await tools.makeThumbnails({ videoPath, landscapePath, squarePath, signal })

      const { thumbnailKey, squareThumbnailKey } = thumbnailKeys(videoKey)
      const picture = { contentType: 'image/jpeg', signal }
      await storage.put(thumbnailKey, { filePath: landscapePath }, picture)
      await storage.put(squareThumbnailKey, { filePath: squarePath }, picture)
      return { thumbnailKey, squareThumbnailKey }
    })
