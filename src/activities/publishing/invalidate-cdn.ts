import { cancellationSignal } from '@temporalio/activity'
import type { PublishingActivities } from '../../contracts/activities.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/**
 * Drops what the CDN may still have under the URLs of this render: an earlier attempt may have been
 * asked for while it was there, and the video and thumbnails of the render before are replaced.
 * *Idempotent* as far as the CDN knows equal requests by their content. *Errors:* CDN_FAILED
 * (retried), CDN_REJECTED (final); the render goes on without.
 */
export const invalidateCdn =
  ({ cdn, videos, settings }: ActivityDependencies): PublishingActivities['invalidateCdn'] =>
  async ({ executionId, files }) => {
    const { cdnBaseUrl } = settings
    if (cdn.name === 'none' || cdnBaseUrl === null) {
      return { skipped: 'no CDN is configured', reference: null }
    }
    const before = await videos.findForExecution(executionId)
    const keys = [
      files.videoKey,
      files.thumbnailKey,
      files.squareThumbnailKey,
      before?.videoKey,
      before?.thumbnailKey,
      before?.squareThumbnailKey,
    ].filter((key) => key !== null && key !== undefined)
    const urls = [...new Set(keys)].map((key) => `${cdnBaseUrl}/${key}`)
    const signal = cancellationSignal()
    return await cdn.invalidate({ urls, contentKey: executionId, signal })
  }
