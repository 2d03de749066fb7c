import { cancellationSignal } from '@temporalio/activity'
import type { MediaActivities } from '../../contracts/activities.ts'
import { MediaError } from '../../domain/failures.ts'
import { renderKeys } from '../../domain/storage-keys.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/**
 * Cuts the video's region out of its song: MP3, 320 kbit/s, the audio alone, to the sample. The
 * song's cover, where it has one, is stored beside it. *Idempotent:* the keys belong to the
 * execution; a second attempt overwrites them. *Errors:* MEDIA_UNREADABLE, MEDIA_NO_AUDIO (final);
 * STORAGE_UNAVAILABLE, ENCODER_CRASHED, ENCODER_TIMEOUT, DISK_FULL (retried). *Cancellation:* ffmpeg
 * is ended and the workspace removed.
 */
export const cropAudio =
  (deps: ActivityDependencies): MediaActivities['cropAudio'] =>
  async ({ executionId, videoId }) => {
    const { videos, media, storage, tools } = deps
    const signal = cancellationSignal()
    const video = await videos.findForExecution(executionId)
    if (video === null) throw new MediaError('CANCELED', `${executionId} was superseded`)
    const song = await media.find(video.accountId, video.audioMediaId)
    if (song === null) throw new MediaError('NOT_FOUND', `no media ${video.audioMediaId}`)

    return await tools.withWorkspace(executionId, async (workspace) => {
      const sourcePath = workspace.path('source')
      const outputPath = workspace.path('audio.mp3')
      await storage.downloadTo(song.storageKey, sourcePath, signal)
      const coverPath = workspace.path('cover.jpg')
      const crop = tools.cropAudio({
        sourcePath,
        outputPath,
        startSeconds: video.startSeconds,
        endSeconds: video.endSeconds,
        signal,
      })
      const cover = tools.extractCover({ sourcePath, outputPath: coverPath, signal })
      // Also when one of them fails: neither may outlive the workspace.
      await Promise.allSettled([crop, cover])
      await crop
      const hasCover = await cover

      const { croppedAudioKey, coverKey } = renderKeys(videoId, executionId)
      const audio = { contentType: 'audio/mpeg', signal }
      await storage.put(croppedAudioKey, { filePath: outputPath }, audio)
      if (hasCover) {
        await storage.put(coverKey, { filePath: coverPath }, { contentType: 'image/jpeg', signal })
      }
      await videos.setCroppedAudio(executionId, croppedAudioKey)
      return { croppedAudioKey, coverKey: hasCover ? coverKey : null }
    })
  }
