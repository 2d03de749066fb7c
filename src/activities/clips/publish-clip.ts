import { cancellationSignal } from '@temporalio/activity'
import type { ClipActivities } from '../../contracts/clip-activities.ts'
import { clipKeys } from '../../domain/clips/clip-wish.ts'
import type { ClipAbout } from '../../domain/clips/recut-wish.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { putJson } from '../lib/stored-text.ts'
import { upload } from './upload.ts'

/**
 * Makes the clip's picture, of its best frame, and stores what the clip is about: its moment, scores and
 * reasons, and what was degraded. *Idempotent:* the keys belong to the clip. *Errors:* ENCODER_*,
 * STORAGE_UNAVAILABLE (retried); UPLOAD_FAILED (final). *Cancellation:* ffmpeg is ended within seconds.
 */
export const publishClip =
  (deps: ActivityDependencies): ClipActivities['publishClip'] =>
  async ({ executionId, footage, number, moment, id, format, captions, degradations, layout }) => {
    const { storage, tools } = deps
    const keys = clipKeys(footage.clipsFolderKey)
    const [videoKey, thumbnailKey, aboutKey] = [
      keys.videoKey(number),
      keys.thumbnailKey(number),
      keys.aboutKey(number),
    ]
    await tools.withWorkspace(executionId, async (workspace) => {
      const signal = cancellationSignal()
      const inputPath = workspace.path('clip')
      const outputPath = workspace.path('picture')
      await storage.downloadTo(videoKey, inputPath, signal)
      const { contentType } = await tools.convertImage({
        inputPath,
        outputPath,
        signal,
        conversion: { at: 'best', format: 'jpg', widthPx: null, heightPx: null, fit: 'contain' },
      })
      await upload(deps, { executionId, key: thumbnailKey }, () =>
        storage.put(thumbnailKey, { filePath: outputPath }, { contentType, signal }),
      )
    })
    const about: ClipAbout = { id, number, format, captions, layout, ...moment, degradations }
    await upload(deps, { executionId, key: aboutKey }, () => putJson(deps, aboutKey, about))
    return {
      outputs: {
        [`clip-${number}`]: videoKey,
        [`thumbnail-${number}`]: thumbnailKey,
        [`about-${number}`]: aboutKey,
      },
    }
  }
